"""What every result of an evaluation can do: print, plot, travel as JSON."""

import dataclasses
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from olearn.evaluate.json_files import dump, parse
from olearn.show.plots import save
from olearn.show.tables import TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass
class Measured(ABC):
    """A result: a dataclass of plain values.

    Results import `olearn.show`, which draws what it is given and imports no result.
    """

    @abstractmethod
    def table(self) -> TextTable:
        """Return the figures as a table that rich and `print` both show."""

    @abstractmethod
    def _draw(self) -> "Figure":
        """Draw the picture that `plot` returns and saves."""

    @classmethod
    @abstractmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Build the result from the parsed JSON, in which NaN is None."""

    def __str__(self) -> str:
        return str(self.table())

    def plot(self, path: str | Path | None = None) -> "Figure":
        """Draw what was measured; needs matplotlib.

        Parameters
        ----------
        path
            Where to save the picture (its suffix gives the format), or None.

        """
        return save(self._draw(), path)

    def to_json(self, path: str | Path | None = None) -> str:
        """Return everything as JSON, and write it to `path` if one is given; NaN becomes null."""
        return dump(dataclasses.asdict(self), path)

    @classmethod
    def from_json(cls, source: str | Path) -> Self:
        """Read what `to_json` gave: its text, or the path of its file."""
        return cls.from_dict(parse(source))
