"""Every public learner and detector, found by discovery: river's checks, ours, docs, refusals."""

import inspect
import math
import re

import numpy as np
import pytest

from olearn import checks, detectors, learners, preprocessing
from olearn.base import ArrayTransformer
from olearn.core.parameters import parameter_of

CLASSES = [
    getattr(part, name) for part in (learners, detectors, preprocessing) for name in part.__all__
]

# 200,000 rows are run once a class, with its default parameters
_KINDS = ("", "anomaly_", "detector_", "regressor_", "transformer_")
LONG = {f"check_{kind}memory_is_bounded" for kind in _KINDS}


def models_of(cls):
    return [cls(**params) for params in cls._unit_test_params()]


def plain(cls, **changes):
    """Make a model of default parameters, but for the one inside of a wrapper."""
    parameters = inspect.signature(cls).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    usual = next(iter(cls._unit_test_params())) if needed else {}
    return cls(**{name: usual[name] for name in needed} | changes)


def battery(yield_checks):
    """Pair every model with its checks, but for those that its class skips."""
    cases = []
    for cls in CLASSES:
        for model in models_of(cls):
            for check in yield_checks(model):
                name = check.__name__
                if name not in checks.skipped(model) | LONG:
                    cases.append(pytest.param(model, check, id=f"{cls.__name__}:{name}"))
    return cases


def long_checks():
    cases = []
    for cls in CLASSES:
        model = plain(cls)
        for check in checks.yield_checks(model):
            if check.__name__ in LONG - checks.skipped(model):
                cases.append(pytest.param(model, check, id=f"{cls.__name__}:{check.__name__}"))
    return cases


def section(cls, title):
    """Return the text of a section of the class docstring, empty where there is none."""
    text = inspect.getdoc(cls) or ""
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\w+\n-+$|\Z)", text, flags=re.M | re.S)
    return found.group(1) if found else ""


def numeric_parameters():
    cases = []
    for cls in CLASSES:
        for name, parameter in inspect.signature(cls).parameters.items():
            kinds = parameter_of(parameter.annotation).kinds
            if kinds & {int, float} and bool not in kinds:  # a label is no number
                cases.append(pytest.param(cls, name, id=f"{cls.__name__}:{name}"))
    return cases


@pytest.mark.filterwarnings("ignore:.* looks at the features of the first row:UserWarning")
@pytest.mark.filterwarnings("ignore:ridge regression has no intercept")
@pytest.mark.filterwarnings("ignore:the score of a row")  # river's columns are not scaled
@pytest.mark.filterwarnings("ignore:by names")  # river's tables and ours have other columns
@pytest.mark.parametrize(("model", "check"), battery(checks.yield_river_checks))
def test_river_check(model, check):
    """Whatever river asks of its own estimators holds for ours."""
    check(model.clone())


@pytest.mark.filterwarnings("ignore:by names")
@pytest.mark.parametrize(("model", "check"), battery(checks.yield_checks))
def test_olearn_check(model, check):
    """Whatever olearn promises beyond river holds for every class."""
    check(model.clone())


@pytest.mark.parametrize(("model", "check"), long_checks())
def test_memory(model, check):
    """With its default parameters a class needs bounded memory over 200,000 rows."""
    check(model)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_skips_have_a_reason(cls):
    """A class names every check that it skips in its docstring, where the reason stands."""
    known = {check.__name__ for check in checks.yield_checks(plain(cls))}
    known |= {check.__name__ for check in checks.yield_river_checks(plain(cls))}
    for model in models_of(cls):
        for name in checks.skipped(model):
            assert name in known, f"{cls.__name__} skips {name}, which is no check of it"
            assert name in inspect.getdoc(cls), f"{cls.__name__} skips {name} without a reason"


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_docstring_is_complete(cls):
    """A class documents every parameter, shows an example and cites its source if it has one."""
    listed = re.findall(r"^(\w+)$", section(cls, "Parameters"), flags=re.M)
    assert listed == list(inspect.signature(cls).parameters)
    assert ">>> " in section(cls, "Examples")
    if cls.__module__.startswith("olearn.preprocessing.") and not section(cls, "References"):
        return  # a scaler or an encoder, which nobody invented
    assert re.search(r"\b(19|20)\d\d\b", section(cls, "References")), "no year in References"


@pytest.mark.parametrize(("cls", "name"), numeric_parameters())
@pytest.mark.parametrize("value", [math.nan, "text", [1]], ids=repr)
def test_constructor_refuses(cls, name, value):
    """A numeric parameter that is no number raises; the message names it and the value."""
    with pytest.raises((TypeError, ValueError), match=rf"(?s)\b{name}\b.*{re.escape(str(value))}"):
        plain(cls, **{name: value})


def classes_with(name):
    return [cls for cls in CLASSES if name in inspect.signature(cls).parameters]


@pytest.mark.parametrize("cls", classes_with("nominal_attributes"), ids=lambda cls: cls.__name__)
def test_no_nominal_attribute(cls):
    """An empty list says that none is nominal, a tuple too; the model can be cloned and learns."""
    for empty in ((), []):
        model = cls(nominal_attributes=empty).clone()
        assert model.nominal_attributes == []
        targets = () if isinstance(model, ArrayTransformer) else (np.arange(4) % 2,)
        model.learn_many(np.eye(4), *targets)
        assert not any(model._features.widths if hasattr(model._features, "widths") else ())
