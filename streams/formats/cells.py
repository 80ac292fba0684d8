"""What the cells of a text table mean: missing, numbers, codes, times; all else is text.

The functions take Arrow arrays of strings, so that a column is looked at in compiled code.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.streams._columns import Coded
from olearn.streams.formats.base import NOMINAL, NUMBER, TIME, UNKNOWN, Guess, TextOptions

# lower case; of a column of numbers first, then what is missing in a column of text too
_NOT_A_NUMBER = (
    "- -- . nil missing #div/0! #value! #null! #na #n/a\tn/a -nan 1.#ind -1.#ind 1.#qnan -1.#qnan"
)
_MISSING_NUMBERS = frozenset(_NOT_A_NUMBER.replace("\t", " ").split())
_MISSING_WORDS = frozenset(("?", "na", "n/a", "#n/a", "<na>", "nan", "null", "none"))
_MISSING_EXACTLY = frozenset(("NaT",))  # as a word in lower case it may be somebody's category

_CAMEL = {"nan": "NaN", "-nan": "-NaN", "nat": "NaT"}

_INFINITE = r"[+-]?(?i:inf(inity)?)"
_NUMBER = r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?"
PER_CENT = "%"
_CURRENCIES = "$€£¥"
_SIGN = f"[{PER_CENT}{_CURRENCIES}]"
_GROUP_MARKS = (" ", "'", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}")
_POINT_GROUPS = r"^[+-]?\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,})$"
_UNIT = re.compile(r"[^\W\d_][^\d:,;-]{0,11}|[°%‰µΩ][^\d:,;-]{0,3}")  # kg, km/h, °C
_CODE = r"^([+-]?0[0-9].*|[+-]?[0-9]{17,})$"  # a leading zero, or more digits than a number keeps
_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_TIMES = (  # as it is recognised, and how it is parsed; None: by Arrow's own rule for ISO 8601
    (r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?$", None),
    (r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$", "UTC"),
    (r"^\d{4}/\d{1,2}/\d{1,2}$", "%Y/%m/%d"),
    (r"^\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}$", "%Y/%m/%d %H:%M"),
    (r"^\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}:\d{2}$", "%Y/%m/%d %H:%M:%S"),
    (r"^\d{1,2}\.\d{1,2}\.\d{4}$", "%d.%m.%Y"),
    (r"^\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}$", "%d.%m.%Y %H:%M"),
    (r"^\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}:\d{2}$", "%d.%m.%Y %H:%M:%S"),
    # day and month cannot be told apart, or are words, or missing: recognised, never parsed
    (r"^\d{1,2}[/-]\d{1,2}[/-]\d{2,4}([T ]\d{1,2}[:.]\d{2}([:.]\d{2})?)?( ?[AaPp][Mm])?$", ""),
    (rf"^\d{{1,2}}[ -]{_MONTH}[ ,-]*\d{{2,4}}([T ].*)?$", ""),
    (rf"^{_MONTH} \d{{1,2}},? \d{{4}}([T ,].*)?$", ""),
    (r"^(19|20)\d{2}-(0[1-9]|1[0-2])$", ""),
)
_CLOCK = r"^([01]?\d|2[0-4]):[0-5]\d(:[0-5]\d(\.\d+)?)?$"
_FEW_TEXTS = 0.1  # a column of numbers with a smaller share of other text is still one of numbers


class Cells:
    """How cells are read under the options of a file."""

    def __init__(self, options: TextOptions) -> None:
        self._decimal = options.decimal
        self._thousands = options.thousands
        own = options.keep_default_na
        self._numbers = frozenset(("", *(_MISSING_NUMBERS | _MISSING_WORDS if own else ())))
        self._words = frozenset(("", *(_MISSING_WORDS if own else ())))
        self._exactly = frozenset((*options.na_values, *(_MISSING_EXACTLY if own else ())))
        point, digits = re.escape(self._decimal), "[0-9]+"
        if self._thousands is not None:
            digits = f"([0-9]+|[0-9]{{1,3}}({re.escape(self._thousands)}[0-9]{{3}})+)"
        size = rf"({digits}({point}[0-9]*)?|{point}[0-9]+)"
        plain = rf"[+-]?{size}([eE][+-]?[0-9]+)?"
        self._number = f"^({plain}|{_INFINITE})$"
        self._signed = {PER_CENT: f"^{plain} ?%$"}
        for sign in _CURRENCIES:
            mark = re.escape(sign)
            self._signed[sign] = f"^([+-]?{mark} ?[+-]?{size}|[+-]?{size} ?{mark})$"

    @property
    def plain(self) -> bool:
        """Whether Arrow's own reader understands such numbers."""
        return self._thousands is None

    def markers(self) -> list[str]:
        """Return the missing cells of a column of numbers in the usual ways of writing them."""
        found: dict[str, None] = {}
        for word in self._numbers:
            for form in (word, word.upper(), word.capitalize(), word.title(), _CAMEL.get(word, "")):
                found.update({form: None, " " + form: None})
        found.update(dict.fromkeys(self._exactly))
        return list(found)

    def is_missing(self, text: str) -> bool:
        """Tell whether a cell of a column of text, without blanks around it, is missing."""
        return text in self._exactly or text.lower() in self._words

    def numbers(self, cells: Any, sign: str = "") -> tuple[NDArray[np.float64], int | None]:
        """Return the numbers of a column, and the place of the first cell that is none.

        With a `sign`, of per cent or a currency, every number has it; else none has.
        """
        import pyarrow
        import pyarrow.compute as pc

        cells = pc.utf8_trim_whitespace(cells)
        missing = self._missing(cells)
        numbers = pc.match_substring_regex(cells, self._signed[sign] if sign else self._number)
        bad = pc.and_(pc.invert(missing), pc.invert(numbers))
        first = pc.index(bad, True).as_py()
        if first >= 0:
            return np.empty(0), int(first)
        known = pc.if_else(missing, None, cells)
        if self._thousands is not None:
            known = pc.replace_substring(known, self._thousands, "")
        if self._decimal != ".":
            known = pc.replace_substring(known, self._decimal, ".")
        if sign:
            known = pc.utf8_trim(pc.replace_substring(known, sign, ""), " ")
            known = pc.replace_substring_regex(known, r"^([+-]) +", r"\1")  # of -$ 5
        return known.cast(pyarrow.float64()).to_numpy(zero_copy_only=False), None

    def text(self, cells: Any, verbatim: bool = False) -> Coded:
        """Return a column of text, given as an Arrow dictionary array; `verbatim` keeps words."""
        listed = cells.dictionary.to_pylist()
        rows = cells.indices.to_numpy()
        there = np.bincount(rows, minlength=len(listed)) > 0  # not all are, in part of a block
        place: dict[str, int] = {}
        to = np.full(len(listed), -1)
        for k in np.flatnonzero(there).tolist():
            stripped = listed[k].strip()
            if stripped if verbatim else not self.is_missing(stripped):
                to[k] = place.setdefault(stripped, len(place))
        return Coded(list(place), to[rows])

    def guess(self, cells: Any, name: str) -> Guess:
        """Tell from the first cells of a column, an Arrow array of strings, what it holds."""
        import pyarrow.compute as pc

        cells = pc.utf8_trim_whitespace(cells)
        missing = self._missing(cells)
        known = cells.filter(pc.invert(missing))
        n = len(known)
        if not n:
            return Guess(UNKNOWN)
        numeric = self._are_numbers(known)
        n_numbers = pc.sum(numeric).as_py()
        if n_numbers == n:
            return self._numbers_or_codes(known, name)
        other = known.filter(pc.invert(numeric))
        if signed := self._with_signs(cells, other, name, n_numbers > 0):
            return signed
        if not n_numbers and (times := _as_times(cells, known, name)):
            return times
        if doubt := self._other_dialect(other, name, _row(cells, other)):
            return Guess(NUMBER, doubt=doubt)
        if not n_numbers:
            return Guess(NOMINAL, note=self._like_numbers(known, name))
        return _mixed(known, numeric, other, name, _row(cells, other))

    def times(self, cells: Any) -> tuple[NDArray[np.datetime64], int | None]:
        """Return the times of a column, and the place of the first cell that is none."""
        import pyarrow
        import pyarrow.compute as pc

        cells = pc.utf8_trim_whitespace(cells)
        missing = self._missing(cells)
        found = np.full(len(cells), np.datetime64("NaT", "us"))
        done = missing
        for pattern, form in _TIMES:
            if form == "":
                continue
            fits = pc.and_(pc.match_substring_regex(cells, pattern), pc.invert(done))
            some = cells.filter(fits)
            if not len(some):
                continue
            try:
                some = _parsed_times(some, form)
            except pyarrow.ArrowInvalid:  # such as the 30th of February
                some = [_parsed_time(cell, form) for cell in some]
            found[fits.to_numpy(zero_copy_only=False)] = some
            done = pc.or_(done, pyarrow.array(~np.isnat(found)))
        first = pc.index(done, False).as_py()
        return found, int(first) if first >= 0 else None

    def _missing(self, cells: Any) -> Any:
        import pyarrow
        import pyarrow.compute as pc

        lower = pc.is_in(pc.utf8_lower(cells), value_set=pyarrow.array(sorted(self._numbers)))
        exactly = pyarrow.array(sorted(self._exactly), pyarrow.string())
        return pc.or_(lower, pc.is_in(cells, value_set=exactly))

    def _are_numbers(self, cells: Any) -> Any:
        import pyarrow.compute as pc

        return pc.match_substring_regex(cells, self._number)

    def _with_signs(self, cells: Any, other: Any, name: str, mixed: bool) -> Guess | None:
        """Judge what is no plain number, if each is one beside a sign of per cent or a currency."""
        import pyarrow.compute as pc

        if _share(other, _SIGN) < 1.0:
            return None
        first = other[0].as_py()
        bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(other, _SIGN, ""))
        rest = bare.filter(pc.invert(self._are_numbers(bare)))
        if len(rest):
            row = _row(cells, other[_row(bare, rest) :])
            doubt = self._other_dialect(rest, name, row)
            return Guess(NUMBER, doubt=doubt) if doubt else None
        if mixed:
            return Guess(NUMBER, doubt=no_number(name, _row(cells, other), first))
        sign = next(sign for sign in self._signed if sign in first)
        odd = other.filter(pc.invert(pc.match_substring_regex(other, self._signed[sign])))
        signed = f"numbers with {sign!r}"
        if len(odd):
            return Guess(NUMBER, doubt=no_number(name, _row(cells, odd), odd[0].as_py(), signed))
        what = "per cent" if sign == PER_CENT else "amounts"
        return Guess(
            NUMBER,
            note=f"column {name!r} holds {what} such as {first!r}, read as the numbers beside the "
            f"sign; nominal=[{name!r}] takes them as text",
            sign=sign,
        )

    def _numbers_or_codes(self, known: Any, name: str) -> Guess:
        import pyarrow.compute as pc

        codes = known.filter(pc.match_substring_regex(known, _CODE))
        if not len(codes):
            return Guess(NUMBER)
        return Guess(
            NOMINAL,
            note=f"column {name!r} holds codes such as {codes[0].as_py()!r}, taken as text; "
            f"numeric=[{name!r}] takes them as numbers",
        )

    def _like_numbers(self, known: Any, name: str) -> str:
        """Say of a column of text that all of it is measured: numbers with a unit, times of day."""
        first = known[0].as_py()
        what = "times of day" if _share(known, _CLOCK) == 1.0 else ""
        found = re.match(self._number.replace("^(", "(").removesuffix("$"), first)
        if found and (unit := first[found.end() :].strip()) and _UNIT.fullmatch(unit):
            number = self._number.removeprefix("^").removesuffix("$")
            if _share(known, f"^{number} ?{re.escape(unit)}$") == 1.0:
                what = f"numbers with the unit {unit!r}"
        if not what:
            return ""
        return (
            f"column {name!r} holds {what}, such as {first!r}, taken as text; nominal=[{name!r}] "
            "says that they are"
        )

    def _other_dialect(self, other: Any, name: str, row: int) -> str:
        """Say what numbers of another way of writing are, where all text is of that kind."""
        cell = other[0].as_py()
        point, comma = (",", ".") if self._decimal == "," else (".", ",")
        ways = []
        for mark in (comma, *_GROUP_MARKS) if self._thousands is None else ():
            groups = rf"^[+-]?\d{{1,3}}({re.escape(mark)}\d{{3}})+({re.escape(point)}\d*)?$"
            if _share(other, groups) == 1.0:
                ways.append(f"thousands={mark!r} reads them as groups of three digits")
        if self._decimal == "." and _share(other, r"^[+-]?\d+,\d+([eE][+-]?\d+)?$") == 1.0:
            ways.append("decimal=',' reads the comma as a decimal point")
        if self._decimal == "." and _share(other, _POINT_GROUPS) == 1.0:
            ways.append("decimal=',' with thousands='.' reads them")
        if not ways:
            return ""
        return f"column {name!r} holds {cell!r} in row {row}: " + ", ".join(
            [*ways, f"nominal=[{name!r}] takes them as text"]
        )


