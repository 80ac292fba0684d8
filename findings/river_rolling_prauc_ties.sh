#!/usr/bin/env bash
# river 0.26.1: RollingPRAUC joins the points of its curve by straight lines, as ROC curves are, and
# so is too high where scores are equal: one positive and one negative row of the same score give
# 0.75, where a positive found among two is a precision of 0.5 at any recall. scikit-learn 1.7.2's
# average_precision_score says 0.5. Our PRAUC and WindowedPRAUC are the average precision.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1 scikit-learn==1.7.2
cd "$folder"
found=$(venv/bin/python -c '
from river import metrics
from sklearn.metrics import average_precision_score
metric = metrics.RollingPRAUC()
for truth in (True, False):
    metric.update(truth, 0.5)
print(metric.get(), average_precision_score([1, 0], [0.5, 0.5]))')
printf '%s\n' "$found"
[ "$found" = "0.75 0.5" ]
echo "as stated"
