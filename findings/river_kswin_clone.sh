#!/usr/bin/env bash
# river 0.26.1: KSWIN keeps its live window under the name of its parameter. A clone, which is to be
# untrained, has therefore read what the original had read, and stays so: detectors cloned by forests
# and evaluations begin with somebody else's values. And after a drift the window holds the newest 30
# values as documented, but the next update empties it, so they are never compared with.
# Ours keeps the parameter apart from the window.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
cd "$folder"
found=$(venv/bin/python -c '
import random
from river.drift import KSWIN
rng, detector = random.Random(1), KSWIN(seed=1)
for _ in range(50):
    detector.update(rng.random())
print("values of a clone:", len(detector.clone().window))
while not detector.drift_detected:
    detector.update(rng.random() + 5.0)
before = len(detector.window)
detector.update(rng.random())
print("after a drift:", before, "after one more value:", len(detector.window))')
printf '%s\n' "$found"
[ "$found" = $'values of a clone: 50\nafter a drift: 30 after one more value: 1' ]
echo "as stated"
