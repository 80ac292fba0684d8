"""What a sample of rehearsal is: a row of features or an image; the first one decides."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from olearn.core.features import FeatureIndex
from olearn.core.tables import ColumnKinds, Names, Table
from olearn.core.types import Rows
from olearn.learners.replay.engine import RehearsalSettings, ReplayEngine
from olearn.learners.replay.images import SMALLEST, Shape, are_images, image_tensor, kind


class SampleEncoder:
    """Rows as float64, by name; images as uint8 tensors. An `olearn.base.EncodesRows`.

    Parameters
    ----------
    index
        Features of rows.
    settings
        Of the engine that will learn the samples.

    """

    def __init__(self, index: FeatureIndex, settings: RehearsalSettings) -> None:
        self.index = index
        self.begun = False
        self.shape: Shape | None = None  # of images; None for rows
        self._settings = settings

    @property
    def names(self) -> list[Any]:
        """Features in the order of their columns."""
        return self.index.names

    def __len__(self) -> int:
        return len(self.index)

    def expect(self, kinds: ColumnKinds) -> None:
        """Take over what the source of the rows knows of their columns, before the first one."""
        self.index.expect(kinds)

    def quick(self, x: Any) -> Rows | None:
        """Encode a row in which nothing is new and all is in order; else return None."""
        if not self.begun or self.shape is not None or are_images(x, 3):
            return None
        return self.index.quick(x)

    def learn_one(self, x: Any) -> Any:
        """Check a row or image, then encode it, adding columns and categories."""
        image = self._image("x", x, 3)
        if image is not None:
            self._begin(tuple(image.shape))
            return image
        row = self.index.learn_one(x)
        self._begin(None)
        return row

    def encode_one(self, x: Any) -> Any:
        """Check and encode a row or image; changes nothing."""
        image = self._image("x", x, 3)
        return self.index.encode_one(x) if image is None else image

    def check_many(self, X: Any, names: Names = None) -> Any:
        """Check many rows or images; changes nothing."""
        images = self._image("X", X, 4)
        return self.index.check_many(X, names) if images is None else images

    def arrivals(self, table: Tensor | Table, room: Callable[[int], int]) -> list[int]:
        """Return the rows of what was checked that bring columns or categories."""
        return [] if isinstance(table, Tensor) else self.index.arrivals(table, room)

    def learn_many(self, table: Tensor | Table) -> Any:
        """Encode what was checked, adding columns and categories."""
        if isinstance(table, Tensor):
            self._begin(tuple(table.shape[1:]))
            return table
        if len(table):  # no rows do not say what is to come
            self._begin(None)
        return self.index.learn_many(table)

    def encode_many(self, table: Tensor | Table) -> Any:
        """Encode what was checked; changes nothing."""
        return table if isinstance(table, Tensor) else self.index.encode_many(table)

    def _image(self, name: str, x: Any, n_axes: int) -> Tensor | None:
        """Return images as a tensor, None for rows; refuse those unlike the first sample."""
        images = image_tensor(name, x, n_axes) if are_images(x, n_axes) else None
        shape = None if images is None else tuple(images.shape[-3:])
        if self.begun and shape != self.shape:
            raise ValueError(f"x must be {kind(self.shape)}, as the first was, got {kind(shape)}")
        return images

    def _begin(self, shape: Shape | None) -> None:
        """Let the first sample decide, if a network can take it."""
        if self.begun:
            return
        if shape is not None and self._settings.trunk is not None:
            ReplayEngine(self._settings, shape).prepare(self.index)  # raises if it does not fit
        elif shape is not None and min(shape[1:]) < SMALLEST:
            raise ValueError(f"x must be of at least {SMALLEST} pixels a side, got {shape}")
        self.begun, self.shape = True, shape
