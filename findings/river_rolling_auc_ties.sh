#!/usr/bin/env bash
# river 0.26.1: `metrics.RollingROCAUC` counts a positive and a negative row of equal scores as a pair
# in wrong order. Of one row each with the score 0.5 the area is 0, where scikit-learn has 0.5; of
# classifiers whose scores are few, such as small trees, every window is too low.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1 scikit-learn==1.9.1
found=$("$folder/venv/bin/python" -c "
from river import metrics
from sklearn.metrics import roc_auc_score
metric = metrics.RollingROCAUC()
for label in (True, False):
    metric.update(label, {True: 0.5, False: 0.5})
print(float(metric.get()), float(roc_auc_score([True, False], [0.5, 0.5])))")
echo "river, scikit-learn: $found"
[ "$found" = "0.0 0.5" ]
echo "as stated"
