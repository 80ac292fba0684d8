#!/usr/bin/env bash
# river 0.26.1: AMRules with a single feature adds a condition at every attempt, also on noise and
# however small delta is: with one candidate the second best has no merit, so that the bound is always
# met. With a second feature of noise it does not. Ours tests a lone feature only where that is better
# than nothing by the bound.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
cd "$folder"
found=$(venv/bin/python -c '
import random
from river import rules
for features in (["x"], ["x", "z"]):
    rng = random.Random(1)
    model = rules.AMRules(n_min=50, delta=1e-7, tau=1e-9)
    for _ in range(2000):
        model.learn_one({name: rng.random() for name in features}, rng.gauss(0.0, 1.0))
    print("features of noise:", len(features), "rules:", len(model))')
printf '%s\n' "$found"
[ "$found" = $'features of noise: 1 rules: 19\nfeatures of noise: 2 rules: 1' ]
echo "as stated"
