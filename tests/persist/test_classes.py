"""Tests of `olearn.persist.classes`: which classes a file may ask for."""

from importlib import util

import pytest
from river import drift, tree

from olearn import learners
from olearn.core.features import FeatureIndex
from olearn.learners.trees import hoeffding_tree
from olearn.persist.classes import find, find_class, name_of


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


def test_a_class_from_before_a_reload_has_its_name():
    """A notebook that reloads modules does not lose the models made before."""
    spec = util.spec_from_file_location(hoeffding_tree.__name__, hoeffding_tree.__file__)
    again = util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert again.HoeffdingTreeClassifier is not learners.HoeffdingTreeClassifier
    assert name_of(again.HoeffdingTreeClassifier) == "olearn:HoeffdingTreeClassifier"
    other = type("HoeffdingTreeClassifier", (), {"__module__": "olearn.elsewhere"})
    with pytest.raises(TypeError, match="something else has that name"):
        name_of(other)
