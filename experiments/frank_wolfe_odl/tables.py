"""The report of the dictionary experiment."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from common import Runs, markdown
from frank_wolfe_odl import real, synthetic
from frank_wolfe_odl.pictures import draw_drift, draw_image, draw_rate, draw_recovery
from frank_wolfe_odl.plan import FULL, RECOVERY, SIZES, Setting
from frank_wolfe_odl.synthetic import ANNEALED, FW
from olearn.evaluate.intervals import mean_and_half_width

if TYPE_CHECKING:
    from frank_wolfe_odl.run import Args


def interval(sample: Iterable[float]) -> str:
    """Return mean and half-width of the 95 % t-interval, in three digits."""
    mean, half = mean_and_half_width(list(sample))
    if np.isnan(half) or half <= 1e-12 * abs(mean):
        return f"{mean:.3g}"
    return f"{mean:.3g} ± {half:.2g}"


def log_interval(sample: Iterable[float]) -> str:
    """Return the geometric mean and its 95 % t-interval: errors span many powers of ten."""
    mean, half = mean_and_half_width(np.log(np.maximum(list(sample), 1e-17)))
    if np.isnan(half):
        return f"{np.exp(mean):.1e}"
    low, high = np.exp(mean - half), np.exp(mean + half)
    return f"{np.exp(mean):.1e} [{low:.0e}, {high:.0e}]"


def recovery_lines(runs: Runs, settings: Iterable[Setting]) -> list[str]:
    """Return the table of final errors, worst seeds, objectives and CPU seconds."""
    rows = []
    for s in settings:
        cells = []
        for method in s.methods:
            picked = pick(runs, "recovery", s, method)
            if picked:
                finals = [r["final"] for r in picked]
                cells.append((float(np.exp(np.mean(np.log(np.maximum(finals, 1e-17))))), [
                    s.name, method, log_interval(finals), f"{max(finals):.1e}",
                    interval(r["objective"][-1] for r in picked),
                    interval(r["cpu_seconds"] for r in picked),
                ]))  # fmt: skip
        best = min((value for value, _ in cells), default=0.0) if len(cells) > 1 else None
        for value, row in cells:
            row[2] = f"**{row[2]}**" if value == best else row[2]
            rows.append(row)
    heads = ("stream", "method", "error [95 %]", "worst seed", "objective", "CPU s")
    return markdown(heads, rows)


def pick(runs: Runs, study: str, s: Setting, method: str) -> Runs:
    """Return the runs of a method on a synthetic stream, shortest list of facts that names it."""
    wanted_facts = {"study": study, "method": method, "n": s.n, "theta": s.theta,
                    "batch": s.batch, "noise": s.noise}  # fmt: skip
    return [r for r in runs if all(r.get(k) == v for k, v in wanted_facts.items())]


def size_lines(runs: Runs) -> list[str]:
    """Return final errors by dimension and sparsity."""
    rows = []
    for s in SIZES:
        errors = [[r["final"] for r in pick(runs, "recovery", s, m)] for m in s.methods]
        if all(errors):
            rows.append([str(s.n), f"{s.theta:.0%}", *map(log_interval, errors)])
    return markdown(("n", "nonzero", *(f"{m}, error [95 %]" for m in (FW, ANNEALED))), rows)


def rate_lines(runs: Runs) -> list[str]:
    """Return the exponents of the lowest gap so far."""
    rows = []
    for project in (True, False):
        slopes = [r["slope"] for r in runs if r["study"] == "rate" and r["reproject"] == project]
        name = "re-projected" if project else "inside the ball"
        rows.append([name, interval(slopes), f"{max(slopes):.3f}"])
    return markdown(("steps", "exponent of t", "slowest seed"), rows)


def drift_lines(runs: Runs) -> list[str]:
    """Return mean errors around batch 1000, and the alarms."""
    spans = ("900-1000", "1000-1100", "1100-1300", "1800-2000")
    rows = []
    for scene in synthetic.SCENES:
        for model in synthetic.DRIFT_MODELS:
            picked = [r for r in runs if r.get("scene") == scene and r.get("model") == model]
            if picked:
                alarms = [str(len(r["alarms"])) for r in picked]
                cells = [interval(r[span] for r in picked) for span in spans]
                rows.append([scene, model, *cells, ", ".join(alarms)])
    return markdown(("scene", "model", *(f"batches {s}" for s in spans), "alarms by seed"), rows)


def sensor_lines(runs: Runs, found: list[str]) -> list[str]:
    """Return held-out errors; the best of each column is bold, whoever it is."""
    rows = []
    for name in found:
        here = [r for r in runs if r["study"] == "sensors" and r["set"] == name]
        counts = sorted({r["kept"] for r in here})
        table = {
            m: [[r["error"] for r in here if r["method"] == m and r["kept"] == k] for k in counts]
            for m in (*real.OURS, *real.PEERS)
        }
        best = [min(float(np.mean(t[i])) for t in table.values()) for i in range(len(counts))]
        for method, errors in table.items():
            cells = [interval(e) for e in errors]
            for i, e in enumerate(errors):
                if float(np.mean(e)) <= 1.001 * best[i]:
                    cells[i] = f"**{cells[i]}**"
            kept = ", ".join(map(str, counts))
            rows.append([f"{name} ({kept} kept)", method, *cells])
    return markdown(("set", "method", "10 %", "20 %", "33 %", "50 %"), rows)


def winner_line(runs: Runs, found: list[str]) -> str:
    """Count the columns of the sensor table that a peer wins."""
    won = {"ours": 0, "peers": 0}
    for name in found:
        here = [r for r in runs if r["study"] == "sensors" and r["set"] == name]
        for k in sorted({r["kept"] for r in here}):
            mean = {
                m: float(np.mean([r["error"] for r in here if r["method"] == m and r["kept"] == k]))
                for m in {r["method"] for r in here}
            }
            won["ours" if min(mean, key=lambda m: mean[m]) in real.OURS else "peers"] += 1
    return (
        f"The lowest mean error is ours in {won['ours']} of {sum(won.values())} columns and a "
        f"peer's in {won['peers']}. These samples are compressible rather than sparse: where "
        "principal components win, use them."
    )


def write_report(args: "Args", facts: dict[str, Any], runs: Runs, image: dict[str, Any]) -> None:
    """Write the Markdown report and the pictures of the studies that were run."""
    found = facts["sets"]
    text = [
        "# Orthogonal dictionaries online",
        "",
        f"`{facts['command']}`: {args.seeds} fresh seeds from {args.first_seed}, "
        f"olearn {facts['version']}, {facts['date']}, {facts['seconds']:,} s on "
        f"{facts['cpu_count']} CPUs. Error: | ||A D||_4^4 / n - 1 |, 0 for the true atoms up to "
        "order and sign. CPU seconds are of learning alone, one thread.",
    ]
    parts: dict[str, tuple[str, Callable[[], list[str]]]] = {
        "recovery": (
            "Recovery: geometric mean error after the whole stream; bold is the lowest",
            lambda: recovery_lines(runs, RECOVERY + FULL),
        ),
        "rate": (
            "Rate: slope of log(lowest Frank-Wolfe gap so far) over log(step), from step 100. "
            "The theorem gives ln(t) / t^(1/4), an exponent of -0.25 or slower",
            lambda: rate_lines(runs),
        ),
        "sizes": ("Sizes: error after 20,000 samples, batches of n", lambda: size_lines(runs)),
        "drift": (
            "Drift: mean error; the dictionary is replaced at batch 1000, or turns by so many "
            "radians a batch. The detector never sees a slow rotation; floors do not forget "
            "fast enough for an abrupt change",
            lambda: drift_lines(runs),
        ),
        "sensors": (
            "Sensors and digits: relative error of held-out rows from their largest codes, the "
            "first 60 % learnt in order of time; bold is the lowest",
            lambda: [*sensor_lines(runs, found), "", winner_line(runs, found)],
        ),
    }
    for study, (title, make) in parts.items():
        if study in facts["studies"]:
            text += ["", f"## {title.split(':')[0]}", "", f"{title}.", "", *make()]
    if image:
        psnr = ", ".join(f"{k} {v:.2f} dB" for k, v in image["psnr"].items())
        text += [
            "",
            "## Image",
            "",
            f"Noise of {image['sigma']}, overlapping 8 x 8 patches: {psnr}.",
        ]
        draw_image(args.out, image)
    if facts["sets_not_here"]:
        text += ["", f"Not here: {', '.join(facts['sets_not_here'])}."]
    (args.out / "frank_wolfe_odl.md").write_text("\n".join(text) + "\n")
    if "recovery" in facts["studies"]:
        shown = [s for s in RECOVERY if s.noise == 0.0 and len(s.methods) > 2]
        draw_recovery(args.out, {s.name: pick_all(runs, s) for s in shown})
    if "rate" in facts["studies"]:
        draw_rate(args.out, [r for r in runs if r["study"] == "rate"])
    if "drift" in facts["studies"]:
        draw_drift(args.out, [r for r in runs if r["study"] == "drift"])


def pick_all(runs: Runs, s: Setting) -> dict[str, Runs]:
    """Return the runs on a stream, by method."""
    return {method: pick(runs, "recovery", s, method) for method in s.methods}
