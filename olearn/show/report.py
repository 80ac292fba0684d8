"""Reports: one HTML file with tables and pictures that needs nothing from outside."""

import base64
import io
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from olearn.core.validate import file_to_write
from olearn.registry import describe_metric
from olearn.show import plots
from olearn.show.found_drifts import drift_heads, drift_lines
from olearn.show.score_plots import plot_scores, score_heads, score_lines, score_rows
from olearn.show.tables import TextTable, common_prefix, scoring_notes, show_memory, show_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from olearn.evaluate.online.prequential_result import Result

Cell = tuple[str, str]
"""Text of a table's cell, unescaped, and its CSS class, which may be empty."""

_STYLE = """
:root { color-scheme: light dark; --ink: #24292f; --soft: #5c6670; --line: #d5dae0;
  --paper: #ffffff; --tint: #f3f5f7; --best: #0b6e4f; }
@media (prefers-color-scheme: dark) { :root { --ink: #d7dce2; --soft: #98a2ad; --line: #3a414a;
  --paper: #171a1f; --tint: #20242b; --best: #6fd3a8; } }
body { margin: 0 auto; padding: 2rem 1.2rem 4rem; max-width: 68rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.3rem; margin: 2.8rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.8rem 0 .3rem; }
p { max-width: 46rem; } .soft, figcaption { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; margin: .8rem 0; }
th, td { padding: .35rem .8rem; text-align: right; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th { background: var(--tint); font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
td.best { color: var(--best); font-weight: 700; }
figure { margin: 1rem 0; } figure img { width: 100%; height: auto; }
pre { background: var(--tint); padding: .8rem; overflow-x: auto; font-size: .82rem; }
summary { cursor: pointer; } dt { font-weight: 600; } dd { margin: 0 0 .4rem 1.2rem; }
"""


def write_report(
    results: "Sequence[Result]",
    path: str | Path,
    *,
    title: str,
    notes: Sequence[str] = (),
    tables_over_seeds: Sequence[TextTable] = (),
) -> Path:
    """Write a report on results that may span models, streams and seeds.

    Parameters
    ----------
    results
        At least one; those of one stream stand together, in the order given. Of the results of one
        model on one stream the first stands for all.
    path
        File to write; its folder must exist.
    title
        Heading of the page.
    notes
        Paragraphs below the heading, such as where the data came from.
    tables_over_seeds
        Means and intervals over seeds, a table a metric, where there are several.

    Returns
    -------
    pathlib.Path
        The file's absolute path.

    Raises
    ------
    ImportError
        If matplotlib is not installed; `pip install "olearn[plot]"` brings it.

    """
    if not results:
        raise ValueError("results must hold at least one result, got none")
    parts = [element("h1", title), _lead(results)]
    parts += [element("p", note) for note in notes]
    if tables_over_seeds:
        parts.append(_over_seeds(tables_over_seeds))
    for stream, first_runs in _first_runs(results).items():
        parts.append(_stream_section(stream, first_runs))
    parts += [_meanings(list(results[0].values)), environment(results[0].environment)]
    return write_page(title, parts, path)


