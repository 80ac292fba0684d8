"""Tests of parameters as fields: what an annotation says is what a constructor takes."""

import copy
import dataclasses
import inspect
import math
import pickle
from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np
import pytest
from river import base

from olearn.core.parameters import (
    Above,
    AtLeast,
    FiniteFloat,
    Fraction,
    In,
    NonNegativeInt,
    OneOf,
    OpenFraction,
    PositiveFloat,
    PositiveInt,
    Seed,
    Settable,
    check_parameters,
    parameters,
    with_parameters,
)
from olearn.core.validate import check_names


@with_parameters
class Model(base.Base):
    rate: Annotated[float, In(0.0, 1.0, "(]")] = 0.1
    longest: Annotated[int, AtLeast("shortest")] = 20
    shortest: Annotated[int, In(2, 10)] = 5
    _: KW_ONLY
    upper: Annotated[float, In("rate", 1.0, "()")] = 0.5
    side: Annotated[str, OneOf("upper", "lower")] = "upper"
    both: bool = False
    limit: PositiveFloat | None = None
    names: Annotated[Collection[str] | None, check_names] = None
    shift: float = 0.0
    n: int = -1
    seed: Seed = None
    _state: list[float] = dataclasses.field(init=False)

    def __post_init__(self):
        check_parameters(self)
        self.names = self.names or None


REFUSED = [
    ({"rate": 0}, ValueError, r"rate must be in \(0.0, 1.0\], got 0"),
    ({"rate": math.nan}, ValueError, "rate must be a number, got nan"),
    ({"rate": True}, TypeError, "rate must be a number, got True of type bool"),
    ({"rate": None}, TypeError, "rate must be a number, got None of type NoneType"),
    ({"shortest": 1}, ValueError, r"shortest must be in \[2, 10\], got 1"),
    ({"shortest": 5.0}, TypeError, "shortest must be an integer, got 5.0 of type float"),
    ({"longest": 4}, ValueError, r"longest must be in \[5, inf\], got 4"),
    ({"longest": np.int64(3)}, ValueError, r"longest must be in \[5, inf\], got 3"),
    ({"upper": 0.1}, ValueError, r"upper must be in \(0.1, 1.0\), got 0.1"),
    ({"side": "uper"}, ValueError, "'upper', 'lower', got 'uper'; did you mean 'upper'"),
    ({"both": "no"}, TypeError, "both must be True or False, got 'no' of type str"),
    ({"limit": 0.0}, ValueError, r"limit must be in \(0.0, inf\), got 0.0"),
    ({"limit": math.inf}, ValueError, r"limit must be in \(0.0, inf\), got inf"),
    ({"names": "ab"}, TypeError, "names must be a list of names, got 'ab' of type str"),
    ({"shift": "1"}, TypeError, "shift must be a number, got '1' of type str"),
    ({"n": 1.5}, TypeError, "n must be an integer, got 1.5 of type float"),
    ({"seed": -1}, ValueError, r"seed must be in \[0, inf\], got -1"),
]


@pytest.mark.parametrize(("given", "error", "message"), REFUSED, ids=lambda case: str(case)[:40])
def test_refuses(given, error, message):
    """A value of the wrong kind or outside of its range raises as the shared checks do."""
    with pytest.raises(error, match=message):
        Model(**given)


def test_takes():
    """The ends of closed ranges, NumPy's numbers and flags, and None where the type has it."""
    Model(0.4, 10, np.int32(10), limit=1e300, both=np.bool_(True), n=-7, shift=-math.inf, seed=0)
    Model(rate=np.float32(0.2), limit=None, names=["a"], seed=None)


def test_bad_bound_is_named_first():
    """A parameter that bounds another is checked before it."""
    with pytest.raises(TypeError, match="shortest must be an integer, got 'x'"):
        Model(shortest="x")


@pytest.mark.parametrize(
    ("hint", "inside", "outside"),
    [
        (PositiveInt, (1, 10**9), (0, -1, 1.0)),
        (NonNegativeInt, (0, 1), (-1, 0.0)),
        (PositiveFloat, (1e-300, 1), (0, math.inf)),
        (FiniteFloat, (-1e300, 0), (-math.inf, math.inf)),
        (Fraction, (0, 0.5, 1), (-1e-9, 1.1)),
        (OpenFraction, (1e-9, 0.5), (0, 1)),
        (Annotated[float, Above(0.0)], (1e-9, math.inf), (0, -1)),
    ],
)
def test_named_ranges(hint, inside, outside):
    """Each named range holds what its name says."""

    @dataclass
    class One:
        x: hint

        def __post_init__(self):
            check_parameters(self)

    for value in inside:
        One(value)
    for value in outside:
        with pytest.raises((TypeError, ValueError), match="x must be"):
            One(value)


def test_ends_are_brackets():
    """A range that cannot be read is refused where it is written."""
    with pytest.raises(ValueError, match="ends must be one of"):
        In(0.0, 1.0, "()]")


