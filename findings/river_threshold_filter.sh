#!/usr/bin/env bash
# river 0.26.1: `anomaly.ThresholdFilter(detector, threshold, protect_anomaly_detector=False)` is to let its
# detector learn every row, anomalies too (so `QuantileFilter` does); it lets it learn none, so that
# half-space trees answer 0 for ever.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
found=$("$folder/venv/bin/python" -c "
from river import anomaly
for protect in (True, False):
    trees = anomaly.HalfSpaceTrees(window_size=10, seed=1)
    model = anomaly.ThresholdFilter(trees, threshold=2.0, protect_anomaly_detector=protect)
    for i in range(100):
        model.learn_one({'a': i % 10 / 10})
    print(model.score_one({'a': 0.5}) > 0.0)" | tr '\n' ' ')
echo "rows were learnt by a detector that is protected, and by one that is not: $found"
[ "$found" = "True False " ]
echo "as stated"
