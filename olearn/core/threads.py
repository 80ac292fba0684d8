"""How many threads the libraries below may use: one, for all but the largest products.

OpenBLAS and torch split products among the cores that are too small to gain by it. Their threads
then wait for each other and, as they wait by spinning, use more time than the products do: four
times as much on an idle machine of two cores, forty times beside other work. So learners compute
within `threads_for(work)`, which leaves a product its threads where it is large, and within
`one_torch_thread` where it runs in torch.

The limits of the libraries belong to the whole process. They are changed for the time of a product
only, never raised, and set back by the last of the Python threads that need them.
"""

import ctypes
import importlib
import itertools
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from threadpoolctl import threadpool_info

# multiplications of a product that gains by threads: 0.3 s on one core, of which the 0.03 s are
# little that OpenBLAS's threads spin after each
ENOUGH = 1e10

# what counts threads and what limits them, by the name that threadpoolctl gives a library
_FUNCTIONS = {
    "openblas": ("openblas_get_num_threads", "openblas_set_num_threads"),
    "mkl": ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
    "openmp": ("omp_get_max_threads", "omp_set_num_threads"),
}


class ThreadPool(NamedTuple):
    """The threads of one library: `get` counts them, `limit` sets how many may be used."""

    get: Callable[[], int]
    limit: Callable[[int], Any]
    own: bool  # whether each Python thread has a limit of its own, as OpenMP has it


class _Depth(threading.local):
    value = 0


class OneThread:
    """A context in which libraries use one thread; many Python threads may be in it, and nest it.

    Entered and left in 3 microseconds, nested in half of one.

    Parameters
    ----------
    find
        Returns the pools of the libraries; called at the first use.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.core.threads import one_blas_thread
    >>> with one_blas_thread:
    ...     print(np.eye(2) @ np.ones(2))
    [1. 1.]

    """

    def __init__(self, find: Callable[[], Iterable[ThreadPool]]) -> None:
        self._find = find
        self._pools: list[ThreadPool] | None = None
        self._before: list[int] = []  # limits without this context
        self._depth = _Depth()  # of this Python thread
        self._n_inside = 0  # Python threads
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def __enter__(self) -> None:
        depth = self._depth.value
        if depth == 0:
            self._limit()  # may raise: the depth is counted after it
        self._depth.value = depth + 1

    def __exit__(self, *error: object) -> None:
        depth = self._depth.value - 1
        self._depth.value = depth
        if depth == 0:
            self._release()

    def _limit(self) -> None:
        with self._lock:
            if self._pools is None:
                self._pools = list(self._find())
                self._before = [1] * len(self._pools)
            for i, (get, limit, _) in enumerate(self._pools):
                n = get()
                if n > 1:
                    self._before[i] = n
                    limit(1)
                elif self._n_inside == 0:
                    self._before[i] = 1  # that is what the user wants
            self._n_inside += 1

    def _release(self) -> None:
        with self._lock:
            self._n_inside -= 1
            for n, (get, limit, own) in zip(self._before, self._pools or (), strict=True):
                # a limit that is no longer 1 was set by somebody else meanwhile, and stays
                if n > 1 and (own or self._n_inside == 0) and get() == 1:
                    limit(n)

    def _after_fork(self) -> None:
        """Go on without the Python threads that a child process does not have."""
        self._lock = threading.Lock()
        was_limited, self._n_inside = self._n_inside > 0, 1
        if was_limited and self._depth.value == 0:
            self._release()
        elif not was_limited:
            self._n_inside = 0


def _blas_pools() -> Iterable[ThreadPool]:
    importlib.import_module("scipy.linalg")  # it may bring a BLAS beside NumPy's
    for found in threadpool_info():
        if found["user_api"] != "blas":
            continue
        own = found.get("threading_layer") == "openmp"
        names = _FUNCTIONS.get("openmp" if own else found["internal_api"])
        pool = None if names is None else _pool(found["filepath"], names, own)
        if pool is not None:
            yield pool


def _pool(path: str, names: tuple[str, str], own: bool) -> ThreadPool | None:
    """Return the pool of a library; OpenBLAS's functions may be called by longer names."""
    library = ctypes.CDLL(path)
    for prefix, suffix in itertools.product(("", "scipy_"), ("", "64_", "_64")):
        get, limit = (getattr(library, f"{prefix}{name}{suffix}", None) for name in names)
        if get is not None and limit is not None:
            limit.argtypes, limit.restype = [ctypes.c_int], None
            return ThreadPool(get, limit, own)
    return None


def _torch_pools() -> Iterable[ThreadPool]:
    torch = importlib.import_module("torch")
    yield ThreadPool(torch.get_num_threads, torch.set_num_threads, own=True)


one_blas_thread = OneThread(_blas_pools)
one_torch_thread = OneThread(_torch_pools)

_AS_MANY_AS_THERE_ARE: AbstractContextManager[None] = nullcontext()


def threads_for(work: float, device: str | None = None) -> AbstractContextManager[None]:
    """Return the context for products of so many multiplications.

    Parameters
    ----------
    work
        Multiplications, about; `ENOUGH` or more may use all threads, if nobody limits them.
    device
        `None`: products in NumPy and SciPy; else a device of torch, whose CPU alone has threads.

    """
    if work >= ENOUGH or not (device is None or device.startswith("cpu")):
        return _AS_MANY_AS_THERE_ARE
    return one_blas_thread if device is None else one_torch_thread
