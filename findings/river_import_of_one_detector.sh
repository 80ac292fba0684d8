#!/usr/bin/env bash
# river 0.26.1: `import river.drift`, for one change detector in plain Python, loads scikit-learn,
# scipy.stats and, where it is installed, pandas. It brings data sets of its own, these river.datasets,
# and that river.stream with a wrapper of scikit-learn's data sets that imports at module level.
# `import river.base` loads none of the three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1 scikit-learn==1.9.1 pandas==3.1.1
cd "$folder"
loaded() {
  venv/bin/python -c "
import sys, $1
print(*[name for name in ('sklearn', 'scipy.stats', 'pandas') if name in sys.modules])"
}
drift=$(loaded river.drift)
base=$(loaded river.base)
printf 'river.drift loads: %s\nriver.base loads: %s\n' "$drift" "$base"
[ "$drift" = "sklearn scipy.stats pandas" ]
[ "$base" = "" ]
echo "as stated"
