"""Transformers side by side, whose columns are joined: `+` of stages."""

from typing import Any

import numpy as np
from river.compose import TransformerUnion

from olearn.base.chain import Link
from olearn.base.stages import is_stage
from olearn.base.transformer import ArrayTransformer, ColumnsOut
from olearn.core.features import FeatureIndex
from olearn.core.types import Codes, Rows

__all__ = ["ArrayUnion"]


class ArrayUnion(ArrayTransformer, TransformerUnion):  # type: ignore[misc]
    """Stages side by side, made by `+`: each is given all features, and what they emit is joined.

    It is river's `TransformerUnion`, with whole arrays and frames beside single rows. Two parts
    must not emit the same feature, where in river's the first one wins.

    Parameters
    ----------
    transformers
        Transformers, or pairs of a name and a transformer; they are copied.

    Raises
    ------
    ValueError
        If two parts emit a feature of the same name.

    """

    __slots__ = ("_links",)
    _links: list[tuple[Link, Any]] | None

    def __init__(self, *transformers: Any) -> None:
        self._features = FeatureIndex()
        self._order: list[tuple[int, int]] = []  # part and column of each column, as they came
        TransformerUnion.__init__(self, *transformers)

    def __add__(self, other: Any) -> Any:
        if is_stage(other):
            return self._add_step(other)
        return TransformerUnion(*self.transformers.items(), other)

    def _add_step(self, transformer: Any) -> "ArrayUnion":
        super()._add_step(transformer)  # type: ignore[no-untyped-call]
        self._links = None
        return self

    @property
    def _target_is_number(self) -> bool:
        return any(part._target_is_number for part in self.transformers.values())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._links = None

    def _parts(self) -> list[tuple[Link, Any]]:
        links = self._links
        if links is None:
            parts = self.transformers.values()
            links = self._links = [(Link(_Source(self._features), part), part) for part in parts]
        return links

    def _grow(self) -> None:
        known = set(self._order)
        names = set(self._columns_out[0])
        for k, (link, part) in enumerate(self._parts()):
            link.follow()
            part._settle()
            for column, name in enumerate(part._columns_out[0]):
                if (k, column) in known:
                    continue
                if name in names:
                    raise ValueError(
                        f"two parts of {self} emit {name!r}: let one give it another name"
                    )
                names.add(name)
                self._order.append((k, column))

    @property
    def _columns_out(self) -> ColumnsOut:
        out = [part._columns_out for part in self.transformers.values()]
        return (
            [out[k][0][column] for k, column in self._order],
            [out[k][1][column] for k, column in self._order],
        )

    def _joined(self, made: list[Rows]) -> Rows:
        columns = [made[k][..., column] for k, column in self._order]
        if not columns:
            return np.empty((*made[0].shape[:-1], 0))
        return np.ascontiguousarray(np.stack(columns, axis=-1), np.float64)

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        for link, part in self._parts():
            part._learn_rows(link(X), y if part._supervised else None, w)

    def _transform_rows(self, X: Rows) -> Rows:
        return self._joined([part._transform_rows(link(X)) for link, part in self._parts()])

    def _transform_row(self, row: Rows) -> Rows:
        return self._joined([part._transform_row(link(row)) for link, part in self._parts()])

    def _learn_and_transform_row(self, row: Rows, y: Any, w: float) -> Rows:
        return self._joined(
            [part._learn_and_transform_row(link(row), y, w) for link, part in self._parts()]
        )

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        made = [part._stage_rows(link(A), link(B), y, w, upto) for link, part in self._parts()]
        return self._joined([a for a, _ in made]), self._joined([b for _, b in made])

    def _room(self, n_categories: int) -> Any:
        return tuple(part._room(n_categories) for part in self.transformers.values())

    def _wants_categories(self, name: Any) -> bool:
        return any(part._wants_categories(name) for part in self.transformers.values())

    def _hands_on(self, name: Any) -> bool:
        return any(part._hands_on(name) for part in self.transformers.values())

    def _refuse_text(self, name: Any, value: Any) -> None:
        for part in self.transformers.values():
            part._refuse_text(name, value)


class _Source:
    """What a union is given, as a step that hands it on."""

    def __init__(self, features: FeatureIndex) -> None:
        self._features = features

    @property
    def _columns_out(self) -> ColumnsOut:
        return self._features.names, self._features.categories
