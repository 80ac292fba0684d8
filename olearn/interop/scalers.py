"""Scalers and selectors of river as ours."""

import collections
import functools
import math
import operator
from collections.abc import Iterable
from typing import Any

from olearn.interop.base import (
    LARGEST,
    Adapter,
    NotAdaptedError,
    check_type,
    finite,
    here,
    not_known,
)
from olearn.preprocessing import (
    Discard,
    MaxAbsScaler,
    MinMaxScaler,
    Select,
    StandardScaler,
    _ranges,
    standard_scaler,
)

_N, _MEAN, _VAR, _ROOT = (getattr(standard_scaler, row) for row in ("N", "MEAN", "VAR", "ROOT"))

# attributes of the scalers by range: the class of their values, and our row
_MIN_MAX = {"min": ("Min", _ranges.LOW), "max": ("Max", _ranges.HIGH)}
_MAX_ABS = {"abs_max": ("AbsMax", _ranges.HIGH)}


def _check_all_rows(theirs: Any) -> None:
    if theirs.window_size is not None:
        raise NotAdaptedError(f"river's {type(theirs).__name__} with a window is not compiled")


def _refuse_window(ours: Any) -> None:
    if ours.window_size is not None:
        raise NotAdaptedError(f"{type(ours).__name__} with a window cannot become river's")


def _check_table(theirs: Any, name: str, factory: Any) -> None:
    check_type(theirs, name, collections.defaultdict)
    if getattr(theirs, name).default_factory is not factory:
        raise not_known(theirs, name)


# -- StandardScaler --------------------------------------------------------------------------------


def _make_standard(theirs: Any) -> Any:
    _check_all_rows(theirs)
    check_type(theirs, "counts", collections.Counter)
    _check_table(theirs, "means", float)
    _check_table(theirs, "vars", float)
    return StandardScaler(with_std=theirs.with_std)


def _load_standard(theirs: Any, ours: Any) -> None:
    for name, row in (("counts", _N), ("means", _MEAN), ("vars", _VAR)):
        table = getattr(theirs, name)
        values = [table.get(feature, 0.0) for feature in ours._features.names]
        ours._state[row] = finite(theirs, name, values)
    roots = ours._state[_VAR].tolist()
    if min(roots, default=0.0) < 0.0:
        raise NotAdaptedError("a variance of river's StandardScaler is below 0")
    ours._state[_ROOT] = [value**0.5 for value in roots]


def _store_standard(ours: Any, theirs: Any, names: Iterable[Any]) -> None:
    for name, column in here(ours, names):
        n, mean, var = ours._state[[_N, _MEAN, _VAR], column].tolist()
        theirs.counts[name] = int(n)
        theirs.means[name] = mean
        if theirs.with_std:
            theirs.vars[name] = var


def _back_standard(ours: Any) -> Any:
    from river.preprocessing import StandardScaler as Theirs

    _refuse_window(ours)
    return Theirs(with_std=ours.with_std)


# -- scalers by range ------------------------------------------------------------------------------


def _make_ranges(made: type, ends: dict[str, tuple[str, int]], theirs: Any) -> Any:
    from river import stats

    _check_all_rows(theirs)
    for name, (kind, _) in ends.items():
        stat = getattr(stats, kind)
        _check_table(theirs, name, stat)
        if any(type(each) is not stat for each in getattr(theirs, name).values()):
            raise not_known(theirs, name)
    return made()


def _load_ranges(ends: dict[str, tuple[str, int]], theirs: Any, ours: Any) -> None:
    for name, (_, row) in ends.items():
        table, values = getattr(theirs, name), ours._ranges.ends[row]
        for column, feature in enumerate(ours._features.names):
            value = getattr(table[feature], name) if feature in table else values[column]
            if value != values[column] and not abs(value) <= LARGEST:
                raise NotAdaptedError(f"{name!r} of river's scaler is beyond {LARGEST:g}")
            values[column] = value


def _store_ranges(
    ends: dict[str, tuple[str, int]], ours: Any, theirs: Any, names: Iterable[Any]
) -> None:
    for name, (_, row) in ends.items():
        table = getattr(theirs, name)
        for feature, column in here(ours, names):
            setattr(table[feature], name, float(ours._ranges.ends[row, column]))


def _back_ranges(ours: Any) -> Any:
    from river import preprocessing

    _refuse_window(ours)
    return getattr(preprocessing, type(ours).__name__)()


def _known_by_min_max(theirs: Any) -> set[Any]:
    return {name for name, stat in theirs.min.items() if stat.min < math.inf}


def _ranges_adapter(made: type, ends: dict[str, tuple[str, int]], known: Any = None) -> Adapter:
    return Adapter(
        attributes=frozenset({"window_size", *ends}),
        make=functools.partial(_make_ranges, made, ends),
        load=functools.partial(_load_ranges, ends),
        store=functools.partial(_store_ranges, ends),
        names=operator.attrgetter(next(iter(ends))),
        back=_back_ranges,
        known=known,
    )


# -- selectors -------------------------------------------------------------------------------------


def _make_selector(made: Any, theirs: Any) -> Any:
    check_type(theirs, "keys", set)
    return made(*theirs.keys)


def _back_selector(ours: Any) -> Any:
    from river import compose

    return getattr(compose, type(ours).__name__)(*ours.keys)


def _nothing(*_: Any) -> None:
    """Do nothing: a selector learns nothing."""


def _selector_adapter(made: type) -> Adapter:
    make = functools.partial(_make_selector, made)
    names = operator.attrgetter("keys")
    return Adapter(frozenset({"keys"}), make, _nothing, _nothing, names, _back_selector)


ADAPTERS = {
    "river.preprocessing.scale.StandardScaler": Adapter(
        attributes=frozenset({"with_std", "window_size", "counts", "means", "vars"}),
        make=_make_standard,
        load=_load_standard,
        store=_store_standard,
        names=operator.attrgetter("counts"),
        back=_back_standard,
    ),
    "river.preprocessing.scale.MinMaxScaler": _ranges_adapter(
        MinMaxScaler, _MIN_MAX, _known_by_min_max
    ),
    "river.preprocessing.scale.MaxAbsScaler": _ranges_adapter(MaxAbsScaler, _MAX_ABS),
    "river.compose.select.Select": _selector_adapter(Select),
    "river.compose.select.Discard": _selector_adapter(Discard),
}
