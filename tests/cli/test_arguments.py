"""Tests of `olearn.cli.arguments` and of metrics by name."""

import pytest
import typer
from river import metrics as theirs

from olearn import metrics, registry
from olearn.cli.arguments import parse_limits, parse_settings


def test_settings_are_python_values_or_bare_words():
    """Numbers, tuples, None and quoted text are Python's; any other text is itself."""
    texts = [
        "a=1",
        "b=0.5",
        "c=(1, 2)",
        "d=None",
        "e='1'",
        "f=word",
        "g=x=y",
        "h=",
        "i=1e-7",
        "j=-3",
    ]
    assert parse_settings(texts) == (
        {"a": 1, "b": 0.5, "c": (1, 2), "d": None, "e": "1", "f": "word", "g": "x=y", "h": "",
         "i": 1e-7, "j": -3},
        {},
    )  # fmt: skip


def test_settings_of_the_stream_have_a_prefix():
    """`stream.` sends a setting to the stream; the last of two equal keys counts."""
    model, stream = parse_settings(["seed=1", "stream.seed=2", "seed=3", "stream.n=4"])
    assert (model, stream) == ({"seed": 3}, {"seed": 2, "n": 4})


def test_settings_run_no_code():
    """What is no literal stays text."""
    text = "__import__('os').getcwd()"
    assert parse_settings([f"a={text}"])[0] == {"a": text}


@pytest.mark.parametrize("text", ["a", "=1", ""])
def test_settings_need_a_key_and_a_value(text):
    """The text is named."""
    with pytest.raises(typer.BadParameter, match=f"--set must be KEY=VALUE, got '{text}'"):
        parse_settings([text])


def test_limits_by_learner():
    """Rows a learner, of those that are compared."""
    assert parse_limits(["arf=500", "er=1"], ["arf", "er", "pcr"]) == {"arf": 500, "er": 1}
    assert parse_limits([], ["arf"]) == {}


@pytest.mark.parametrize("text", ["arf", "arf=", "arf=0", "arf=-5", "arf=1.5", "other=5", "=5"])
def test_wrong_limits_are_refused(text):
    """A learner that is not compared, and what is no positive number of rows."""
    with pytest.raises(typer.BadParameter, match=f"--limit must be .*, got '{text}'"):
        parse_limits([text], ["arf"])


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("Accuracy", theirs.Accuracy),
        ("macrof1", theirs.MacroF1),
        ("KappaM", metrics.KappaM),
        ("kappat", metrics.KappaT),
        ("CohenKappa", theirs.CohenKappa),
    ],
)
def test_metrics_by_name(name, cls):
    """Ours and river's, upper or lower case, each time a new one."""
    made = registry.make_metric(name)
    assert type(made) is cls
    assert registry.make_metric(name) is not made


def test_unknown_metrics_are_refused():
    """The nearest name is offered."""
    with pytest.raises(ValueError, match=r"metric must be one of .*did you mean 'Accuracy'"):
        registry.make_metric("Acuracy")
