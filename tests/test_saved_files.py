"""Files saved by older versions of olearn are loaded, and the models go on as they did then."""

import gzip
import json
from pathlib import Path

import pytest
from saved_models import AGENTS, CLASSES, go_on

import olearn
from olearn.base import ArrayDetector

GOLDEN = Path(__file__).parent / "golden" / "saved_0_1"
ANSWERS = json.loads((GOLDEN / "answers.json").read_text())


def as_json(value):
    return json.loads(json.dumps(value))


def flat(value):
    """All numbers of nested lists and dicts, in order; what is no number stays as it is."""
    if isinstance(value, dict):
        value = [each for pair in value.items() for each in pair]
    if isinstance(value, list):
        return [leaf for each in value for leaf in flat(each)]
    return [value]


def test_every_class_has_a_file():
    """A public class that is missing would be a class whose files nobody looks after."""
    assert {cls.__name__ for cls in CLASSES} | set(AGENTS) <= set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_files_of_0_1_load(name, tmp_path):
    """A model of version 0.1 is loaded and answers what it answered there, whatever has moved."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(gzip.decompress((GOLDEN / f"{name}.safetensors.gz").read_bytes()))
    model = olearn.load(path)
    found, expected = flat(as_json(go_on(name, model))), flat(ANSWERS[name])
    if isinstance(model, ArrayDetector):
        assert found == expected
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        # other processors multiply matrices in another order
        assert one == (pytest.approx(other, rel=1e-4, abs=1e-6) if type(other) is float else other)
