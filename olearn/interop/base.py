"""How a class of river is run as one of ours, and what says that an object of it cannot be."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

LARGEST = 1e100  # beyond, squares and quotients overflow, where ours and river's differ


class NotAdaptedError(ValueError):
    """An object of river has no equal here; the message says what it is about it."""


def _is_sound(ours: Any) -> bool:
    return True


@dataclass(frozen=True)
class Adapter:
    """How a class of river is run as one of ours.

    Parameters
    ----------
    attributes
        All that an instance holds.
    make
        From an instance to an untrained one of ours with its parameters.
    load
        Puts what an instance has learnt, of the features of ours, into that.
    names
        Features of which an instance has learnt.
    back
        From one of ours to an untrained instance with its parameters.
    store
        Puts what ours has learnt into an instance, of those features that were learnt.
    known
        Which features an instance has learnt, where ours answers otherwise before; None where it
        does not.
    is_sound
        Whether what ours has learnt is still what river would have.
    at_times
        More that an instance may hold.

    """

    attributes: frozenset[str]
    make: Callable[[Any], Any]
    load: Callable[[Any, Any], None]
    store: Callable[[Any, Any, Iterable[Any]], None]
    names: Callable[[Any], Iterable[Any]]
    back: Callable[[Any], Any]
    known: Callable[[Any], set[Any]] | None = None
    is_sound: Callable[[Any], bool] = _is_sound
    at_times: frozenset[str] = frozenset()


def check_attributes(
    theirs: Any, known: Iterable[str], at_times: frozenset[str] = frozenset()
) -> None:
    """Raise unless an object holds exactly what is known of its class."""
    if odd := sorted(set(vars(theirs)).symmetric_difference(known) - at_times):
        raise not_known(theirs, odd[0])


def check_type(theirs: Any, name: str, *kinds: type) -> None:
    """Raise unless an attribute is of exactly one of these classes."""
    if type(getattr(theirs, name)) not in kinds:
        raise not_known(theirs, name)


def not_known(theirs: Any, name: str) -> NotAdaptedError:
    """Return the error that an attribute is not as it is known."""
    return NotAdaptedError(f"{name!r} of river's {type(theirs).__name__} is not what it knows")


def finite(theirs: Any, what: str, numbers: Iterable[Any]) -> list[float]:
    """Return what an object has learnt as floats; raise unless all are finite, and not huge."""
    try:
        values = [float(number) for number in numbers]
    except (TypeError, ValueError):
        raise not_known(theirs, what) from None
    if not all(abs(value) <= LARGEST for value in values):
        raise NotAdaptedError(f"{what!r} of river's {type(theirs).__name__} is beyond {LARGEST:g}")
    return values


def here(ours: Any, names: Iterable[Any]) -> list[tuple[Any, int]]:
    """Return those of the features that reach a step, each with its column."""
    known = [name for name in names if ours._features.is_typed(name)]
    return list(zip(known, ours._features.columns(known), strict=True))
