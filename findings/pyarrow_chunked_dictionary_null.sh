#!/usr/bin/env bash
# pyarrow 26.0.1: `ChunkedArray.to_numpy()` of a dictionary with a null gives the last category in
# its place; `to_pylist`, and `to_numpy` of the chunk itself, give None. We read such labels as a list.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet pyarrow==26.0.1 numpy
cd "$folder"
found=$(venv/bin/python -c '
import pyarrow as pa
column = pa.chunked_array([pa.array(["a", None, "b"]).dictionary_encode()])
print(column.to_numpy().tolist())
print(column.chunk(0).to_numpy(zero_copy_only=False).tolist())
print(column.to_pylist())')
printf '%s\n' "$found"
[ "$found" = "['a', 'b', 'b']"$'\n'"['a', None, 'b']"$'\n'"['a', None, 'b']" ]
echo "as stated"
