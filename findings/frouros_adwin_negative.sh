#!/usr/bin/env bash
# frouros 0.9.0: ADWIN, a test of the mean of any bounded values, raises ValueError as soon as the sum
# of its window is below 0, as that of half of all centred signals soon is. Errors of a model, 0 and 1,
# pass. river's ADWIN and ours take any finite value.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet frouros==0.9.0
cd "$folder"
found=$(venv/bin/python -c '
from frouros.detectors.concept_drift import ADWIN
detector = ADWIN()
for value in (0.0, 1.0, -0.5):
    detector.update(value=value)
print("sum of +0.5 is taken")
try:
    detector.update(value=-1.0)
except ValueError as error:
    print("ValueError", error)')
printf '%s\n' "$found"
[ "$found" = $'sum of +0.5 is taken\nValueError total value must be greater or equal than 0.0.' ]
echo "as stated"