def write_page(title: str, parts: Sequence[str], path: str | Path) -> Path:
    """Write a page of these parts of HTML; return the file's absolute path."""
    page = (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"{element('title', title)}<style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
    target = file_to_write(path).absolute()
    target.write_text(page, encoding="utf-8")
    return target


def element(tag: str, text: str, css_class: str = "") -> str:
    """Return an HTML element that holds text; all text of a page is escaped here."""
    chosen = f" class='{css_class}'" if css_class else ""
    return f"<{tag}{chosen}>{escape(text)}</{tag}>"


def _first_runs(results: "Sequence[Result]") -> "dict[str, list[Result]]":
    """Return by stream the first result of each model."""
    found: dict[str, dict[str, Result]] = {}
    for result in results:
        found.setdefault(result.stream, {}).setdefault(result.model, result)
    return {stream: list(by_model.values()) for stream, by_model in found.items()}


def _lead(results: "Sequence[Result]") -> str:
    n_rows = sum(result.n for result in results)
    return element(
        "p",
        f"{len(results)} {'run' if len(results) == 1 else 'runs'}, {n_rows:,} rows in all. Every "
        "row was predicted first, scored, and learnt afterwards (prequential evaluation).",
        "soft",
    )


def _over_seeds(tables: Sequence[TextTable]) -> str:
    """Means and intervals over seeds, for each metric."""
    parts = [element("h2", "All seeds")]
    for table in tables:
        rows = [[(cell, "") for cell in line] for line in table.lines]
        parts += [element("h3", str(table.title)), html_table(table.heads, rows)]
    note = (
        "± is the half width of the 95 % t-interval over seeds. Tables and pictures below show "
        "the first seed."
    )
    return "\n".join([*parts, element("p", note, "soft")])


def _stream_section(stream: str, results: "list[Result]") -> str:
    first = results[0]
    longest = max(results, key=lambda result: result.n)
    parts = [element("h2", stream), element("p", _facts(longest)), _results_table(results)]
    parts += [element("p", f"{note}.") for note in scoring_notes(results)]
    prefix = common_prefix(results)
    if prefix is not None:
        note = (
            f"Slow models saw the first rows only. The column “first {prefix:,}” compares all "
            "models on the same rows; bold marks the best of the models that saw them all."
        )
        parts.append(element("p", note, "soft"))
    metric = next(iter(first.values))
    caption = f"{metric} of each {first.window:,} rows, computed afresh."
    ticks = (
        " Ticks at the bottom: alarms of the detector that watched the errors. Ticks at the top: "
        "drifts the model found and acted upon."
    )
    alone = ticks if len(results) == 1 else ""
    parts.append(figure(lambda dark: plots.plot_overlay(results, dark=dark), caption + alone))
    if len(results) > 1:
        caption = f"The same, model by model.{ticks}"
        parts.append(figure(lambda dark: plots.plot_multiples(results, dark=dark), caption))
    parts += [_scores(result) for result in results if result.scores is not None]
    parts += [_found_drifts(result) for result in results if drift_lines(result)]
    for result in results:
        if result.expert_usage:
            parts.append(_experts_figure(result))
    parts.append(_parameters(results))
    return "\n".join(parts)


def _found_drifts(result: "Result") -> str:
    """List the alarms and drifts of a model, folded away."""
    rows = [[(cell, "") for cell in line] for line in drift_lines(result)]
    summary = element("summary", f"Alarms and drifts: {result.model}")
    return f"<details>{summary}{html_table(drift_heads(result), rows)}</details>"


def _scores(result: "Result") -> str:
    """Draw the scores of an anomaly detector, and list its alarms, folded away."""
    scores = result.scores
    assert scores is not None
    caption = (
        f"{result.model}: scores by window; dots are alarms, scores above the threshold, which the "
        f"share {scores.budget:.3g} of the {scores.past:,} rows before reach."
    )
    parts = [figure(lambda dark: plot_scores(result, dark=dark), caption)]
    parts += [element("p", f"{line}.") for line in score_lines(result)]
    rows = [[(cell, "") for cell in line] for line in score_rows(scores)]
    table = html_table(score_heads(scores), rows)
    summary = element("summary", f"Alarms and known anomalies: {result.model}")
    return "\n".join([*parts, f"<details>{summary}{table}</details>"])


def _experts_figure(result: "Result") -> str:
    caption = f"{result.model}: which expert gave the prediction."
    return figure(lambda dark: plots.plot_experts(result, dark=dark), caption)


def _facts(result: "Result") -> str:
    """Say what the stream was."""
    drifts = ", ".join(f"{position:,}" for position in result.drift_positions)
    where = f"Known drifts at rows {drifts}." if drifts else "Its drifts are not known."
    labels = "at once" if result.delay == "none" else f"delayed: {result.delay}"
    watched = f" {result.detector} watched the errors." if result.detector else ""
    return f"{result.n:,} rows. {where} Labels came {labels}.{watched}"


def _results_table(results: "list[Result]") -> str:
    names = list(results[0].values)
    prefix = common_prefix(results)
    heads = ["model", "rows", *names]
    heads += [] if prefix is None else [f"{names[0]}, first {prefix:,}"]
    heads += ["rows/s", "rows/CPU s", "memory", "path"]
    full = max(result.n for result in results)
    best = {name: _best(name, [r for r in results if r.n == full]) for name in names}
    rows = []
    for result in results:
        cells = [(result.model, ""), (f"{result.n:,}", "")]
        for name in names:
            mark = "best" if result is best[name] and len(results) > 1 else ""
            cells.append((show_value(result, name, result.values[name]), mark))
        if prefix is not None:
            cells.append((show_value(result, names[0], result.value_at(names[0], prefix)), ""))
        speeds = (f"{result.rows_per_second:,.0f}", f"{result.rows_per_cpu_second:,.0f}")
        cells += [(text, "") for text in (*speeds, show_memory(result.memory), result.path)]
        rows.append(cells)
    return html_table(heads, rows)


def _best(name: str, results: "list[Result]") -> "Result | None":
    choose = max if results[0].bigger_is_better[name] else min
    scored = [result for result in results if not math.isnan(result.values[name])]
    return choose(scored, key=lambda result: result.values[name], default=None)


def html_table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Return a table of HTML."""
    top = "".join(element("th", head) for head in heads)
    lines = ("".join(element("td", *cell) for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f"<div class='scroll'><table><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def figure(draw: Callable[[bool], "Figure"], caption: str) -> str:
    """Embed a picture twice, for light and for dark pages; the browser picks one."""
    light, dark = _data_url(draw(False)), _data_url(draw(True))
    return (
        "<figure><picture>"
        f"<source media='(prefers-color-scheme: dark)' srcset='{dark}'>"
        f"<img alt='{escape(caption, quote=True)}' src='{light}'></picture>"
        f"{element('figcaption', caption)}</figure>"
    )


def _data_url(figure: "Figure") -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _parameters(results: "list[Result]") -> str:
    pairs = [("stream", results[0].stream_parameters)]
    pairs += [(result.model, result.model_parameters) for result in results]
    return parameters(pairs)


def parameters(pairs: Sequence[tuple[str, str]]) -> str:
    """Return names and how they describe themselves, folded away."""
    items = "".join(f"{element('dt', n)}<dd>{element('pre', text)}</dd>" for n, text in pairs)
    return f"<details><summary>Parameters</summary><dl>{items}</dl></details>"


def _meanings(metrics: Sequence[str]) -> str:
    pairs = [(name, f"{text}.") for name in metrics if (text := describe_metric(name))]
    pairs += [
        (
            "rows/s, rows/CPU s",
            "rows predicted and learnt in a second of wall and of CPU time; reading the stream and "
            "scoring are not counted.",
        ),
        (
            "path",
            "blocks = whole blocks of rows at once; rows = one dict at a time, with the same "
            "answers.",
        ),
    ]
    items = "".join(element("dt", name) + element("dd", text) for name, text in pairs)
    return f"{element('h2', 'How to read this')}<dl>{items}</dl>"


def environment(versions: Mapping[str, str]) -> str:
    """Return the section on what the run was made with."""
    items = ", ".join(f"{name} {value}" for name, value in versions.items())
    return element("h2", "Environment") + element("p", items, "soft")