def _as_times(cells: Any, known: Any, name: str) -> Guess | None:
    """Judge a column of text all of which is a time, or all but a few cells."""
    import pyarrow.compute as pc

    for pattern, _ in _TIMES:
        share = _share(known, pattern)
        if share == 1.0:
            return Guess(TIME)
        if share > 1.0 - _FEW_TEXTS:
            odd = known.filter(pc.invert(pc.match_substring_regex(known, pattern)))
            if any(_share(odd, other) == 1.0 for other, _ in _TIMES):
                return Guess(TIME)
            cell = odd[0].as_py()
            return Guess(NUMBER, doubt=no_number(name, _row(cells, odd), cell, "times"))
    return None


def _row(cells: Any, some: Any) -> int:
    """Return the row, from 0, of the first of some cells."""
    import pyarrow.compute as pc

    return int(pc.index(cells, some[0]).as_py())


def _mixed(known: Any, numeric: Any, other: Any, name: str, row: int) -> Guess:
    text = other[0].as_py()
    number = known.filter(numeric)[0].as_py()
    if len(other) < _FEW_TEXTS * len(known):
        return Guess(NUMBER, doubt=no_number(name, row, text))
    words = f"column {name!r} holds numbers such as {number!r} and text such as {text!r}"
    return Guess(NOMINAL, note=f"{words}, taken as text; numeric=[{name!r}] asks for numbers")


