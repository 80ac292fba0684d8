"""Streams by name: what `load` and `names` know."""

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from olearn.core.validate import suggestion
from olearn.streams._table_facts import TABLES

if TYPE_CHECKING:
    from olearn.streams.base import Stream

_GENERATORS = {
    "agrawal": "Agrawal",
    "hyperplane": "Hyperplane",
    "led": "LED",
    "rbf": "RandomRBF",
    "sea": "SEA",
    "sine": "Sine",
    "stagger": "STAGGER",
}

_PUBLISHED = [
    f"{name}{size}"
    for name in ("led_a", "led_g", "sea_a", "sea_g", "rbf_m", "rbf_f")
    for size in ("", "_mini")
]

_KPI = {"kpi4": False, "kpi4t": True}  # whether the anomalies break the order of the values

_RIVER = {
    "bananas": "Bananas",
    "image_segments": "ImageSegments",
    "phishing_river": "Phishing",
    "shuttle": "Shuttle",
}

_RIVER_PREFIX = "river:"


def names() -> list[str]:
    """Return the names that `load` knows, sorted.

    Examples
    --------
    >>> from olearn import streams
    >>> [name for name in streams.names() if name.startswith("se")]
    ['sea', 'sea_a', 'sea_a_mini', 'sea_g', 'sea_g_mini']

    """
    return sorted([*_GENERATORS, *_PUBLISHED, *_KPI, *_RIVER, *TABLES])


def load(name: str | Path, **options: Any) -> "Stream":
    """Return a stream by its name, or of the table in a file.

    Parameters
    ----------
    name
        A name from `olearn.streams.names`; `river:Class` for any class of `river.datasets`; or the
        path of a file that `olearn.streams.from_file` reads.
    options
        Passed on: parameters of a generator (`load("sea", function=3, seed=7)`), `seed` and
        `fresh_seeds` of a published stream (`load("led_a_mini", seed=42)`), `target` and `nominal`
        of a file. The real tables have none.

    Raises
    ------
    ValueError
        If the name is unknown; the message suggests the nearest ones.
    FileNotFoundError
        If a real table or a file is not there; the message says how to provide it.
    TypeError
        If the stream does not have such an option.

    Examples
    --------
    >>> from olearn import streams
    >>> streams.load("sea", seed=42, n_samples=5000).n_samples
    5000
    >>> streams.load("river:Phishing").n_samples
    1250

    """
    key = str(name)
    if key in _GENERATORS:
        make = getattr(import_module("olearn.streams"), _GENERATORS[key])
    elif key in _PUBLISHED:
        make = partial(import_module("olearn.streams.published").published, key)
    elif key in _KPI:
        make = partial(import_module("olearn.streams.kpi").KPI, _KPI[key])
    elif key in TABLES:
        make = partial(import_module("olearn.streams.tables").load_table, key)
    elif key in _RIVER or key.startswith(_RIVER_PREFIX):
        dataset = _RIVER.get(key, key.removeprefix(_RIVER_PREFIX))
        make = partial(import_module("olearn.streams.iterables").from_river, dataset)
    else:
        files = import_module("olearn.streams.files")
        if not files.is_table_path(key):
            raise ValueError(
                f"there is no stream {key!r}{suggestion(key, names())} "
                "olearn.streams.names() lists all; a file needs its path"
            )
        make = partial(files.from_file, key)
    stream: Stream = make(**options)
    return stream
