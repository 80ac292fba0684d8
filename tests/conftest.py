"""What all tests share: quiet commands, and when slow tests run."""

import os

import pytest

# what commands print must not depend on whether their kernels were compiled before
os.environ.setdefault("OLEARN_QUIET", "1")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the statistics over many seeds too")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="statistics over many seeds: run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
