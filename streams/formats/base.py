"""What every format of tables offers."""

import abc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from olearn.streams._columns import Values
from olearn.streams.formats.opening import Opener

CHUNK = 10_000  # rows turned into columns at a time

NUMBER, NOMINAL, TIME, UNKNOWN = "number", "nominal", "time", "unknown"
VERBATIM = "verbatim"  # asked for only: nominal, and no word means missing


@dataclass(frozen=True)
class TextOptions:
    """How a file of text is to be read; the parameters are those of `olearn.streams.from_file`."""

    sep: str | None = None
    header: bool | None = None
    names: tuple[str, ...] | None = None
    comment: str | None = None
    decimal: str = "."
    thousands: str | None = None
    encoding: str = "utf-8"
    na_values: tuple[str, ...] = ()
    keep_default_na: bool = True

    def __post_init__(self) -> None:
        marks = {"sep": self.sep, "decimal": self.decimal, "thousands": self.thousands}
        given = {name: mark for name, mark in marks.items() if mark is not None}
        for name, mark in {**given, "comment": self.comment}.items():
            if mark is not None and (len(mark) != 1 or mark in '"\r\n'):
                raise ValueError(f"{name} must be one character, got {mark!r}")
        for name, mark in given.items():
            for other, same in given.items():
                if name < other and mark == same:
                    raise ValueError(f"{name} and {other} must differ, got {mark!r} for both")

    def refuse(self, opener: Opener, kind: str, known: Iterable[str] = ()) -> None:
        """Refuse those options that mean nothing for a kind of files."""
        usual = TextOptions()
        for name, value in vars(self).items():
            if value != getattr(usual, name) and name not in known:
                raise ValueError(
                    f"{name} is for delimited text, {opener.path} is {kind}; got {value!r}"
                )


def text_options(
    *, names: Sequence[str] | None = None, na_values: Collection[str] = (), **others: Any
) -> TextOptions:
    """Make the options of what a user gives."""
    return TextOptions(
        names=None if names is None else tuple(names), na_values=as_tuple(na_values), **others
    )


def as_tuple(names: Collection[str]) -> tuple[str, ...]:
    """Return names as a tuple; one alone, given as text, is one."""
    return (names,) if isinstance(names, str) else tuple(names)


@dataclass(frozen=True)
class Guess:
    """What a column seems to hold; `doubt` if the user has to say, `note` if it may surprise.

    `sign` is what stands beside every number: per cent or a currency.
    """

    kind: str
    doubt: str = ""
    note: str = ""
    sign: str = ""


class RawTable(abc.ABC):
    """Columns of a file, by name, as numbers, text or times.

    A subclass fills these in its `__init__`:

    - `columns`: the names, in the order of the file;
    - `kinds`: what each column holds by the file's own word or by a look at the first rows,
      NUMBER, NOMINAL, TIME or, where all cells looked at are missing, UNKNOWN;
    - `booleans`: the nominal columns of truth values, which are given as 0 and 1;
    - `integers`: the columns of whole numbers by the file's own word, whose texts are numbers
      however many digits they have;
    - `declared`: the categories declared for a column, in order;
    - `set_aside`: columns that hold nothing to learn, and why;
    - `doubts`: columns whose kind the user has to tell, and why;
    - `notes`: columns whose kind was guessed, and what of.
    """

    def __init__(self, opener: Opener, rows: int | None) -> None:
        self.opener = opener
        self.rows = rows
        self.path = opener.path
        self.columns: list[str] = []
        self.kinds: dict[str, str] = {}
        self.booleans: set[str] = set()
        self.integers: set[str] = set()
        self.declared: dict[str, tuple[Any, ...]] = {}
        self.set_aside: dict[str, str] = {}
        self.doubts: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.n_looked_at: int | None = None  # rows that told the kinds; None: the file's own word
        self.about = ""  # what was found out about the file as a whole

    @abc.abstractmethod
    def pieces(self, kinds: Mapping[str, str]) -> Iterator[list[Values]]:
        """Yield the rows in pieces from the first: the values of the columns named, in that order.

        At least `rows` of them if there are as many; what comes after may be left out.

        Parameters
        ----------
        kinds
            What the columns hold: NUMBER asks for numbers, NOMINAL, VERBATIM and UNKNOWN for
            text or, where the file itself has numbers, for those; TIME for `datetime64`.

        """

    def cell(self, column: str, row: int) -> str | None:
        """Return a cell as it is written, for a message; None where the format has no such text."""
        return None

    def late_guess(self, column: str, texts: Iterable[str]) -> Guess | None:
        """Tell what an UNKNOWN column holds by all its texts; None where the format knows."""
        return None

    def _check_columns(self, hint: str = "") -> None:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(
                f"{self.path} must have column names that differ, has {self.columns}{hint}"
            )
