"""Which classes of river have an equal here; whatever else is met, river runs itself.

Only exact classes count, and instances that hold what is known of them, so nothing is guessed.
"""

from typing import Any

from olearn.interop import bayes, linear, scalers
from olearn.interop.base import Adapter, NotAdaptedError, check_attributes

ADAPTERS: dict[str, Adapter] = {**scalers.ADAPTERS, **linear.ADAPTERS, **bayes.ADAPTERS}


def adapter_of(theirs: Any) -> Adapter:
    """Return how an object is run as one of ours; raise NotAdaptedError if its class has none."""
    kind = type(theirs)
    adapter = ADAPTERS.get(f"{kind.__module__}.{kind.__qualname__}")
    if adapter is None:
        raise NotAdaptedError(f"{kind.__name__} is not compiled")
    return adapter


def twin_of(theirs: Any) -> Any:
    """Return an untrained one of ours with the parameters of an object of river's."""
    adapter = adapter_of(theirs)
    check_attributes(theirs, adapter.attributes, adapter.at_times)
    try:
        return adapter.make(theirs)
    except NotAdaptedError:
        raise
    except (TypeError, ValueError) as error:  # a parameter that ours refuses
        name = type(theirs).__name__
        raise NotAdaptedError(f"river's {name} is not compiled: {error}") from None
