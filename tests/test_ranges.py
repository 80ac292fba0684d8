"""Every public class that states its parameters as fields: ranges, and the words for them."""

import dataclasses
import inspect
import re

import pytest

from olearn import detectors, learners, streams
from olearn.core.parameters import parameters
from olearn.detectors import htm
from olearn.learners import dictionary, rl

PUBLIC = {
    public
    for module in (detectors, htm, learners, dictionary, rl, streams)
    for public in (getattr(module, name) for name in module.__all__)
    if inspect.isclass(public) and dataclasses.is_dataclass(public)
}
NUMBERS = [
    pytest.param(cls, name, parameter, id=f"{cls.__name__}:{name}")
    for cls in sorted(PUBLIC, key=lambda cls: cls.__name__)
    if hasattr(cls, "__post_init__")  # plain records check nothing
    for name, parameter in parameters(cls).items()
    if parameter.kinds and parameter.kinds <= {int, float} and not name.endswith("seed")
]


@pytest.mark.parametrize("name", [*learners.__all__, *detectors.__all__])
def test_parameters_are_fields(name):
    """Learners and detectors state their parameters as fields, so that the test below sees them."""
    public = getattr(learners if name in learners.__all__ else detectors, name)
    assert [*parameters(public)] == [*inspect.signature(public).parameters]


def words_of(interval, whole):
    """Return the ways in which a docstring may say an interval; none if every number is in it."""
    low, high = (
        f"{end:g}".replace("1e+300", "inf") if not isinstance(end, str) else end
        for end in interval.bounds
    )
    ways = [f"in {interval.ends[0]}{low}, {high}{interval.ends[1]}"]
    if interval.ends == "[]":
        ways += [f"{low} to {high}", f"at least {low} and at most {high}"]
    if high == "inf":
        closed = interval.ends[0] == "["
        ways += [f"at least {low}"] if closed else [f"more than {low}", f"above {low}"]
        if low == "0":
            ways += ["not negative", "non-negative"] if closed else ["positive"]
        if low == "1" and whole:
            ways.append("positive")
    return [] if low == "-inf" and high == "inf" else ways


def documented(cls, name):
    """Return what the docstring says of a parameter, on one line and without markup."""
    text = inspect.getdoc(cls)
    found = re.search(rf"^{name}\n((?:    .*\n|\n)+)", text, flags=re.M)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", found[1].replace("`", ""))
    return " ".join(text.split())


@pytest.mark.parametrize(("cls", "name", "parameter"), NUMBERS)
def test_range_is_stated_and_documented(cls, name, parameter):
    """A numeric parameter has a range, and the docstring gives it in words."""
    assert parameter.range is not None, "annotate it with a range of olearn.core.parameters"
    ways = words_of(parameter.range, parameter.kinds == {int})
    text = documented(cls, name)
    assert not ways or any(way in text for way in ways), f"say one of {ways}: {text!r}"
