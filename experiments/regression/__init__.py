"""The work of `regression.py`."""
