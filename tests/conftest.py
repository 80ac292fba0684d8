"""What all tests share: the warnings that are meant, and when slow tests run."""

import os

import pytest

# what commands print must not depend on whether their kernels were compiled before
os.environ.setdefault("OLEARN_QUIET", "1")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the statistics over many seeds too")


def pytest_configure(config):
    # Compiled uint64 arithmetic wraps around silently, which the generators rely on; run as plain
    # Python, NumPy's scalars wrap around too but warn.
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        config.addinivalue_line(
            "filterwarnings", "ignore:overflow encountered in scalar:RuntimeWarning"
        )


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="statistics over many seeds: run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
