"""Reading a table: CPU seconds beside pyarrow's and pandas' readers, and memory of long files.

The file holds five columns of numbers and a label. Peers read it into memory, ours is opened, which
looks at all rows, and read once in blocks. Measurements take turns; each keeps its fewest seconds.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _timing import RESULTS, option, parse, write
from pyarrow import csv

from olearn import streams

_CHUNK = 100_000  # rows written at a time
_PEAK = """
import sys
from olearn import streams
for block in streams.from_file(sys.argv[1]).blocks(10_000):
    pass
# of Linux; what getrusage tells is not less than the parent's
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@dataclass
class Args:
    """Options of the benchmark."""

    rows: int = option(1_000_000, "rows of the table that is timed")
    long: int = option(10_000_000, "rows of the table whose memory is measured beside it")
    repeat: int = option(5, "measurements of each")
    seed: int = option(1, "seed of the numbers")
    out: str = option(str(RESULTS / "tables"), "result files, without suffix")


def write_table(path: Path, n: int, seed: int) -> None:
    """Write five columns of normal numbers, of four decimals, and a label 0 or 1."""
    rng = np.random.default_rng(seed)
    with path.open("w") as file:
        file.write("a,b,c,d,e,label\n")
        for start in range(0, n, _CHUNK):
            X = rng.normal(size=(min(_CHUNK, n - start), 5))
            table = pd.DataFrame(X, columns=list("abcde"))
            table["label"] = (X[:, 0] > 0).astype(int)
            table.to_csv(file, header=False, index=False, float_format="%.4f")


def read_all(path: Path) -> None:
    """Open a table as a stream and read it once."""
    for _ in streams.from_file(path).blocks():
        pass


def fewest_seconds(ways: dict[str, Callable[[], Any]], repeat: int) -> dict[str, float]:
    """Return the fewest CPU seconds of each way; they take turns."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeat):
        for name, way in ways.items():
            begin = time.process_time()
            way()
            spent[name].append(time.process_time() - begin)
    return {name: min(seconds) for name, seconds in spent.items()}


def peak_mebibytes(path: Path) -> float:
    """Return the most memory of a process that reads a table once."""
    command = [sys.executable, "-c", _PEAK, str(path)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return int(done.stdout) / 1024


def main(args: Args) -> None:
    """Measure, print the tables, write the files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, args.rows, args.seed)
        read_all(path)  # imports
        seconds = fewest_seconds(
            {
                "pyarrow.csv.read_csv": lambda: csv.read_csv(path),
                "pandas.read_csv": lambda: pd.read_csv(path),
                "from_file": lambda: streams.from_file(path),
                "from_file, all blocks": lambda: read_all(path),
                "from_file, rows=1000": lambda: streams.from_file(path, rows=1000),
            },
            args.repeat,
        )
        peer = seconds["pyarrow.csv.read_csv"]
        lines = [
            {"reader": name, "CPU s": round(spent, 4), "times pyarrow": round(spent / peer, 2)}
            for name, spent in seconds.items()
        ]
        memory = [{"rows": args.rows, "peak MiB": round(peak_mebibytes(path))}]
        write_table(path, args.long, args.seed)
        memory.append({"rows": args.long, "peak MiB": round(peak_mebibytes(path))})
    out = Path(args.out)
    write(out, f"Reading {args.rows:,} rows of 6 columns", args, [], lines)
    write(out.with_name(f"{out.name}_memory"), "Memory of one pass, in blocks", args, [], memory)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
