"""Trees and forests: ours beside river's and, where it is installed, CapyMOA's loop in Java.

Each comparison runs both models over the same rows with equal settings, test-then-train. All
compiled code is warm: ours has been compiled and run once, Java's loop several times. The last two
columns say what Java spends on handing over and scoring rows, and the ratio without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from _peers import (
    FOREST,
    TreeSettings,
    has_capymoa,
    in_java,
    moa_forest,
    moa_majority,
    moa_tree,
    on_arrays,
    on_dicts,
    our_forest,
    our_tree,
    river_forest,
    river_tree,
)
from _timing import RESULTS, Rows, Timing, Trial, best_of, option, parse, read_rows, write

PROFILES = (TreeSettings("usual"), TreeSettings("expert", grace_period=50))  # DriftMoE's experts


@dataclass
class Args:
    """Options of the benchmark."""

    rows: int = option(100_000, "rows of our array runs without a peer")
    river_rows: int = option(20_000, "rows of comparisons with river's tree")
    river_forest_rows: int = option(3_000, "rows of comparisons with river's forest")
    java_rows: int = option(50_000, "rows of comparisons with Java")
    streams: str = option("rbf_m,electricity,sea_a,led_a", "streams, separated by commas")
    models: str = option("tree,forest", "tree, forest or both")
    repeat: int = option(5, "timed runs, of which the best counts")
    java_warm: int = option(15, "untimed runs of each Java loop before the timed ones")
    seed: int = option(1, "seed of streams and forests")
    out: str = option(str(RESULTS / "trees"), "result files, without suffix")


@dataclass(frozen=True)
class Contest:
    """Our model beside a peer; `needed` is the ratio of speeds that this project asks for."""

    ours: str
    peer: str
    profile: str
    rows: int
    needed: float | None


def models_of(args: Args) -> dict[tuple[str, str], Callable[[Rows], Trial]]:
    """Return what prepares each model, by its name and its profile."""
    table: dict[tuple[str, str], Callable[[Rows], Trial]] = {}
    for s in PROFILES:
        table["our tree, arrays", s.name] = on_arrays(partial(our_tree, s=s))
        table["our tree, dicts", s.name] = on_dicts(partial(our_tree, s=s))
        table["river tree", s.name] = on_dicts(partial(river_tree, s=s))
        table["CapyMOA tree", s.name] = in_java(partial(moa_tree, s=s))
    table["our ARF, arrays", FOREST.name] = on_arrays(partial(our_forest, seed=args.seed))
    table["river ARF", FOREST.name] = on_dicts(partial(river_forest, seed=args.seed))
    table["CapyMOA ARF", FOREST.name] = in_java(partial(moa_forest, seed=args.seed))
    table["CapyMOA majority", "-"] = in_java(moa_majority)
    return table


def contests_of(args: Args, java: bool) -> list[Contest]:
    """Return the comparisons asked for; those in Java last, so that it idles in no other."""
    found = []
    in_java = []
    if "tree" in args.models.split(","):
        for s in PROFILES:
            n = args.river_rows
            found.append(Contest("our tree, arrays", "river tree", s.name, n, 50.0))
            found.append(Contest("our tree, dicts", "river tree", s.name, n, 6.0))
            in_java.append(Contest("our tree, arrays", "CapyMOA tree", s.name, args.java_rows, 4.0))
    if "forest" in args.models.split(","):
        n = args.river_forest_rows
        found.append(Contest("our ARF, arrays", "river ARF", FOREST.name, n, 40.0))
        in_java.append(Contest("our ARF, arrays", "CapyMOA ARF", FOREST.name, args.java_rows, 8.0))
    return found + (in_java if java else [])


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    contests = contests_of(args, has_capymoa())
    table = models_of(args)
    longest = max([args.rows, *(contest.rows for contest in contests)])
    data = {name: read_rows(name, longest, args.seed) for name in args.streams.split(",")}
    timings: dict[tuple[str, str, str, int], Timing] = {}

    def measure(model: str, profile: str, stream: str, n: int) -> Timing:
        rows = data[stream].first(n)
        key = (model, profile, stream, len(rows))
        if key not in timings:
            warm = {"CapyMOA": args.java_warm, "river": 0}.get(model.split()[0], 1)
            timings[key] = best_of(
                table[model, profile], rows, model, profile, repeat=args.repeat, warm=warm
            )
            print(f"{stream:12} {profile:8} {model:18} {timings[key].speed:12,.0f} rows/CPU s")
        return timings[key]

    for profile in PROFILES:
        if "tree" in args.models.split(","):
            for stream in data:
                measure("our tree, arrays", profile.name, stream, args.rows)
    lines: list[dict[str, Any]] = []
    for contest in contests:
        for stream in data:
            ours = measure(contest.ours, contest.profile, stream, contest.rows)
            peer = measure(contest.peer, contest.profile, stream, contest.rows)
            handing = None
            if peer.model.startswith("CapyMOA"):
                handing = measure("CapyMOA majority", "-", stream, contest.rows)
            lines.append(line_of(contest, ours, peer, handing))
    write(Path(args.out), "Trees and forests: rows per CPU second", args, timings.values(), lines)


def line_of(contest: Contest, ours: Timing, peer: Timing, handing: Timing | None) -> dict[str, Any]:
    """Return one line of the table; `handing` is the timing of the majority class in Java."""
    net = None
    if handing is not None:
        net = (peer.cpu_seconds - handing.cpu_seconds) / ours.cpu_seconds
    return {
        "stream": ours.stream,
        "profile": ours.profile,
        "ours": ours.model,
        "peer": peer.model,
        "rows": ours.rows,
        "ours rows/s": round(ours.speed),
        "peer rows/s": round(peer.speed),
        "ratio": round(ours.speed / peer.speed, 2),
        "needed": contest.needed,
        "ours acc %": round(100 * ours.accuracy, 2),
        "peer acc %": round(100 * peer.accuracy, 2),
        "Java hand-over rows/s": None if handing is None else round(handing.speed),
        "ratio without it": None if net is None else round(net, 2),
    }


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
