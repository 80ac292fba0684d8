#!/usr/bin/env bash
# river 0.26.1: two `preprocessing.StatImputer` made with the same statistic share it: they update the
# very object that each was given. After one has learnt 10, the other one, which has learnt nothing,
# fills gaps with 10. So does its clone, made before any was learnt: clones keep the same object, and one
# that is to begin anew may begin with what others learn.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
found=$("$folder/venv/bin/python" -c "
from river import preprocessing, stats
mean = ('x', stats.Mean())
first, second = preprocessing.StatImputer(mean), preprocessing.StatImputer(mean)
twin = second.clone()
first.learn_one({'x': 10.0})
print(second.transform_one({'x': None})['x'], twin.transform_one({'x': None})['x'])")
echo "the other one, and its clone of before: $found"
[ "$found" = "10.0 10.0" ]
echo "as stated"
