"""Parquet and Arrow files."""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from olearn.streams._columns import Values
from olearn.streams.formats.base import CHUNK, RawTable


class ArrowTable(RawTable):
    """Parquet, and Arrow's own file and stream formats (Feather); needs pyarrow."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        types = _import_arrow().types
        for field in self._schema():
            kind = field.type
            if types.is_dictionary(kind):
                kind = kind.value_type
            is_text = types.is_string(kind) or types.is_large_string(kind)
            if types.is_boolean(kind):
                self.nominal.add(field.name)
                self.booleans.add(field.name)
            elif not (is_text or _is_numeric(types, kind)):
                raise ValueError(
                    f"{path}: column {field.name!r} must be numeric, boolean or text, "
                    f"got {field.type}; convert or drop it"
                )
            self.columns.append(field.name)
        self._check_columns()

    def _schema(self) -> Any:
        with self.path.open("rb") as file:
            return self._open(file)[0]

    def _open(self, file: IO[bytes]) -> tuple[Any, Iterable[Any]]:
        arrow = _import_arrow()
        if self.path.suffix.lower() == ".parquet":
            from pyarrow import parquet

            try:
                opened = parquet.ParquetFile(file)
            except arrow.ArrowInvalid as error:
                raise ValueError(f"{self.path} must be a Parquet file: {error}") from None
            return opened.schema_arrow, opened.iter_batches(batch_size=CHUNK)
        try:
            reader = arrow.ipc.open_file(file)
            return reader.schema, (reader.get_batch(k) for k in range(reader.num_record_batches))
        except arrow.ArrowInvalid:
            file.seek(0)
        try:
            stream = arrow.ipc.open_stream(file)
        except arrow.ArrowInvalid as error:
            raise ValueError(f"{self.path} must be an Arrow file: {error}") from None
        return stream.schema, stream

    def pieces(self) -> Iterator[Sequence[Values]]:
        with self.path.open("rb") as file:
            for batch in self._open(file)[1]:
                if batch.num_rows:
                    yield [_arrow_values(column) for column in batch.columns]


def _import_arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise ImportError(
            "reading Parquet and Arrow files needs pyarrow: pip install olearn[files]"
        ) from error
    return pyarrow


def _is_numeric(types: Any, kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _arrow_values(column: Any) -> Values:
    types = _import_arrow().types
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_string(column.type) or types.is_large_string(column.type):
        return cast("list[str | None]", column.to_pylist())
    return np.array([math.nan if v is None else float(v) for v in column.to_pylist()])