def test_signature_is_that_of_a_constructor():
    """Fields after `KW_ONLY` are keyword-only, the others positional, in the order written."""
    kinds = {p.name: p.kind.name for p in inspect.signature(Model).parameters.values()}
    assert [*kinds][:4] == ["rate", "longest", "shortest", "upper"]
    assert kinds["shortest"] == "POSITIONAL_OR_KEYWORD"
    assert kinds["upper"] == kinds["seed"] == "KEYWORD_ONLY"
    assert "rate: Annotated[float, in (0.0, 1.0]] = 0.1" in str(inspect.signature(Model)).replace(
        "typing.", ""
    )


def test_river_clones_prints_and_compares():
    """River's clone, print and identity stay: a dataclass makes none of its own."""
    model = Model(0.3, names=())
    clone = model.clone({"seed": 3})
    assert (clone.rate, clone.seed, clone.names) == (0.3, 3, None)
    assert repr(model).startswith("Model (\n  rate=0.3\n")
    assert model != model.clone()
    assert len({model, clone}) == 2
    assert vars(pickle.loads(pickle.dumps(model))) == vars(model)


def test_subclasses_inherit_and_add():
    """A subclass with a constructor of its own keeps the checks; one with fields adds to them."""

    class Half(Model):
        def __init__(self):
            super().__init__(rate=0.4)

    @with_parameters
    class More(Model):
        depth: PositiveInt = 3

    assert Half().rate == 0.4
    assert [*inspect.signature(More).parameters][3] == "depth"
    with pytest.raises(ValueError, match="rate must be"):
        More(2.0)
    with pytest.raises(ValueError, match="depth must be"):
        More(depth=0)


def test_annotations_as_text():
    """Annotations that a module keeps as text are read where they stand."""

    @dataclass
    class Text:
        rate: "Annotated[float, In(0.0, 1.0)] | None" = None

    assert parameters(Text)["rate"].range == In(0.0, 1.0)
    assert parameters(Text)["rate"].optional


def test_only_dataclasses_have_fields():
    """Asked of anything else, the error says what is missing."""
    with pytest.raises(TypeError, match="dataclass"):
        check_parameters(base.Base())
    assert [*parameters(Model)] == [*inspect.signature(Model).parameters]


@with_parameters
class Chart(Settable, base.Base):
    width: PositiveFloat = 2.0
    warm_up: PositiveInt = 30
    names: Collection[str] | None = None

    def __post_init__(self):
        check_parameters(self)
        self.names = self.names or None
        self.limit = self.width * 10

    @property
    def _mutable_attributes(self):
        return {"width"}

    def _apply_parameters(self):
        self.limit = self.width * 10


@with_parameters
class LongerChart(Chart):
    span: PositiveInt = 4


@pytest.mark.parametrize("cls", [Chart, LongerChart])
def test_mutable_parameter_takes_effect(cls):
    """One in `_mutable_attributes` is checked and applied, by assignment and by `mutate`."""
    chart = cls()
    chart.width = 3.0
    assert (chart.width, chart.limit) == (3.0, 30.0)
    chart.mutate({"width": 4.0})
    assert (chart.width, chart.limit) == (4.0, 40.0)
    with pytest.raises(ValueError, match="width"):
        chart.width = -1.0
    assert (chart.width, chart.limit) == (4.0, 40.0)


@pytest.mark.parametrize("name", ["warm_up", "span"])
def test_other_parameter_is_read_only_and_says_so(name):
    """The error names the parameter, the class, and how to get a model with that value."""
    chart = LongerChart()
    before = getattr(chart, name)
    with pytest.raises(AttributeError) as error:
        setattr(chart, name, 7)
    assert str(error.value) == (
        f"{name} of LongerChart cannot be set once it is made, it stays {before}: "
        f"make clone({{'{name}': 7}})"
    )
    assert getattr(chart, name) == before
    assert getattr(chart.clone({name: 7}), name) == 7


def test_constructor_may_set_parameters():
    """A value may be made canonical there; river cannot clone an empty collection."""
    assert Chart(names=()).names is None
    assert Chart.warm_up == LongerChart.warm_up == 30


def test_constructor_that_fails_leaves_no_trace():
    """Parameters of the next model are no less protected."""
    for _ in range(3):
        with pytest.raises(ValueError, match="warm_up"):
            Chart(warm_up=0)
        chart = Chart()
        with pytest.raises(AttributeError, match="warm_up"):
            chart.warm_up = 5


def test_copies_keep_what_was_set():
    """Pickle, `deepcopy` and `clone` take the value of now, and protect it."""
    chart = LongerChart()
    chart.width = 3.0
    for twin in (pickle.loads(pickle.dumps(chart)), copy.deepcopy(chart), chart.clone()):
        assert (twin.width, twin.limit, twin.span) == (3.0, 30.0, 4)
        with pytest.raises(AttributeError, match="span"):
            twin.span = 5


def test_model_of_a_version_without_the_parameter_has_its_default():
    """A file of then does not know it."""
    state = vars(LongerChart())
    del state["span"]
    old = LongerChart.__new__(LongerChart)
    vars(old).update(state)
    assert old.span == 4
