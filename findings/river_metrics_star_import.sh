#!/usr/bin/env bash
# river 0.26.1: `from river.metrics import *` fails, since river.metrics.__all__ names ClusteringReport,
# a class that the package does not have. Tools that list public names by `__all__`, as ours does when
# it offers metrics by name, must pass over it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
cd "$folder"
star=$(venv/bin/python -c 'from river.metrics import *' 2>&1 || true)
missing=$(venv/bin/python -c '
from river import metrics
print(*[name for name in metrics.__all__ if not hasattr(metrics, name)])')
printf 'star import: %s\nnamed but missing: %s\n' "${star##*$'\n'}" "$missing"
[ "${star##*$'\n'}" = "AttributeError: module 'river.metrics' has no attribute 'ClusteringReport'" ]
[ "$missing" = "ClusteringReport" ]
echo "as stated"
