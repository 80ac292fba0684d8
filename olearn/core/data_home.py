"""Where data sets lie on this machine."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the user's cache of data: `$XDG_CACHE_HOME/olearn`, by default `~/.cache/olearn`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "olearn"


def data_places(name: str) -> list[Path]:
    """Return where a file or folder of data is looked for: `$OLEARN_DATA`, if set, then the cache.

    Examples
    --------
    >>> from olearn.core.data_home import data_places
    >>> data_places("nab")[-1].name
    'nab'

    """
    return [Path(base) / name for base in (os.environ.get("OLEARN_DATA"), cache_folder()) if base]
