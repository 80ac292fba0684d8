"""Products of matrices: one thread for small ones, whatever the process allows, and no trace."""

import multiprocessing
import sys
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from olearn import learners
from olearn.core import threads
from olearn.core.threads import ENOUGH, OneThread, ThreadPool, one_blas_thread, threads_for


class Library:
    """A library whose limit is a number, or one number a Python thread, as OpenMP's is."""

    def __init__(self, n, own=False):
        self.limits, self.own, self.asked = {}, own, n

    def _key(self):
        return threading.get_ident() if self.own else "all"

    def get(self):
        return self.limits.get(self._key(), self.asked)

    def limit(self, n):
        self.limits[self._key()] = n

    def pool(self):
        return ThreadPool(self.get, self.limit, self.own)


def context(*libraries):
    """A context over made-up libraries."""
    return OneThread(lambda: [library.pool() for library in libraries])


def in_thread(work):
    """Run work in a Python thread of its own; return what it returns."""
    out = []
    thread = threading.Thread(target=lambda: out.append(work()))
    thread.start()
    thread.join(60)
    return out[0]


def blas_threads():
    """Return the limits of NumPy's and SciPy's BLAS."""
    return [found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"]


@pytest.fixture
def two_threads():
    """A process that allows two threads, on any machine."""
    one_blas_thread.__enter__()  # finds the libraries
    one_blas_thread.__exit__()
    with threadpool_limits(2, user_api="blas"):
        if set(blas_threads()) != {2}:
            pytest.skip("this BLAS has no threads")
        yield


@pytest.mark.parametrize("own", [False, True])
def test_nested_contexts_restore_once(own):
    """The limit holds until the outermost context ends, then is what it was."""
    library = Library(8, own)
    one = context(library)
    with one:
        with one:
            assert library.get() == 1
        assert library.get() == 1
    assert library.get() == 8


def test_exceptions_restore_the_limit():
    """An exception leaves no limit behind, at any depth."""
    library = Library(8)
    one = context(library)
    with pytest.raises(ZeroDivisionError), one, one:
        raise ZeroDivisionError
    assert library.get() == 8
    with one:
        assert library.get() == 1


def test_limits_of_users_are_kept():
    """One thread stays one, and a limit that changes meanwhile is not overwritten."""
    single, changed = Library(1), Library(8)
    one = context(single, changed)
    with one:
        changed.limit(4)
    assert (single.get(), changed.get()) == (1, 4)
    changed.limit(1)
    with one:
        pass
    assert changed.get() == 1


def test_last_python_thread_restores():
    """Two Python threads that overlap leave the limit as it was, whoever leaves first."""
    library = Library(8)
    one = context(library)
    inside, leave = threading.Event(), threading.Event()

    def other():
        with one:
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with one:
        thread.start()
        inside.wait(60)
    assert library.get() == 1, "the other is still inside"
    leave.set()
    thread.join(60)
    assert library.get() == 8


def test_python_threads_with_limits_of_their_own():
    """Where each Python thread has its limit, each gets its own back, a new one the first's."""
    library = Library(8, own=True)
    one = context(library)

    def other():
        library.limit(1)  # as torch tells a Python thread that begins now
        with one:
            assert library.get() == 1
        return library.get()

    with one:
        assert in_thread(other) == 8
        assert library.get() == 1
    assert library.get() == 8


def test_many_python_threads_leave_no_limit():
    """Hundreds of entries from eight Python threads at once end where they began."""
    library = Library(8)
    one = context(library)
    wrong = []

    def work():
        for _ in range(300):
            with one, one:
                if library.get() != 1:
                    wrong.append(library.get())

    workers = [threading.Thread(target=work) for _ in range(8)]
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    finally:
        sys.setswitchinterval(switch)
    assert not wrong
    assert library.get() == 8


def test_large_products_and_other_devices_are_left_alone():
    """The limit is for small products on the CPU only."""
    assert threads_for(1.0) is one_blas_thread
    assert threads_for(1.0, "cpu") is threads.one_torch_thread
    for free in (threads_for(ENOUGH), threads_for(ENOUGH, "cpu"), threads_for(1.0, "cuda:1")):
        assert free not in (one_blas_thread, threads.one_torch_thread)


def test_both_libraries_are_limited(two_threads):
    """NumPy's and SciPy's BLAS have one thread inside, and their own number after."""
    with one_blas_thread:
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def _limits_in_child(connection):
    connection.send(blas_threads())


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_forked_children_are_not_limited(two_threads):
    """A child forked while another Python thread is inside has the limits of the process."""
    inside, leave = threading.Event(), threading.Event()

    def other():
        with one_blas_thread:
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(60)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_limits_in_child, args=(theirs,))
    child.start()
    leave.set()
    assert ours.poll(60)
    assert set(ours.recv()) == {2}
    child.join(60)
    thread.join(60)


