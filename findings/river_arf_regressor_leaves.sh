#!/usr/bin/env bash
# river 0.26.1: forest.ARFRegressor takes min_samples_split and does not hand it on: its trees split
# with 5 rows a side whatever was asked for. Ours does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
cd "$folder"
found=$(venv/bin/python -c '
from river import forest, tree
from river.datasets import synth
model = forest.ARFRegressor(n_models=3, min_samples_split=100, seed=1)
for x, y in synth.Friedman(seed=1).take(5):
    model.learn_one(x, y)
print("asked of the forest: 100, its trees have", [member.min_samples_split for member in model.models])
print("asked of a tree: 100, it has", tree.HoeffdingTreeRegressor(min_samples_split=100).min_samples_split)')
printf '%s\n' "$found"
[ "$found" = $'asked of the forest: 100, its trees have [5, 5, 5]\nasked of a tree: 100, it has 100' ]
echo "as stated"
