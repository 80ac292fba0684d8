#!/usr/bin/env bash
# river 0.26.1: `tree.splitter.ExhaustiveSplitter` keeps a class that it has counted down to zero. It
# subtracts with `Counter`, whose result leaves such a key out, and then calls `update`, which removes
# none. Of four values fifty times each, the two low ones of one class, the two high ones of the other,
# the split at 0.2 is perfect; its right branch is said to hold 50 rows of the left one's class, and the
# merit comes out at 0.449 bits where it is 1. The Gaussian splitter finds a merit of 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
found=$("$folder/venv/bin/python" -c "
from river.tree.split_criterion import InfoGainSplitCriterion
from river.tree.splitter import ExhaustiveSplitter
splitter = ExhaustiveSplitter()
for value in (0.1, 0.2, 0.7, 0.8) * 50:
    splitter.update(value, value > 0.5, 1.0)
whole = {False: 100.0, True: 100.0}
best = splitter.best_evaluated_split_suggestion(InfoGainSplitCriterion(0.01), whole, 'x', True)
left, right = best.children_stats
print(best.split_info, right.get(True), right.get(False), round(best.merit, 3))")
echo "threshold, rows of both classes on the right, merit: $found"
read -r _ high low merit <<< "$found"
[ "$high" = 100.0 ] && [ "$low" = 50.0 ] && [ "$merit" = 0.449 ]
echo "as stated"
