#!/usr/bin/env bash
# capymoa 0.15.1: shares of features are cut to whole per cents after a product of floats, so that some
# lose one: StreamingRandomPatches(max_features=0.29) hands 28 to MOA, 0.57 becomes 56 and 0.58 57.
# Ours rounds the number of features itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet torch==2.13.0
"$folder/venv/bin/python" -m pip install --quiet capymoa==0.15.1
cd "$folder"
found=$(venv/bin/python -W ignore -c '
import re
from capymoa.classifier import StreamingRandomPatches
from capymoa.stream import Schema
schema = Schema.from_custom(features=["a", "b", "y"], target="y", categories={"y": ["0", "1"]})
for share in (0.28, 0.29, 0.57, 0.58):
    model = StreamingRandomPatches(schema, max_features=share, ensemble_size=10)
    command = str(model.moa_learner.getOptions().getAsCLIString())
    print(share, "becomes", re.search(r"-m (\d+)", command).group(1))')
printf '%s\n' "$found"
[ "$found" = $'0.28 becomes 28\n0.29 becomes 28\n0.57 becomes 56\n0.58 becomes 57' ]
echo "as stated"
