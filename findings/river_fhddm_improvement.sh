#!/usr/bin/env bash
# river 0.26.1: FHDDM, whose input is documented as 1 for an error, alarms when errors become rarer
# and never when they become more frequent: the share that has to fall is that of the ones, which in
# MOA and in the paper are the right predictions. Our FHDDM has mode="up" for errors.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
cd "$folder"
found=$(venv/bin/python -c '
import random
from river.drift.binary import FHDDM
for name, rates in (("errors from 10 to 50 %", (0.1, 0.5)), ("from 50 to 10 %", (0.5, 0.1))):
    rng, detector, alarms = random.Random(1), FHDDM(), 0
    for rate in rates:
        for _ in range(1000):
            detector.update(rng.random() < rate)
            alarms += detector.drift_detected
    print(name, "alarm" if alarms else "none")')
printf '%s\n' "$found"
[ "$found" = $'errors from 10 to 50 % none\nfrom 50 to 10 % alarm' ]
echo "as stated"
