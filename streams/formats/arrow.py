"""Parquet and Arrow files."""

import io
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, cast

import numpy as np

from olearn.streams._columns import Values
from olearn.streams.formats.base import CHUNK, NOMINAL, NUMBER, RawTable, TextOptions
from olearn.streams.formats.opening import Opener


class ArrowTable(RawTable):
    """Parquet, and Arrow's own file and stream formats (Feather); needs pyarrow."""

    def __init__(self, opener: Opener, options: TextOptions, rows: int | None = None) -> None:
        super().__init__(opener, rows)
        options.refuse(opener, "Parquet or Arrow")
        from pyarrow import types

        for field in self._schema():
            kind = field.type
            if types.is_dictionary(kind):
                kind = kind.value_type
            is_text = types.is_string(kind) or types.is_large_string(kind)
            if types.is_boolean(kind):
                self.booleans.add(field.name)
            elif not (is_text or _is_numeric(types, kind)):
                raise ValueError(
                    f"{self.path}: column {field.name!r} must be numeric, boolean or text, "
                    f"got {field.type}; convert or drop it"
                )
            self.columns.append(field.name)
            numeric = not is_text and not types.is_boolean(kind)
            self.kinds[field.name] = NUMBER if numeric else NOMINAL
        self._check_columns()

    def _schema(self) -> Any:
        with self._bytes() as file:
            return self._open(file)[0]

    def _bytes(self) -> Any:
        """Open the file so that any place in it can be read: a packed one is unpacked first."""
        if self.opener.is_plain:
            return self.path.open("rb")
        with self.opener.reading(), self.opener.open() as file:
            return io.BytesIO(file.read())

    def _open(self, file: IO[bytes]) -> tuple[Any, Iterable[Any]]:
        import pyarrow as arrow
        import pyarrow.ipc
        from pyarrow import parquet

        is_parquet = file.read(4) == b"PAR1" or self.opener.ending in (".parquet", ".pq")
        file.seek(0)
        if is_parquet:
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

    def pieces(self, kinds: Mapping[str, str]) -> Iterator[list[Values]]:
        places = [self.columns.index(name) for name in kinds]
        with self._bytes() as file:
            for batch in self._open(file)[1]:
                if batch.num_rows:
                    yield [_arrow_values(batch.columns[j]) for j in places]


def _is_numeric(types: Any, kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _arrow_values(column: Any) -> Values:
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_string(column.type) or types.is_large_string(column.type):
        return cast("list[str | None]", column.to_pylist())
    return np.array([math.nan if v is None else float(v) for v in column.to_pylist()])
