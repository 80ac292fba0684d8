#!/usr/bin/env bash
# river 0.26.1: binary metrics with another `pos_val` than True are 0 however good the predictions.
# They compare the labels with it, and then count the label "yes" among the answers, True and False.
# We let such metrics see True and False alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
cd "$folder"
found=$(venv/bin/python -c '
from river import metrics
for cls in (metrics.F1, metrics.Precision, metrics.Recall, metrics.Jaccard):
    metric = cls(pos_val="yes")
    for label in ("yes", "no"):
        metric.update(label, label)  # all right
    print(cls.__name__, metric.get())')
printf '%s\n' "$found"
[ "$found" = $'F1 0.0\nPrecision 0.0\nRecall 0.0\nJaccard 0.0' ]
echo "as stated"
