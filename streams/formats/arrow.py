"""Parquet and Arrow files."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from olearn.streams._columns import Coded, Values
from olearn.streams.formats.base import (
    CHUNK,
    NOMINAL,
    NUMBER,
    TIME,
    VERBATIM,
    RawTable,
    TextOptions,
)
from olearn.streams.formats.opening import Opener

_UNNAMED_INDEX = re.compile(r"__index_level_\d+__\Z")  # as pandas writes one
_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


class ArrowTable(RawTable):
    """Parquet, and Arrow's own file and stream formats (Feather).

    Dates and time stamps are times, those with a zone in UTC; durations and times of day are
    seconds. Columns of lists and their like are left out.
    """

    def __init__(self, opener: Opener, options: TextOptions, rows: int | None = None) -> None:
        super().__init__(opener, rows)
        options.refuse(opener, "Parquet or Arrow")
        schema = self._schema()
        categorical = _categorical(schema)
        for field in schema:
            self.columns.append(field.name)
            self.kinds[field.name] = NOMINAL if field.name in categorical else NUMBER
            self._tell(field.name, _plain_type(field.type), field.type)
        self._check_columns()

    def _tell(self, name: str, kind: Any, written: Any) -> None:
        """Note what a column holds by its type."""
        from pyarrow import types

        if _UNNAMED_INDEX.match(name):
            self.set_aside[name] = "it is the index of a data frame, as its row numbers"
        if types.is_boolean(kind):
            self.booleans.add(name)
            self.kinds[name] = NOMINAL
        elif _is_text(kind):
            self.kinds[name] = NOMINAL
        elif types.is_integer(kind):
            self.integers.add(name)
        elif types.is_timestamp(kind) or types.is_date(kind):
            self.kinds[name] = TIME
        elif types.is_duration(kind) or types.is_time(kind):
            what = "a duration" if types.is_duration(kind) else "a time of day"
            self.notes[name] = f"column {name!r} is {what}, read as seconds"
        elif not (types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind)):
            self.set_aside[name] = f"it holds {written}, no numbers, truth values, text or times"

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
                    pairs = zip(places, kinds.items(), strict=True)
                    yield [self._values(name, kind, batch.columns[j]) for j, (name, kind) in pairs]

    def _values(self, name: str, kind: str, column: Any) -> Values:
        import pyarrow
        import pyarrow.compute as pc
        from pyarrow import types

        column = _decoded(column)
        if _is_text(column.type) and kind not in (NUMBER, TIME):
            return cast("list[str | None]", column.to_pylist())
        if types.is_integer(column.type) and kind in (NOMINAL, VERBATIM):
            return _whole_numbers(column)
        stamps = types.is_timestamp(column.type) or types.is_date(column.type)
        if kind == TIME and stamps:
            zone = getattr(column.type, "tz", None)
            times = pc.cast(column, pyarrow.timestamp("ms", zone), safe=False)
            return cast("NDArray[Any]", times.to_numpy(zero_copy_only=False))
        if kind in (NOMINAL, VERBATIM) and stamps:
            return [None if value is None else str(value) for value in column.to_pylist()]
        if kind != TIME:
            seconds = _seconds(column)
            try:
                numbers = pc.cast(seconds, pyarrow.float64(), safe=_is_text(seconds.type))
                return cast("NDArray[Any]", numbers.to_numpy(zero_copy_only=False))
            except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
                raise ValueError(
                    f"{self.path}: column {name!r} must hold numbers, it holds {column.type}: "
                    f"{error}"
                ) from None
        raise ValueError(f"{self.path}: time must name times, column {name!r} holds {column.type}")


def _categorical(schema: Any) -> set[str]:
    """Return the columns that were categories in a data frame, whatever these are.

    Arrow has dictionaries for them; Parquet forgets those of numbers, pandas' own note does not.
    """
    from pyarrow import types

    noted = (schema.pandas_metadata or {}).get("columns", ())
    named = {c.get("field_name") for c in noted if c.get("pandas_type") == "categorical"}
    return named | {field.name for field in schema if types.is_dictionary(field.type)}


def _plain_type(kind: Any) -> Any:
    """Return the type of the values of a column that is coded."""
    from pyarrow import types

    coded = types.is_dictionary(kind) or types.is_run_end_encoded(kind)
    return kind.value_type if coded else kind


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def _decoded(column: Any) -> Any:
    """Return a column by its values; Arrow cannot decode dictionaries of `string_view`."""
    import pyarrow
    import pyarrow.compute as pc
    from pyarrow import types

    if types.is_run_end_encoded(column.type):
        return pc.run_end_decode(column)
    if not types.is_dictionary(column.type):
        return column
    values = column.dictionary
    if types.is_string_view(values.type):
        values = values.cast(pyarrow.large_string())
    return values.take(column.indices)


def _whole_numbers(column: Any) -> Coded:
    """Return whole numbers as texts, which keep all their digits."""
    coded = column.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return Coded([str(value) for value in coded.dictionary.to_pylist()], codes)


def _seconds(column: Any) -> Any:
    """Return durations and times of day in seconds; other columns as they are."""
    import pyarrow
    import pyarrow.compute as pc
    from pyarrow import types

    kind = column.type
    if not (types.is_duration(kind) or types.is_time(kind)):
        return column
    number = pyarrow.int64() if kind.bit_width == 64 else pyarrow.int32()
    return pc.divide(pc.cast(column.cast(number), pyarrow.float64()), _PER_SECOND[kind.unit])
