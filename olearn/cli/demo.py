"""The demonstration: DriftMoE and its peers on a real and on a synthetic drifting stream."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from olearn.evaluate import Result, prequential
from olearn.evaluate.progress import Bars
from olearn.registry import make_learner
from olearn.show.report import write_report
from olearn.show.tables import print_table, results_table

if TYPE_CHECKING:
    from olearn.streams.base import Stream

_SEED = 1
_WINDOW = 500
_SHORT_WINDOW = 100  # of a table of two thousand rows
_QUICK_ROWS = 3_000
_SLOW_ROWS = 10_000  # of river's forest, which learns about a thousand rows a second


@dataclass(frozen=True)
class _Contestant:
    """A learner of the catalogue, the name it is shown under, and how many rows it may see."""

    name: str
    learner: str
    max_rows: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


# Peers of the same kind share every setting.
_TREE = {"max_share_to_split": 0.99}
_FOREST = {
    **_TREE,
    **{"n_models": 10, "max_features": "sqrt", "lambda_value": 6, "grace_period": 50},
    **{"delta": 0.01, "tau": 0.05},
}

_CONTESTANTS = (
    _Contestant("DriftMoE", "driftmoe"),
    _Contestant("DriftMoE+", "driftmoe-plus"),
    _Contestant("Hoeffding tree", "hoeffding-tree", options=_TREE),
    _Contestant("ARF, 10 trees", "arf", options=_FOREST),
    _Contestant("river's Hoeffding tree", "river-hoeffding-tree", options=_TREE),
    _Contestant("river's ARF, 10 trees", "river-arf", _SLOW_ROWS, _FOREST),
)


def run_demo(report: Path, *, quick: bool = False) -> list[Result]:
    """Run all contestants over both streams, print the tables and write the report.

    Parameters
    ----------
    report
        HTML file to write.
    quick
        Whether to read the first 3,000 rows of each stream only.

    """
    began = time.perf_counter()
    console = Console()
    notes = []
    results = []
    for title, stream, note, window in (_real_stream(), _synthetic_stream()):
        rows = _QUICK_ROWS if quick else None
        if quick and min(stream.drift_positions, default=0) >= _QUICK_ROWS:
            note += f" The first {_QUICK_ROWS:,} rows, which the quick demo reads, hold no drift."
        notes.append(note)
        console.print(f"\n[bold]{title}[/]\n{note}", highlight=False)
        batch = [replace(result, stream=title) for result in _run_all(stream, rows, window)]
        print_table(results_table(batch, title=""))
        results += batch
    target = write_report(
        results, report, title="DriftMoE and its peers on drifting streams", notes=notes
    )
    seconds = time.perf_counter() - began
    console.print(f"Done in {seconds:.0f} s. Report: {target}", highlight=False, soft_wrap=True)
    return results


def _run_all(stream: "Stream", rows: int | None, window: int) -> list[Result]:
    """Run the contestants one after the other, so that their times can be compared."""
    results = []
    with Bars(show=True) as bars:
        lengths = [_n_rows(stream, contestant, rows) for contestant in _CONTESTANTS]
        pairs = zip(_CONTESTANTS, lengths, strict=True)
        reports = [bars.add(contestant.name, length) for contestant, length in pairs]
        for contestant, length, moves in zip(_CONTESTANTS, lengths, reports, strict=True):
            model = make_learner(
                contestant.learner,
                nominal=stream.schema.nominal,
                seed=_SEED,
                options=contestant.options,
            )
            result = prequential(stream, model, window=window, max_samples=length, progress=moves)
            results.append(replace(result, model=contestant.name))
    return results


def _n_rows(stream: "Stream", contestant: _Contestant, rows: int | None) -> int:
    limits = (stream.n_samples, contestant.max_rows, rows)
    return min(limit for limit in limits if limit is not None)


def _real_stream() -> tuple[str, "Stream", str, int]:
    """Electricity if it can be had, else a real table that comes with river, with drifts in it."""
    from olearn import streams

    try:
        stream = streams.load("electricity")
    except OSError:
        reason = "it is not on this machine and could not be downloaded"
    except ValueError:
        reason = "the file on this machine is damaged; remove it, and it is downloaded again"
    else:
        note = (
            "Real data: Electricity (New South Wales, 1996-1998), does the price rise in the next "
            "half hour? Labels come in runs, so look at Kappa T. Its drifts are not known."
        )
        return "Electricity (real)", stream, note, _WINDOW
    note = (
        "Real data: patches of outdoor pictures, which come with river; features change places at "
        f"rows 800 and 1,600. Electricity could not be had: {reason}. With it in the folder that "
        "OLEARN_DATA names, the demo runs on it."
    )
    return "Image segments (real, drifts laid over)", _drifting_table(), note, _SHORT_WINDOW


def _drifting_table() -> "Stream":
    """Return a real table whose features change places at two rows."""
    from olearn import streams

    table = streams.load("image_segments")
    swaps = (
        [("hue-mean", "region-centroid-row"), ("vedge-mean", "value-mean")],
        [("exblue-mean", "rawred-mean"), ("intensity-mean", "saturation-mean")],
    )
    views = [streams.ConceptView(table, swap_features=pairs) for pairs in swaps]
    return streams.DriftStream([table, *views], [800, 1600], aligned=True)


def _synthetic_stream() -> tuple[str, "Stream", str, int]:
    from olearn import streams

    note = (
        "Synthetic data: LED digits with noise, whose features change places at three known "
        "rows. No model can reach more than 74 %."
    )
    stream = streams.load("led_a_mini", seed=_SEED)
    return "LED, abrupt drifts (synthetic)", stream, note, _WINDOW
