"""Encoders: a value to the positions of its active bits; near values share bits."""

import abc
import math
from collections.abc import Hashable, Sequence
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.parameters import (
    Above,
    AtLeast,
    In,
    PositiveInt,
    check_parameters,
    with_parameters,
)
from olearn.core.validate import check_number
from olearn.core.values import as_float
from olearn.detectors.htm import _encoder_kernels as k
from olearn.detectors.htm.spatial_pooler import Bits

__all__ = ["CategoryEncoder", "RandomDistributedScalarEncoder", "ScalarEncoder"]

Fields = NDArray[np.float64]


class Encoder(base.Base, abc.ABC):
    """What encoders share: a value becomes the positions of the active bits of `size` bits."""

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Number of bits of a code."""

    @abc.abstractmethod
    def encode(self, value: Any) -> Bits:
        """Return the positions of the active bits, ascending; none for None and NaN."""


def check_finite(name: str, value: Any) -> float:
    """Return a number, or NaN for None; raise if it is infinite or no number."""
    if value is None:
        return math.nan
    if isinstance(value, float) and math.isnan(value):
        return value
    if not isinstance(value, np.number | np.bool_ | bool):
        check_number(name, value)
    number = as_float(value)
    if math.isinf(number):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return number


def _encode_number(fields: Fields, value: Any) -> Bits:
    bits = np.empty(int(fields[0, k.WIDTH]), np.int64)
    n = k.encode_fields(bits, fields, np.array([check_finite("value", value)]))
    code: Bits = np.sort(bits[:n])
    return code


def _field(**entries: float) -> Fields:
    row = np.zeros((1, k.FIELD_SIZE))
    for name, value in entries.items():
        row[0, getattr(k, name)] = value
    return row


@with_parameters
class ScalarEncoder(Encoder):
    r"""A number in a known range as a block of consecutive active bits[^1].

    The block starts at bit $\operatorname{round}((x - \text{minimum}) / R)$. Numbers less than
    $w R$ apart share bits, where $w$ is `width` and $R$ the resolution. Numbers outside the range
    get the code of its nearest end, or are taken modulo the range if `periodic`.

    Parameters
    ----------
    minimum
        Lower end of the range.
    maximum
        Upper end of the range, above `minimum`; where `periodic`, it means the same as `minimum`.
    width
        Number $w$ of active bits; at least 1.
    n_bits
        Number of bits, more than `width`; or give `radius`.
    radius
        Distance $w R$ from which two numbers share no bit, positive; or give `n_bits`.
    periodic
        Whether the range is a ring, such as the hours of a day.

    Raises
    ------
    TypeError, ValueError
        If an argument is outside the range above, or not exactly one of `n_bits` and `radius` is
        given.

    Examples
    --------
    >>> from olearn.detectors import htm

    >>> encoder = htm.ScalarEncoder(0.0, 10.0, width=3, n_bits=13)
    >>> encoder.encode(0.0), encoder.encode(1.0), encoder.encode(99.0)
    (array([0, 1, 2]), array([1, 2, 3]), array([10, 11, 12]))
    >>> hours = htm.ScalarEncoder(0.0, 24.0, width=3, radius=3.0, periodic=True)
    >>> hours.size, hours.encode(23.0)
    (24, array([ 0,  1, 23]))

    References
    ----------
    [^1]: Purdy, S. (2016). Encoding data for HTM systems. arXiv 1602.05925. Section 3.

    """

    minimum: Annotated[float, In(-1e300, 1e300)]
    maximum: Annotated[float, In("minimum", 1e300, "(]")]
    width: PositiveInt = 21
    _: KW_ONLY
    n_bits: Annotated[int, Above("width")] | None = None
    radius: Annotated[float, In(0.0, 1e300, "(]")] | None = None
    periodic: bool = False

    def __post_init__(self) -> None:
        check_parameters(self)
        if (self.n_bits is None) == (self.radius is None):
            raise ValueError(f"give one of n_bits and radius, got {self.n_bits} and {self.radius}")
        span = self.maximum - self.minimum
        if self.n_bits is None:
            assert self.radius is not None
            resolution = self.radius / self.width
            size = math.ceil(span / resolution) + (0 if self.periodic else self.width - 1)
            if size <= self.width:
                raise ValueError(f"radius must be below the range {span}, got {self.radius}")
        else:
            size = self.n_bits
            resolution = span / (self.n_bits if self.periodic else self.n_bits - self.width)
        self.fields = _field(
            KIND=k.PERIODIC if self.periodic else k.CLIPPED,
            N_BITS=size,
            WIDTH=self.width,
            RESOLUTION=resolution,
            ORIGIN=self.minimum,
            TOP=size - self.width,
        )

    @property
    def size(self) -> int:
        """Number of bits of a code."""
        return int(self.fields[0, k.N_BITS])

    def encode(self, value: float | None) -> Bits:
        """Return the positions of the active bits, ascending; none for None and NaN."""
        return _encode_number(self.fields, value)


@with_parameters
class RandomDistributedScalarEncoder(Encoder):
    r"""A number of any range as scattered bits: needs a resolution, no limits[^1].

    The number falls into bucket $b = \lfloor (x - o) / R \rfloor$, whose active bits are the
    hashes of $b, b + 1, \dots, b + w - 1$: buckets $i$ and $j$ share about $w - |i - j|$ bits.
    Nothing is stored, time O(`width`); now and then two hashes of a code coincide, which leaves it
    a bit less. `exact` codes come from a table instead: buckets share exactly $w - |i - j|$ bits,
    and at most 2 where $|i - j| \ge w$.

    Parameters
    ----------
    resolution
        Width $R$ of a bucket, positive: numbers closer than this look the same.
    n_bits
        Number of bits, more than `width`.
    width
        Number $w$ of hashes, at least 1.
    offset
        A border $o$ between two buckets.
    exact
        Whether to take the codes from a table, which the constructor makes.
    n_buckets
        Number of codes in the table, half of them on each side of `offset`, at least 2; numbers
        further away get the outermost codes.
    seed
        Seed of the hashes and the table, a non-negative integer below 2^31.

    Raises
    ------
    TypeError, ValueError
        If an argument is outside the range above, or `n_bits` is too small for exact codes.

    Examples
    --------
    >>> from olearn.detectors import htm

    >>> encoder = htm.RandomDistributedScalarEncoder(0.5, seed=3)
    >>> code = set(encoder.encode(7.2))
    >>> [len(code & set(encoder.encode(x))) for x in (7.2, 7.7, 9.0, -100.0)]
    [21, 20, 17, 0]

    References
    ----------
    [^1]: Purdy, S. (2016). Encoding data for HTM systems. arXiv 1602.05925. Section 3.2.

    """

    resolution: Annotated[float, In(0.0, 1e300, "(]")]
    n_bits: Annotated[int, Above("width")] = 400
    width: PositiveInt = 21
    _: KW_ONLY
    offset: Annotated[float, In(-1e300, 1e300)] = 0.0
    exact: bool = False
    n_buckets: Annotated[int, AtLeast(2)] = 1000
    seed: Annotated[int, In(0, 2**31 - 1)] = 0

    def __post_init__(self) -> None:
        check_parameters(self)
        self.fields = _field(
            KIND=k.HASHED,
            N_BITS=self.n_bits,
            WIDTH=self.width,
            RESOLUTION=self.resolution,
            ORIGIN=self.offset,
            SEED=self.seed,
        )
        self._codes = (
            _exact_codes(self.n_buckets, self.n_bits, self.width, self.seed) if self.exact else None
        )

    @property
    def size(self) -> int:
        """Number of bits of a code."""
        return int(self.fields[0, k.N_BITS])

    def encode(self, value: float | None) -> Bits:
        """Return the positions of the active bits, ascending; none for None and NaN."""
        if self._codes is None:
            return _encode_number(self.fields, value)
        number = check_finite("value", value)
        if math.isnan(number):
            return np.empty(0, np.int64)
        bucket = (number - self.offset) / self.resolution + len(self._codes) // 2
        code: Bits = np.sort(self._codes[int(min(max(bucket, 0.0), len(self._codes) - 1.0))])
        return code


def _exact_codes(n_buckets: int, n_bits: int, width: int, seed: int) -> Bits:
    """Each code is the one before with its oldest bit replaced, checked against all before."""
    rng = np.random.default_rng(seed)
    codes = np.zeros((n_buckets, width), np.int64)
    active = np.zeros((n_buckets, n_bits), np.int64)
    code = rng.permutation(n_bits)[:width]
    for b in range(n_buckets):
        if b > 0:
            code = code.copy()
            near = max(0, b - width)
            kept = active[b - 1].copy()
            kept[code[b % width]] = 0
            full = active[:near][active[:near] @ kept >= 2]  # these may share no further bit
            free = np.flatnonzero(~(active[near:b].any(axis=0) | full.any(axis=0)))
            if not free.size:
                raise ValueError(f"n_bits must be larger for {n_buckets} exact codes, got {n_bits}")
            code[b % width] = rng.choice(free)
        codes[b] = code
        active[b, code] = 1
    return codes


@with_parameters
class CategoryEncoder(Encoder):
    """A category as a block of bits of its own; all unknown ones share the first block.

    Parameters
    ----------
    categories
        The known categories: distinct hashable values, at least one.
    width
        Number of active bits, at least 1.

    Raises
    ------
    TypeError, ValueError
        If `width` is outside the range above or the categories are not distinct.

    Examples
    --------
    >>> from olearn.detectors import htm

    >>> encoder = htm.CategoryEncoder(("red", "green"), width=3)
    >>> encoder.size, encoder.encode("green"), encoder.encode("blue")
    (9, array([6, 7, 8]), array([0, 1, 2]))

    References
    ----------
    [^1]: Purdy, S. (2016). Encoding data for HTM systems. arXiv 1602.05925. Section 4.

    """

    categories: Sequence[Hashable]
    width: PositiveInt = 21

    def __post_init__(self) -> None:
        check_parameters(self)
        places = {category: i + 1 for i, category in enumerate(self.categories)}
        if not places or len(places) < len(self.categories):
            raise ValueError(f"categories must be distinct, at least one, got {self.categories!r}")
        self._places = places

    @property
    def size(self) -> int:
        """Number of bits of a code."""
        return (len(self._places) + 1) * self.width

    def encode(self, value: Hashable) -> Bits:
        """Return the positions of the active bits, ascending; none for None and NaN."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return np.empty(0, np.int64)
        start = self._places.get(value, 0) * self.width
        return np.arange(start, start + self.width, dtype=np.int64)
