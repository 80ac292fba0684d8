"""Streams by name: what `load` and `names` know."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from olearn import registry
from olearn.core.validate import suggestion

if TYPE_CHECKING:
    from olearn.streams.base import Stream

__all__ = ["load", "names"]

_RIVER_PREFIX = "river:"


def names() -> list[str]:
    """Return the names that `load` knows, sorted.

    Examples
    --------
    >>> from olearn import streams
    >>> [name for name in streams.names() if name.startswith("se")]
    ['sea', 'sea_a', 'sea_a_mini', 'sea_g', 'sea_g_mini']

    """
    return list(registry.streams())


def load(name: str | Path, **options: Any) -> "Stream":
    """Return a stream by its name, or of the table in a file.

    Parameters
    ----------
    name
        A name from `olearn.streams.names`; `river:Class` for any class of `river.datasets`; or the
        path of a file that `olearn.streams.from_file` reads.
    options
        Passed on: parameters of a generator (`load("sea", function=3, seed=7)`), `seed` and
        `fresh_seeds` of a published stream (`load("led_a_mini", seed=42)`), those of
        `olearn.streams.from_file`. The real tables have none.

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
    if key in registry.streams():
        entry = registry.streams()[key]
        stream = cast("Stream", entry.constructor()(**entry.options, **options))
        stream.title = key
        return stream
    if key.startswith(_RIVER_PREFIX):
        from olearn.streams.iterables import from_river

        return from_river(key.removeprefix(_RIVER_PREFIX), **options)
    from olearn.streams.files import from_file, is_table_path

    if not is_table_path(key):
        raise ValueError(
            f"there is no stream {key!r}{suggestion(key, names())} "
            "olearn.streams.names() lists all; a file needs its path"
        )
    return from_file(key, **options)
