"""`olearn run --rare`: what it puts around a learner, and what it refuses."""

import json

import pytest
from typer.testing import CliRunner

from olearn.cli.main import app


def call(*arguments):
    """Run the command; return its exit code and what it printed."""
    done = CliRunner().invoke(app, [*map(str, arguments), "--rows", "3000"])
    return done.exit_code, done.output


@pytest.mark.parametrize("how", ["balanced", "f1", "budget=0.2", "cost=3"])
def test_rare(how):
    """The run goes through in blocks, and its answers are others than without."""
    plain = json.loads(call("run", "hoeffding-tree", "sea", "--json")[1])
    code, out = call("run", "hoeffding-tree", "sea", "--rare", how, "--positive", "1", "--json")
    assert code == 0, out
    found = json.loads(out)
    assert found["path"] == "blocks"
    assert found["values"]["Accuracy"] != plain["values"]["Accuracy"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("arf", "sea", "--rare", "f1"), "needs --positive LABEL"),
        (("arf", "sea", "--rare", "often"), "must be 'balanced', 'f1', 'budget=SHARE'"),
        (("arf", "sea", "--rare", "f1=2", "--positive", "1"), "must be 'balanced'"),
        (("arf", "sea", "--rare", "budget", "--positive", "1"), "must be 'balanced'"),
        (("arf", "sea", "--rare", "budget=x", "--positive", "1"), "could not convert"),
        (("arf", "sea", "--rare", "budget=2", "--positive", "1"), "budget"),
        (("knn-regressor", "friedman", "--rare", "f1"), "--rare is for learners of labels"),
    ],
)
def test_refused(given, words):
    """Exit code 2 and a sentence."""
    code, out = call("run", *given)
    assert code == 2
    assert words in " ".join(out.replace("│", " ").split())
