#!/usr/bin/env bash
# river 0.26.1: of the ten features of FriedmanDrift "only the first 5 features are relevant", yet in
# the second concept of drift_type="gra" the target hangs on the sixth, x[5], and not on the fifth,
# where the published drift has x4 in that place. Told by how much of the target's variance ten slices
# of a feature explain. Our streams.friedman_drift reads the first five in every concept.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1 numpy==2.4.6
cd "$folder"
found=$(venv/bin/python -c '
import numpy as np
from river.datasets import synth
n = 20_000
rows = list(synth.FriedmanDrift("gra", position=(1, n + 1), seed=1).take(n))[1:]
y = np.array([target for _, target in rows])
for j in (4, 5):
    slices = np.array([int(10 * x[j]) for x, _ in rows])
    means = np.array([y[slices == k].mean() for k in range(10)])
    share = means[slices].var() / y.var()
    print(f"x[{j}]", "matters" if share > 0.1 else "does not" if share < 0.01 else share)')
printf '%s\n' "$found"
[ "$found" = $'x[4] does not\nx[5] matters' ]
echo "as stated"
