"""Streams: iterables of `(x, y)` that can also hand out blocks of arrays.

Synthetic generators are compiled and bit-reproducible from a seed; real sets load by name, and
any CSV, ARFF, Parquet or Arrow file, array or iterable is a stream too.
"""

from typing import TYPE_CHECKING

from olearn.core.lazy import lazy_names

if TYPE_CHECKING:
    from olearn.streams._registry import load as load
    from olearn.streams._registry import names as names
    from olearn.streams.agrawal import Agrawal as Agrawal
    from olearn.streams.arrays import from_arrays as from_arrays
    from olearn.streams.base import Classes as Classes
    from olearn.streams.base import Numbers as Numbers
    from olearn.streams.base import Schema as Schema
    from olearn.streams.base import Stream as Stream
    from olearn.streams.class_incremental import ClassIncremental as ClassIncremental
    from olearn.streams.drift import DriftStream as DriftStream
    from olearn.streams.files import from_file as from_file
    from olearn.streams.hyperplane import Hyperplane as Hyperplane
    from olearn.streams.images import image_names as image_names
    from olearn.streams.images import split_images as split_images
    from olearn.streams.iterables import from_iterable as from_iterable
    from olearn.streams.iterables import from_river as from_river
    from olearn.streams.kpi import KPI as KPI
    from olearn.streams.led import LED as LED
    from olearn.streams.nab import load_nab as load_nab
    from olearn.streams.nab import nab_names as nab_names
    from olearn.streams.random_rbf import RandomRBF as RandomRBF
    from olearn.streams.sea import SEA as SEA
    from olearn.streams.signals import Signal as Signal
    from olearn.streams.signals import signal as signal
    from olearn.streams.signals import signal_from_file as signal_from_file
    from olearn.streams.signals import signal_names as signal_names
    from olearn.streams.sine import Sine as Sine
    from olearn.streams.stagger import STAGGER as STAGGER
    from olearn.streams.views import ConceptView as ConceptView

# where each public name lives: its file is loaded at first use, so that importing this is cheap
_FILES = {
    "Agrawal": "agrawal",
    "ClassIncremental": "class_incremental",
    "Classes": "base",
    "ConceptView": "views",
    "DriftStream": "drift",
    "Hyperplane": "hyperplane",
    "KPI": "kpi",
    "LED": "led",
    "Numbers": "base",
    "RandomRBF": "random_rbf",
    "SEA": "sea",
    "STAGGER": "stagger",
    "Schema": "base",
    "Signal": "signals",
    "Sine": "sine",
    "Stream": "base",
    "from_arrays": "arrays",
    "from_file": "files",
    "from_iterable": "iterables",
    "from_river": "iterables",
    "image_names": "images",
    "load": "_registry",
    "load_nab": "nab",
    "nab_names": "nab",
    "names": "_registry",
    "signal": "signals",
    "signal_from_file": "signals",
    "signal_names": "signals",
    "split_images": "images",
}

__all__ = [  # noqa: RUF022 - sorted, capitals first
    "Agrawal",
    "ClassIncremental",
    "Classes",
    "ConceptView",
    "DriftStream",
    "Hyperplane",
    "KPI",
    "LED",
    "Numbers",
    "RandomRBF",
    "SEA",
    "STAGGER",
    "Schema",
    "Signal",
    "Sine",
    "Stream",
    "from_arrays",
    "from_file",
    "from_iterable",
    "from_river",
    "image_names",
    "load",
    "load_nab",
    "nab_names",
    "names",
    "signal",
    "signal_from_file",
    "signal_names",
    "split_images",
]

__getattr__, __dir__ = lazy_names(__name__, _FILES)
