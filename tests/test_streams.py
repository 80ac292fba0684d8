"""Every class of streams, found by discovery, keeps the promises of `olearn.checks`."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

from olearn import streams
from olearn.checks.streams import STREAM_CHECKS
from olearn.streams.base import Stream


def classes():
    """All streams of the package, those behind a function such as `from_arrays` too."""
    for module in pkgutil.iter_modules(streams.__path__):
        importlib.import_module(f"{streams.__name__}.{module.name}")
    found, new = set(), [Stream]
    while new:
        new = [cls for parent in new for cls in parent.__subclasses__()]
        found.update(cls for cls in new if cls.__module__.startswith("olearn."))
    return sorted(found, key=lambda cls: cls.__name__)


def rows(n=60, seed=0):
    """Two numbers, one of them with gaps, a category as a code, and three labels."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(n, 2)), rng.integers(0, 3, n)])
    X[rng.random(n) < 0.1, 1] = np.nan
    return X, rng.integers(0, 3, n)


def from_arrays():
    return streams.from_arrays(*rows(), nominal=["x2"], labels=["a", "b", "c"])


def without_labels(target):
    X, _ = rows()
    y = X[:, 0] if target == "numbers" else None
    return streams.from_arrays(X[:, 1:], y, target=target)


def from_iterable():
    X, y = rows()
    pairs = [({"p": a, "q": f"c{int(c)}"}, f"l{k}") for (a, _, c), k in zip(X, y, strict=True)]
    return streams.from_iterable(pairs)


def from_file(folder):
    path = folder / "rows.csv"
    lines = [f"{a},c{int(c)},l{k}" for (a, _, c), k in zip(*rows(), strict=True)]
    path.write_text("\n".join(["p,q,label", *lines]) + "\n")
    return streams.from_file(path)


def table():
    try:
        return streams.load("electricity")
    except FileNotFoundError as error:
        pytest.skip(str(error))


def incremental(images):
    rng = np.random.default_rng(1)
    X = rng.integers(0, 256, (40, 3, 4, 4)).astype(np.uint8) if images else rows(40)[0]
    return streams.ClassIncremental(X, np.arange(40) % 4, X, np.arange(40) % 4, 2, seed=1)


def drifting():
    concepts = [streams.SEA(function=k, seed=k) for k in (1, 2, 1)]
    return streams.DriftStream(concepts, [400, 700], [1, 100], seed=3, n_samples=1100)


# what cannot be made from a seed alone, in each of its kinds
MADE = {
    "Ahead": {
        "series": lambda folder: streams.Ahead(from_arrays(), "x0", 2),
        "endless": lambda folder: streams.Ahead(streams.SEA(seed=5), "x0"),
    },
    "ArrayStream": {
        "labels": lambda folder: from_arrays(),
        "numbers": lambda folder: without_labels("numbers"),
        "no target": lambda folder: without_labels("classes"),
    },
    "ClassIncremental": {
        "images": lambda folder: incremental(True),
        "rows": lambda folder: incremental(False),
    },
    "ConceptView": {
        "view": lambda folder: streams.ConceptView(from_arrays(), [("x0", "x1")], [("a", "c")])
    },
    "DriftStream": {"mixed": lambda folder: drifting()},
    "FileStream": {"csv": from_file},
    "IterableStream": {
        "pairs": lambda folder: from_iterable(),
        "river": lambda folder: streams.from_river("Phishing"),
    },
    "TableStream": {"electricity": lambda folder: table()},
}


def cases():
    for cls in classes():
        made = MADE.get(cls.__name__, {"seed": lambda folder, cls=cls: cls(seed=5)})
        for name, make in made.items():
            yield pytest.param(make, id=f"{cls.__name__}-{name}")


@pytest.mark.parametrize("check", STREAM_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("make", [*cases()])
def test_promise(make, check, tmp_path):
    """Whatever olearn promises of streams holds for every class."""
    check(make(tmp_path))


@pytest.mark.parametrize("cls", [c for c in classes() if c.__name__ not in MADE])
def test_seed_decides(cls):
    """The same seed gives the same rows, another one others."""
    one, same, other = (np.column_stack(next(cls(seed=k).blocks(300))) for k in (5, 5, 6))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_every_public_name_that_makes_streams_is_tried():
    """A class that is no longer found, or a new one that needs more than a seed, is noticed."""
    assert set(MADE) <= {cls.__name__ for cls in classes()}
    public = [found for n in streams.__all__ if inspect.isclass(found := getattr(streams, n))]
    assert {cls for cls in public if issubclass(cls, Stream)} <= {Stream, *classes()}


def test_words_of_a_stream_are_for_readers(tmp_path):
    """No marks of references, no plural of one."""
    assert "decide by their sum.\n" in repr(streams.load("sea"))
    path = tmp_path / "t.csv"
    path.write_text("a,class\n1,x\n")
    assert streams.from_file(path).facts()[:2] == [
        "t.csv: 1 row; kinds by the first 1; separated by ','",
        "  class (target): 1 class: x",
    ]
