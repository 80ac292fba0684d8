#!/usr/bin/env bash
# river 0.26.1: `optim.losses.EpsilonInsensitiveHinge`, a loss of numbers, turns the target y into
# 2y - 1, as losses of two classes do. So a prediction that is right costs 3.9 (5 beside 5, eps 0.1) and
# one of 9 costs nothing; `LinearRegression` with it ends near twice the target less one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1
found=$("$folder/venv/bin/python" -c "
from river import linear_model, optim
loss = optim.losses.EpsilonInsensitiveHinge(eps=0.1)
model = linear_model.LinearRegression(loss=loss, intercept_lr=0.05)
for _ in range(5000):
    model.learn_one({}, 5.0)
print(round(loss(5.0, 5.0), 6), round(loss(5.0, 9.0), 6), round(model.predict_one({})))")
echo "loss of 5 beside 5, of 9 beside 5, what is learnt of a constant 5: $found"
[ "$found" = "3.9 0 9" ]
echo "as stated"
