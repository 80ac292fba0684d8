#!/usr/bin/env bash
# menelaus 0.2.0: after an alarm CUSUM goes on with the oldest values of the stream, not with those that
# come: its list of values is kept at a reset, and read by the number of rows since that reset. A level
# that jumps a second time is therefore seen only when the replay has reached the first jump. The
# docstring's threshold of 50 is 5 in the code.
# Ours counts the value it is given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet menelaus==0.2.0 numpy==2.1.3
cd "$folder"
found=$(venv/bin/python -c '
import inspect
import random
from menelaus.change_detection import CUSUM
rng = random.Random(1)
detector = CUSUM(target=0.0, sd_hat=1.0, burn_in=10, delta=0.5, direction="positive")
alarms = []
for t in range(160):
    level = 0.0 if t < 100 else 3.0 if t < 110 else 300.0
    detector.update(level + rng.gauss(0.0, 0.5))
    if detector.drift_state == "drift":
        alarms.append(t)
print("jumps at 100 and 110, alarms at", alarms)
signature = inspect.signature(CUSUM)
print("threshold", signature.parameters["threshold"].default)')
printf '%s\n' "$found"
[ "$found" = $'jumps at 100 and 110, alarms at [101]\nthreshold 5' ]
echo "as stated"