def _share(cells: Any, pattern: str) -> float:
    import pyarrow.compute as pc

    return float(pc.mean(pc.match_substring_regex(cells, pattern)).as_py())


def no_number(name: str, row: int, cell: str, what: str = "numbers") -> str:
    """Return what is wrong with a cell of a column of numbers, and what to do."""
    return (
        f"column {name!r} holds {what}, but {cell!r} in row {row} (from 0): "
        f"na_values=[{cell!r}] takes it for missing, nominal=[{name!r}] takes the column as text, "
        f"drop=[{name!r}] leaves it out"
    )


def no_time(name: str, row: int, cell: str) -> str:
    """Return what is wrong with a cell of a column of times, and what to do."""
    return (
        f"column {name!r} must hold times such as '2026-01-31 09:30', got {cell!r} in row {row} "
        f"(from 0); without time=[{name!r}] the column is left out"
    )


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number as it is usually written."""
    return re.fullmatch(_NUMBER, cell) is not None


def _parsed_times(cells: Any, form: str | None) -> NDArray[np.datetime64]:
    import pyarrow
    import pyarrow.compute as pc

    plain = pyarrow.timestamp("us")
    if form is None or form == "UTC":
        found = pc.replace_substring(cells, ",", ".").cast(pyarrow.timestamp("us", form))
    else:
        found = pc.strptime(cells, format=form, unit="us")
    return found.cast(plain).to_numpy(zero_copy_only=False)


def _parsed_time(cell: Any, form: str | None) -> Any:
    import pyarrow

    try:
        return _parsed_times(pyarrow.array([cell.as_py()]), form)[0]
    except pyarrow.ArrowInvalid:
        return np.datetime64("NaT", "us")
