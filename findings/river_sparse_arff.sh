#!/usr/bin/env bash
# river 0.26.1: `stream.iter_arff(sparse=True)` gives every value as text, also of numeric attributes,
# and fails at a blank behind a comma, which Weka writes and reads. We warn of numbers as text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
cd "$folder"
printf '@relation r\n@attribute a numeric\n@attribute y {p,q}\n@data\n' > head
(cat head; echo '{0 1.5,1 q}') > tight.arff
(cat head; echo '{0 1.5, 1 q}') > blank.arff
read='import sys; from river import stream; print(list(stream.iter_arff(sys.argv[1], target="y", sparse=True)))'
tight=$(venv/bin/python -c "$read" tight.arff)
blank=$(venv/bin/python -c "$read" blank.arff 2>&1 || true)
printf 'tight: %s\nblank: %s\n' "$tight" "${blank##*$'\n'}"
[ "$tight" = "[({'a': '1.5'}, 'q')]" ]
[ "${blank##*$'\n'}" = "ValueError: invalid literal for int() with base 10: ''" ]
echo "as stated"
