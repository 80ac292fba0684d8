"""Reports stand alone, escape what they show, and hold everything measured."""

import base64
import html.parser
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from river import datasets, drift, dummy, naive_bayes

from olearn import evaluate
from olearn.show.found_drifts import drift_heads, drift_lines
from olearn.show.report import write_report


@pytest.fixture(scope="module")
def results():
    first = evaluate.prequential(
        datasets.Phishing(), naive_bayes.GaussianNB(), window=200, detector=drift.ADWIN(delta=0.9)
    )
    second = evaluate.prequential(
        datasets.Phishing(), dummy.NoChangeClassifier(), window=200, max_samples=600
    )
    first.drift_positions = [500]
    first.expert_usage = [[150, 50, 0]] * 6 + [[10, 30, 10]]
    return [replace(first, model="<NB> & co", stream="phish"), replace(second, stream="phish")]


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    notes = ["Real data: <made up>"]
    assert write_report(results, path, title="A & B", notes=notes) == path
    return path.read_text(encoding="utf-8")


class Reader(html.parser.HTMLParser):
    """Collects tags left open, links, and the text of the page."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "img", "source"}:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "srcset", "href"}]

    def handle_endtag(self, tag):
        while self.open.pop() != tag:  # td and dd may be left open
            pass

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_nothing_comes_from_outside(page, read):
    """Requirement: every link is data; no style, script or picture is fetched."""
    assert read.open == []
    assert read.links
    assert all(link.startswith("data:image/svg+xml;base64,") for link in read.links)
    assert not re.search(r"<script|<link|@import|url\(|https?:", page)


def test_pictures_are_drawings_for_light_and_dark(page, read):
    """Requirement: each picture is valid SVG in a light and a dark version, with a description."""
    for link in read.links:
        root = ET.fromstring(base64.b64decode(link.partition(",")[2]))
        assert root.tag.endswith("svg")
    # overlay, one panel a model, experts of the model that has them
    assert page.count("<picture>") == 3
    assert page.count("prefers-color-scheme: dark)' srcset") == 3
    assert len(re.findall("<img alt='[^']+' src", page)) == 3


def test_text_is_escaped(page):
    """Requirement: names and notes are shown as text, never read as HTML."""
    assert "&lt;NB&gt; &amp; co" in page
    assert "Real data: &lt;made up&gt;" in page
    assert "<title>A &amp; B</title>" in page
    assert "<NB>" not in page


def test_figures_are_all_there(results, read):
    """Requirement: metrics, rows, the common prefix, memory, drifts, parameters, versions."""
    text = " ".join(read.words)
    for name, value in results[0].values.items():
        assert name in text
        assert f"{value:.2%}" in text
    wanted = ["1,250", "Accuracy, first 600", "Known drifts at rows 500", "ADWIN watched", "KiB"]
    wanted += [f"{results[0].value_at('Accuracy', 600):.2%}", "river", "python"]
    assert [words for words in wanted if words not in text] == []


def test_best_full_run_is_marked(page):
    """Requirement: bold marks the best of the models that saw all rows, once a metric."""
    assert page.count("<td class='best'>") == 4


def test_seeds_are_summarised(results, tmp_path):
    """Requirement: with several seeds a comparison's report begins with means and intervals."""
    runs = [replace(results[0], model="<nb>", seed=seed) for seed in (1, 2)]
    path = tmp_path / "r.html"
    evaluate.Comparison(runs).to_html(path)
    text = path.read_text(encoding="utf-8")
    assert text.index("Accuracy, mean over 2 seeds") < text.index("<h2>phish</h2>")
    assert "<td>&lt;nb&gt;</td>" in text
    assert "±" in text
    listed = 1 + len(results[0].alarms)
    assert text.count("<tr>") == 4 * 2 + 2 + listed  # a table a metric, one of the first seed
    evaluate.Comparison(results).to_html(path)
    assert "All seeds" not in path.read_text(encoding="utf-8")


def test_result_and_comparison_write_reports(results, tmp_path):
    """Requirement: `to_html` of both writes the same kind of page."""
    results[1].to_html(tmp_path / "one.html")
    evaluate.Comparison(results).to_html(tmp_path / "two.html", title="Two")
    assert "NoChangeClassifier on phish" in (tmp_path / "one.html").read_text(encoding="utf-8")
    assert "<title>Two" in (tmp_path / "two.html").read_text(encoding="utf-8")


def test_one_run_shows_its_alarms_and_drifts(results, tmp_path, monkeypatch):
    """Requirement: what the terminal counts is drawn, and listed with row, kind and delay."""
    drawn = []
    monkeypatch.setattr("olearn.show.plots.ticks", lambda ax, rows, *_: drawn.append(list(rows)))
    model_drifts = [0, 0, 2, 0, 1, 0, 0]
    run = replace(results[0], alarms=[430, 501], model_drifts=model_drifts, expert_usage=None)
    run.to_html(tmp_path / "r.html")
    assert [430, 501] in drawn
    assert [600, 1000] in drawn  # ends of the windows
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    found = page[page.index("<summary>Alarms and drifts: &lt;NB&gt; &amp; co") :]
    lines = re.findall("<tr>(.+?)</tr>", found[: found.index("</details>")])
    assert [re.findall("<t[dh]>(.+?)</t[dh]>", line) for line in lines] == [
        ["row", "what", "rows after the true drift"],
        ["400 to 599", "2 drifts the model found", "0 to 99"],
        ["430", "alarm of ADWIN", "-"],
        ["501", "alarm of ADWIN", "1"],
        ["800 to 999", "drift the model found", "300 to 499"],
    ]


def test_lists_of_drifts_end(results):
    """Requirement: without known drifts there are no delays; a long list is cut, and says so."""
    run = replace(results[0], alarms=[*range(1005)], drift_positions=[], model_drifts=None)
    assert drift_heads(run) == ["row", "what"]
    assert drift_lines(run)[999:] == [["999", "alarm of ADWIN"], ["...", "5 more"]]


def test_no_results():
    """Requirement: an empty report is refused."""
    with pytest.raises(ValueError, match="results must hold at least one"):
        write_report([], "never.html", title="")


def test_without_matplotlib(results, tmp_path, monkeypatch):
    """Requirement: without matplotlib no half-written report is left behind."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError):
        write_report(results, tmp_path / "r.html", title="none")
    assert list(tmp_path.iterdir()) == []