def rows(n=70, width=6):
    """Rows and labels."""
    X = np.random.default_rng(1).normal(size=(n, width))
    return X, (X[:, 0] > 0.0).astype(int)


def spied(monkeypatch, owner, name, measure):
    """Record the limits each time that a function is called."""
    seen, real = [], getattr(owner, name)

    def call(*args, **kwargs):
        seen.append(measure())
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, call)
    return seen


@pytest.mark.parametrize("form", ["auto", "information", "covariance", "sqrt"])
def test_ridge_computes_on_one_thread(two_threads, monkeypatch, form):
    """Rows learnt and predicted one at a time multiply on one thread, in NumPy and in SciPy."""
    from olearn.learners.analytic.backends import NumpyBackend

    names = {"information": "solve", "sqrt": "triangle"}
    seen = spied(monkeypatch, NumpyBackend, names.get(form, "times"), blas_threads)
    model = learners.AnalyticRidgeClassifier(form=form)
    for x, label in zip(*rows(width=80), strict=True):
        model.predict_one(dict(enumerate(x)))
        model.learn_one(dict(enumerate(x)), label)
    assert len(seen) > 20
    assert all(set(limits) == {1} for limits in seen)
    assert set(blas_threads()) == {2}


def test_large_blocks_are_looked_at_without_products(monkeypatch):
    """Whether a feature is too large is asked of every block: no product with threads for it."""
    sizes = []
    product = np.vdot
    monkeypatch.setattr(np, "vdot", lambda a, b: sizes.append(a.size) or product(a, b))
    X = np.random.default_rng(1).normal(size=(1000, 64))
    learners.AnalyticRidgeClassifier().learn_many(X, X[:, 0] > 0)
    assert max(sizes, default=0) <= 4096
    with pytest.warns(UserWarning, match="cuts features"):
        learners.AnalyticRidgeClassifier().learn_many(X * 1e7, X[:, 0] > 0)


@pytest.mark.parametrize("method", ["frank_wolfe", "annealed"])
def test_dictionary_computes_on_one_thread(two_threads, monkeypatch, method):
    """So do steps of the dictionary."""
    from olearn.learners.dictionary import _trainer

    seen = spied(monkeypatch, _trainer, "sparsity", blas_threads)
    model = learners.OrthogonalDictionaryLearner(method, batch_size=8, seed=1)
    for x in rows()[0]:
        model.learn_one(dict(enumerate(x)))
    assert len(seen) == 70 // 8
    assert all(set(limits) == {1} for limits in seen)
    assert set(blas_threads()) == {2}


@pytest.fixture
def two_torch_threads():
    """Torch with two threads."""
    torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield torch
    torch.set_num_threads(before)


@pytest.mark.parametrize("images", [False, True])
def test_rehearsal_computes_on_one_thread(two_torch_threads, monkeypatch, images):
    """Rows and small images are learnt on one thread; the same bits come of one and of two."""
    from olearn.learners.replay.engine import ReplayEngine

    torch = two_torch_threads
    seen = spied(monkeypatch, ReplayEngine, "_body", torch.get_num_threads)
    X, y = rows()
    if images:
        X = np.random.default_rng(1).integers(0, 256, (70, 1, 16, 16)).astype(np.uint8)
    answers = []
    for n in (2, 1):
        torch.set_num_threads(n)
        model = learners.ERClassifier(width=4, seed=1)
        model.learn_many(X, y)
        answers.append(model.predict_proba_many(X))
        assert torch.get_num_threads() == n
    assert set(seen) == {1}
    assert np.array_equal(*answers)


def test_large_images_use_the_threads_there_are(two_torch_threads, monkeypatch):
    """A trunk with as many multiplications as make threads pay computes on all of them."""
    from olearn.learners.replay.engine import ReplayEngine

    torch = two_torch_threads
    seen = spied(monkeypatch, ReplayEngine, "_body", torch.get_num_threads)
    monkeypatch.setattr(threads, "ENOUGH", 1e6)
    learners.ERClassifier(width=4, seed=1).learn_many(np.zeros((10, 1, 16, 16), np.uint8), [0] * 10)
    assert seen == [2]


@pytest.mark.parametrize("kind", ["TorchStreamQ", "TorchStreamAC"])
def test_agents_compute_on_one_thread(two_torch_threads, monkeypatch, kind):
    """Torch agents act and learn on one thread."""
    from olearn.learners import rl
    from olearn.learners.rl.torch_backend import TorchNetwork

    torch = two_torch_threads
    seen = spied(monkeypatch, TorchNetwork, "__call__", torch.get_num_threads)
    agents = getattr(rl, kind)((3,), 2, 2, hidden=(8,), seed=1)
    X = np.ones((2, 3))
    agents.learn_many(X, agents.act(X), np.ones(2), X)
    assert len(seen) >= 3
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2
