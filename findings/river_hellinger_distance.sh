#!/usr/bin/env bash
# river 0.26.1: `HellingerDistanceCriterion` gives a perfect split a merit of 0, less than a useless one.
# A branch without rows of a class ends the computation; where each branch has one row of the other
# class, the merit is 1.2. And the classes must be called 0 and 1: of the same counts by the names "a"
# and "b" the merit is 0, without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
found=$("$folder/venv/bin/python" -c "
from river.tree.split_criterion import HellingerDistanceCriterion
merit = HellingerDistanceCriterion(0.01).merit_of_split
print(merit({0: 50, 1: 50}, [{0: 50}, {1: 50}]),
      round(merit({0: 50, 1: 50}, [{0: 49, 1: 1}, {0: 1, 1: 49}]), 3),
      merit({'a': 50, 'b': 50}, [{'a': 49, 'b': 1}, {'a': 1, 'b': 49}]))")
echo "perfect, nearly perfect, the same of other names: $found"
[ "$found" = "0 1.2 0" ]
echo "as stated"
