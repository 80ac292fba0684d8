#!/usr/bin/env bash
# menelaus 0.2.0: the threshold of PageHinkley is a multiple of the running mean. The same noise alarms
# at every end of the burn-in when it lies around 0, and a shift of two standard deviations is found
# around a level of 10 but not around 1,000: adding a constant changes what is found. Page's test, and
# the detectors of river, frouros and ours, have a threshold in units of the values.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet menelaus==0.2.0 numpy==2.1.3
cd "$folder"
found=$(venv/bin/python -c '
import random
from menelaus.change_detection import PageHinkley
for level in (0, 10, 1000):
    rng, detector, before, after = random.Random(1), PageHinkley(), 0, 0
    for t in range(1000):
        detector.update(level + rng.gauss(0.0 if t < 500 else 2.0, 1.0))
        if detector.drift_state == "drift":
            before, after = before + (t < 500), after + (t >= 500)
    print("level", level, "alarms before", "many" if before > 5 else before, "after", min(after, 2))')
printf '%s\n' "$found"
[ "$found" = $'level 0 alarms before many after 2\nlevel 10 alarms before 0 after 1\nlevel 1000 alarms before 0 after 0' ]
echo "as stated"
