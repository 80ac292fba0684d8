#!/usr/bin/env bash
# safetensors 0.8.0: equal arrays with equal metadata give other bytes in each process, as the metadata
# are written in the order of a hash map with a random seed. We sort the header of our files.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet safetensors==0.8.0 numpy
cd "$folder"
write='
import sys
import numpy as np
from safetensors.numpy import save_file
save_file({"a": np.zeros(1)}, sys.argv[1], metadata={str(k): "v" for k in range(20)})'
for name in one two; do venv/bin/python -c "$write" "$name"; done
printf 'sizes: %s %s\n' "$(wc -c < one)" "$(wc -c < two)"
[ "$(wc -c < one)" = "$(wc -c < two)" ]
if cmp --silent one two; then exit 1; fi
echo "as stated"
