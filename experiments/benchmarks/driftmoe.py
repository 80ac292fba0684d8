"""DriftMoE in all its variants, on arrays and through dicts, beside adaptive random forests.

Every model is compared with our forest of ten trees on arrays, over the same rows. All compiled
code is warm; river's forest is slow and runs on a prefix.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from _peers import FOREST, on_arrays, on_dicts, our_forest, river_forest
from _timing import RESULTS, Rows, Timing, Trial, best_of, option, parse, read_rows, write

from olearn import learners

VARIANTS = ("data", "task", "task_mlp", "plus")
NEEDED = {"DriftMoE data, arrays": 20_000, "DriftMoE data, dicts": 5_000}  # rows a CPU second, LED
REFERENCE = "our ARF, arrays"


@dataclass
class Args:
    """Options of the benchmark."""

    rows: int = option(50_000, "rows of runs on arrays")
    dict_rows: int = option(10_000, "rows of runs through dicts")
    river_rows: int = option(3_000, "rows of river's forest")
    streams: str = option("led_a,sea_a,rbf_m,electricity", "streams, separated by commas")
    models: str = option(",".join(VARIANTS), "variants, separated by commas")
    repeat: int = option(3, "timed runs, of which the best counts")
    seed: int = option(1, "seed of streams and models")
    out: str = option(str(RESULTS / "driftmoe_speed"), "result files, without suffix")


def drift_moe(rows: Rows, variant: str, seed: int) -> Any:
    """Make a DriftMoE that knows the classes, as the published one does."""
    given = {
        "nominal_attributes": rows.schema.nominal,
        "classes": range(rows.schema.n_classes),
        "seed": seed,
    }
    if variant == "plus":
        return learners.DriftMoEClassifier.plus(**given)
    return learners.DriftMoEClassifier(variant, **given)


def models_of(args: Args) -> dict[str, tuple[int, Callable[[Rows], Trial]]]:
    """Return for each model its number of rows and what prepares it."""
    table: dict[str, tuple[int, Callable[[Rows], Trial]]] = {}
    for variant in args.models.split(","):
        make = partial(drift_moe, variant=variant, seed=args.seed)
        table[f"DriftMoE {variant}, arrays"] = args.rows, on_arrays(make)
        table[f"DriftMoE {variant}, dicts"] = args.dict_rows, on_dicts(make)
    forest = partial(our_forest, seed=args.seed)
    table["our ARF, dicts"] = args.dict_rows, on_dicts(forest)
    table["river ARF"] = args.river_rows, on_dicts(partial(river_forest, seed=args.seed))
    return table


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    longest = max(args.rows, args.dict_rows, args.river_rows)
    reference = on_arrays(partial(our_forest, seed=args.seed))
    timings: dict[tuple[str, str, int], Timing] = {}

    def measure(model: str, prepare: Callable[[Rows], Trial], rows: Rows) -> Timing:
        key = (model, rows.name, len(rows))
        if key not in timings:
            warm = 0 if model.startswith("river") else 1
            profile = FOREST.name if "ARF" in model else "published"
            timings[key] = best_of(prepare, rows, model, profile, repeat=args.repeat, warm=warm)
            print(f"{rows.name:12} {model:26} {timings[key].speed:10,.0f} rows/CPU s", flush=True)
        return timings[key]

    lines: list[dict[str, Any]] = []
    for stream in args.streams.split(","):
        data = read_rows(stream, longest, args.seed)
        for model, (n, prepare) in models_of(args).items():
            rows = data.first(n)
            timing = measure(model, prepare, rows)
            lines.append(line_of(timing, measure(REFERENCE, reference, rows)))
    write(Path(args.out), "DriftMoE: rows per CPU second", args, timings.values(), lines)


def line_of(timing: Timing, forest: Timing) -> dict[str, Any]:
    """Return one line of the table: a model beside our forest on the same rows."""
    on_led = timing.stream.startswith("led")
    return {
        "stream": timing.stream,
        "model": timing.model,
        "rows": timing.rows,
        "rows/s": round(timing.speed),
        "needed": NEEDED.get(timing.model) if on_led else None,
        "rows/wall s": round(timing.rows / timing.wall_seconds),
        "acc %": round(100 * timing.accuracy, 2),
        "our ARF rows/s": round(forest.speed),
        "ratio": round(timing.speed / forest.speed, 2),
        "ARF acc %": round(100 * forest.accuracy, 2),
    }


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
