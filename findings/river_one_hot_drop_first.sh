#!/usr/bin/env bash
# river 0.26.1: `preprocessing.OneHotEncoder(drop_first=True)` drops one column of the whole row, the
# first by name, not one of each feature, as scikit-learn's `drop="first"` does. Of two features only
# the first loses a column; those of the second go on adding up to 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet river==0.26.1 scikit-learn==1.9.1
cd "$folder"
theirs=$(venv/bin/python -c "
from river.preprocessing import OneHotEncoder
encoder = OneHotEncoder(drop_first=True)
for x in ({'c1': 'u', 'c2': 'd'}, {'c1': 'v', 'c2': 'e'}):
    encoder.learn_one(x)
print(*sorted(encoder.transform_one({'c1': 'u', 'c2': 'd'})))")
peer=$(venv/bin/python -c "
from sklearn.preprocessing import OneHotEncoder
encoder = OneHotEncoder(drop='first').fit([['u', 'd'], ['v', 'e']])
print(*encoder.get_feature_names_out(['c1', 'c2']))")
printf 'river: %s\nscikit-learn: %s\n' "$theirs" "$peer"
[ "$theirs" = "c1_v c2_d c2_e" ]
[ "$peer" = "c1_v c2_e" ]
echo "as stated"
