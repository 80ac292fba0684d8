"""Results as JSON: to a text or a file, and back."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from olearn.core.validate import file_to_read, file_to_write


def dump(fields: Any, path: str | Path | None) -> str:
    """Return plain data as JSON, and write it to `path` if one is given; NaN becomes null."""
    text = json.dumps(_plain(fields), indent=1, allow_nan=False)
    if path is not None:
        file_to_write(path).write_text(text + "\n", encoding="utf-8")
    return text


def parse(source: str | Path) -> Any:
    """Read what `dump` gave: its text, or the path of its file."""
    is_text = isinstance(source, str) and source.lstrip().startswith("{")
    return json.loads(str(source) if is_text else file_to_read(source).read_text(encoding="utf-8"))


def as_numbers(values: Iterable[float | None]) -> list[float]:
    """Return numbers from parsed JSON, in which NaN is null."""
    return [math.nan if value is None else value for value in values]


def _plain(value: Any) -> Any:
    """Turn NumPy scalars into Python's and numbers that JSON lacks into None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
