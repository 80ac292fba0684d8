#!/usr/bin/env bash
# capymoa 0.15.1: LeveragingBagging documents CLI, MOA's options as text, and raises UnboundLocalError
# whatever it is: the learner that it hands on is only made where there is none. OzaBoost takes one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet torch==2.13.0
"$folder/venv/bin/python" -m pip install --quiet capymoa==0.15.1
cd "$folder"
found=$(venv/bin/python -W ignore -c '
from capymoa.classifier import LeveragingBagging
from capymoa.stream import Schema
schema = Schema.from_custom(features=["a", "b", "y"], target="y", categories={"y": ["0", "1"]})
print(type(LeveragingBagging(schema, ensemble_size=10)).__name__, "by arguments")
try:
    LeveragingBagging(schema, CLI="-s 10")
except UnboundLocalError as error:
    print("by CLI:", type(error).__name__, "moa_learner" in str(error))')
printf '%s\n' "$found"
[ "$found" = $'LeveragingBagging by arguments\nby CLI: UnboundLocalError True' ]
echo "as stated"
