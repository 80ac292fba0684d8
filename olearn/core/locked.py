"""Models that several threads may use: one call at a time.

Learning makes new arrays where classes, features or categories are new, and compiled code believes
the addresses and sizes that it is given. So a call holds the model's lock from its first look at
the state to its last, and so does whatever copies the state.
"""

import copy
import copyreg
import functools
import threading
from collections.abc import Callable
from typing import Any, Self, TypeVar, cast

_Method = TypeVar("_Method", bound=Callable[..., Any])


class Locked:
    """A class whose methods hold `_lock`, which is no part of the state.

    It is neither copied, pickled, saved nor compared.

    Examples
    --------
    >>> from olearn.core.locked import Locked, locked
    >>> class Count(Locked):
    ...     n = 0
    ...     @locked
    ...     def learn_one(self):
    ...         self.n += 1
    >>> count = Count()
    >>> count.learn_one()
    >>> vars(count)
    {'n': 1}

    """

    __slots__ = ("_lock",)
    _lock: threading.RLock  # one that a thread may take again: methods call each other

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        made._lock = threading.RLock()
        return made

    def __getstate__(self) -> dict[str, Any]:
        return vars(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        with self._lock:
            state = copy.deepcopy(self.__getstate__(), memo)
        made.__setstate__(state)
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        # pickle reads the state after this has returned, when others may learn again
        with self._lock:
            state = copy.deepcopy(self.__getstate__())
        return copyreg.__newobj__, (type(self),), state  # type: ignore[attr-defined]


def locked(method: _Method) -> _Method:
    """Let a method hold its object's lock.

    Methods of single rows take and leave the lock themselves, which saves 0.2 microseconds.
    """

    @functools.wraps(method)
    def call(self: Locked, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            return method(self, *args, **kwargs)

    return cast(_Method, call)
