#!/usr/bin/env bash
# torch 2.13.0 (CPU): `set_num_threads` sets a number for new threads; a Python thread that has once
# asked or computed keeps the number that it found. So whoever limits torch to one thread for a while
# and restores the number leaves every thread that computed in between at one thread for good, though
# the main thread reads the restored number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet torch==2.13.0 numpy==2.4.6
cd "$folder"
cat > threads.py <<'PY'
import threading

import torch

started, restored, seen = threading.Event(), threading.Event(), []


def work():
    seen.append(torch.get_num_threads())
    started.set()
    restored.wait()
    seen.append(torch.get_num_threads())


torch.set_num_threads(1)
worker = threading.Thread(target=work)
worker.start()
started.wait()
torch.set_num_threads(2)
restored.set()
worker.join()
print("main:", torch.get_num_threads(), "worker before and after:", *seen)
PY
found=$(venv/bin/python threads.py)
echo "$found"
[ "$found" = "main: 2 worker before and after: 1 1" ]
echo "as stated"
