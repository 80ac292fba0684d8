"""Tests of `olearn.persist.classes`: which classes a file may ask for."""

import pytest
from river import drift, tree

from olearn import learners
from olearn.core.features import FeatureIndex
from olearn.persist.classes import find, find_class


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("olearn:FeatureIndex", FeatureIndex),
        ("olearn:HoeffdingTreeClassifier", learners.HoeffdingTreeClassifier),
        # version 0.1 wrote modules, which have moved since
        ("olearn.features:FeatureIndex", FeatureIndex),
        ("river.drift.adwin:ADWIN", drift.ADWIN),
        (f"{tree.HoeffdingTreeClassifier.__module__}:HoeffdingTreeClassifier",
         tree.HoeffdingTreeClassifier),
    ],
)  # fmt: skip
def test_learners_and_detectors_are_found(name, cls):
    """Ours by their bare names, also as version 0.1 wrote them; river's by module and name."""
    assert find_class(name) is cls


@pytest.mark.parametrize(
    "name",
    [
        "os:system",  # no class, no package of ours
        "builtins:eval",
        "subprocess:Popen",
        "pathlib:Path",
        "river.datasets.phishing:Phishing",  # opens files
        "river.stream.iter_csv:DictReader",
        "river.utils.math:minkowski_distance",  # a function
        "river.drift.adwin:ADWIN.update",
        "river.drift:ADWIN",  # not where it is defined
        "river.drift.adwin:base",  # a module
        "river.__main__:ADWIN",
        "river.drift.adwin:",
        "river.drift.adwin:ADWIN()",
        "riverbank.drift:ADWIN",
        "olearn:Path",
        "olearn:load",
        "olearn:Result",  # ours, but nothing learnt is in it
        "olearn.persist.classes:find_class",
        "torch.nn.modules.container:nothing",
        "",
        7,
        None,
    ],
    ids=repr,
)
def test_nothing_else_is_found(name):
    """Functions, classes of other packages, and those that open files are refused by name."""
    with pytest.raises(ValueError, match=r"is no|is not the name|there is no"):
        find_class(name)


def test_a_few_plain_classes_and_functions_are_found():
    """What states refer to: Python's containers, and the functions that river's models keep."""
    assert find("builtins:dict") is dict
    assert find("river.utils.math:minkowski_distance").__name__ == "minkowski_distance"
    with pytest.raises(ValueError, match="'builtins:object' is no class of"):
        find("builtins:object")
