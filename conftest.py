"""What tests and the examples in docstrings share, whichever of them are run."""

import os


def pytest_configure(config):
    # Compiled uint64 arithmetic wraps around silently, which generators and hashes rely on; run as
    # plain Python, NumPy's scalars wrap around too but warn.
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        config.addinivalue_line(
            "filterwarnings", "ignore:overflow encountered in scalar:RuntimeWarning"
        )
