"""One statement of a parameter: a field of a dataclass, its range beside its type.

```python
@with_parameters
class FadingMeans(ArrayClassifier):
    rate: Annotated[float, In(0.0, 1.0, "(]")] = 0.01
    _: KW_ONLY
    window_size: Annotated[int, AtLeast(2)] | None = None
    min_length: Annotated[int, In(1, "window_size")] = 1
    two_sided: bool = True
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        ...
```

The type says the kind: `bool` is a flag, `int` a whole number, `float` any number but NaN, and None
is allowed where the type has it. What stands beside a type in `Annotated` is a range, `OneOf` some
names, or a function of the name and the value that raises, such as `check_names`.

Once a model is made, its parameters can be read; those in its `_mutable_attributes` can be set too,
and then take effect; setting any other raises AttributeError.
"""

import dataclasses
import functools
import inspect
import math
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, Union, dataclass_transform, get_args, get_origin

from olearn.core.validate import (
    check_choice,
    check_flag,
    check_in_range,
    check_integer,
    check_number,
)

__all__ = [
    "Above",
    "AtLeast",
    "Check",
    "FiniteFloat",
    "Fraction",
    "In",
    "NonNegativeInt",
    "OneOf",
    "OpenFraction",
    "Parameter",
    "PositiveFloat",
    "PositiveInt",
    "Seed",
    "Settable",
    "check_parameters",
    "parameter_of",
    "parameters",
    "with_parameters",
]

_Class = TypeVar("_Class", bound=type[Any])

Check = Callable[[Any, str, Any], None]
"""Raises unless a value is allowed; of the model, the parameter's name and its value."""


@dataclass(frozen=True, repr=False)
class In:
    """An interval; a bound that is a name is the value of that parameter of the same model.

    Parameters
    ----------
    low
        Lower bound.
    high
        Upper bound.
    ends
        "[]", "(]", "[)" or "()": a round bracket leaves the bound out.

    """

    low: float | str = -math.inf
    high: float | str = math.inf
    ends: str = "[]"

    def __post_init__(self) -> None:
        check_choice("ends", self.ends, ("[]", "(]", "[)", "()"))

    def __repr__(self) -> str:
        return f"in {self.ends[0]}{self.low}, {self.high}{self.ends[1]}"  # as `help` shows it

    @property
    def bounds(self) -> tuple[float | str, float | str]:
        """Both bounds."""
        return self.low, self.high

    def check(self, model: Any, name: str, value: Any) -> None:
        """Raise unless `value` is a number in the interval."""
        low = getattr(model, self.low) if isinstance(self.low, str) else self.low
        high = getattr(model, self.high) if isinstance(self.high, str) else self.high
        open_low, open_high = self.ends[0] == "(", self.ends[1] == ")"
        check_in_range(name, value, low, high, open_low=open_low, open_high=open_high)

    def check_whole(self, model: Any, name: str, value: Any) -> None:
        """Raise unless `value` is a whole number in the interval."""
        check_integer(name, value)
        self.check(model, name, int(value))


class AtLeast(In):
    """The numbers from `low` up."""

    def __init__(self, low: float | str) -> None:
        super().__init__(low)


class Above(In):
    """The numbers larger than `low`."""

    def __init__(self, low: float | str) -> None:
        super().__init__(low, ends="(]")


class OneOf:
    """Some names; any other is refused, and the nearest suggested."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def __repr__(self) -> str:
        return f"one of {', '.join(self.choices)}"

    def __call__(self, name: str, value: Any) -> None:
        """Raise unless `value` is one of the names."""
        check_choice(name, value, self.choices)


PositiveInt = Annotated[int, AtLeast(1)]
"""A whole number, at least 1."""
NonNegativeInt = Annotated[int, AtLeast(0)]
"""A whole number, at least 0."""
PositiveFloat = Annotated[float, In(0.0, math.inf, "()")]
"""A finite number above 0."""
FiniteFloat = Annotated[float, In(-math.inf, math.inf, "()")]
"""A finite number."""
Fraction = Annotated[float, In(0.0, 1.0)]
"""A number in [0, 1]."""
OpenFraction = Annotated[float, In(0.0, 1.0, "()")]
"""A number in (0, 1)."""
Seed = Annotated[int, AtLeast(0)] | None
"""A whole number, at least 0, or None for a fresh one."""


class Settable:
    """A model of which some parameters can be set while it learns: `_mutable_attributes`."""

    @property
    def _mutable_attributes(self) -> set[str]:
        """Names of the parameters that `mutate`, and setting the attribute, change."""
        return set()

    def _apply_parameters(self) -> None:
        """Make parameters take effect that were set; they are in their ranges."""


@dataclass_transform(eq_default=False, field_specifiers=(dataclasses.field,))
def with_parameters(cls: _Class) -> _Class:
    """Make a dataclass of a class, whose parameters are not set in vain once it is made.

    Examples
    --------
    >>> from olearn.core.parameters import PositiveInt, check_parameters, with_parameters

    >>> @with_parameters
    ... class Chart:
    ...     warm_up: PositiveInt = 30
    ...     def __post_init__(self):
    ...         check_parameters(self)
    >>> chart = Chart(warm_up=50)
    >>> chart.warm_up = 10
    Traceback (most recent call last):
    ...
    AttributeError: warm_up of Chart cannot be set once it is made, it stays 50: make a new one

    """
    made: Any = dataclass(eq=False, repr=False)(cls)  # river compares and prints
    for field in dataclasses.fields(made):
        if field.init and (field.name in vars(made) or not hasattr(made, field.name)):
            default = vars(made).get(field.name, _Attribute.MISSING)
            setattr(made, field.name, _Attribute(field.name, default))
    start = made.__init__

    @functools.wraps(start)
    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        outermost = id(self) not in _in_the_making
        _in_the_making.add(id(self))
        try:
            start(self, *args, **kwargs)
        finally:
            if outermost:
                _in_the_making.discard(id(self))

    made.__init__ = make
    return made


_in_the_making: set[int] = set()  # of models whose constructor runs


class _Attribute:
    """A parameter as an attribute: its value is in the model's `__dict__`, as any other's.

    An attribute of each class, for the parameters that it has; models that are copied, pickled or
    read from files are filled past it.
    """

    MISSING: Any = object()

    def __init__(self, name: str, default: Any) -> None:
        self.name = name
        self.default = default

    def __get__(self, model: Any, cls: Any = None) -> Any:
        if model is not None:
            try:
                return model.__dict__[self.name]
            except KeyError:  # a file of a version without this parameter
                pass
        if self.default is self.MISSING:
            raise AttributeError(self.name)
        return self.default

    def __set__(self, model: Any, value: Any) -> None:
        name, values = self.name, vars(model)
        if name not in values or id(model) in _in_the_making:
            values[name] = value
            return
        before = values[name]
        if not isinstance(model, Settable) or name not in model._mutable_attributes:
            clone = f"clone({{{name!r}: {value!r}}})" if hasattr(model, "clone") else "a new one"
            raise AttributeError(
                f"{name} of {type(model).__name__} cannot be set once it is made, it stays "
                f"{before!r}: make {clone}"
            )
        values[name] = value
        try:
            check_parameters(model)
        except (TypeError, ValueError):
            values[name] = before
            raise
        model._apply_parameters()


def check_parameters(model: Any) -> None:
    """Raise unless each field of `model`, an instance of a dataclass, is in its range.

    A field that is an empty tuple becomes an empty list, which river can clone.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from typing import Annotated
    >>> from olearn.core.parameters import In, check_parameters

    >>> @dataclass
    ... class Chart:
    ...     width: Annotated[float, In(0.0, 1.0, "(]")] = 0.1
    ...     def __post_init__(self):
    ...         check_parameters(self)
    >>> Chart(width=2)
    Traceback (most recent call last):
    ...
    ValueError: width must be in (0.0, 1.0], got 2

    """
    cls: Any = type(model)
    for field in dataclasses.fields(cls):
        value = getattr(model, field.name) if field.init else None
        if isinstance(value, tuple) and not value:
            setattr(model, field.name, [])  # a clone looks at the first of a tuple
    for name, optional, check in _checks(cls):
        value = getattr(model, name)
        if value is not None or not optional:
            check(model, name, value)


@dataclass(frozen=True)
class Parameter:
    """What an annotation says: the types without None, whether None is one, and the rest."""

    kinds: frozenset[Any]
    optional: bool
    limits: tuple[Any, ...]

    @property
    def range(self) -> In | None:
        """The interval, if there is one."""
        return next((limit for limit in self.limits if isinstance(limit, In)), None)


def parameters(cls: type) -> dict[str, Parameter]:
    """Return what the annotations of a dataclass say of each parameter, in order."""
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if "__dataclass_fields__" in vars(base):
            hints |= inspect.get_annotations(base, eval_str=True)
    given = (field.name for field in dataclasses.fields(cls) if field.init)
    return {name: parameter_of(hints[name]) for name in given}


def parameter_of(hint: Any) -> Parameter:
    """Take an annotation apart, through unions and `Annotated`."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        inner = parameter_of(args[0])
        return dataclasses.replace(inner, limits=inner.limits + args[1:])
    if origin not in (Union, types.UnionType):
        none = hint is type(None) or hint is None
        return Parameter(frozenset() if none else frozenset({hint}), none, ())
    parts = [parameter_of(each) for each in args]
    return Parameter(
        frozenset().union(*(part.kinds for part in parts)),
        any(part.optional for part in parts),
        sum((part.limits for part in parts), ()),
    )


@functools.cache  # once a class: a constructor only runs the checks
def _checks(cls: type) -> list[tuple[str, bool, Check]]:
    """Return what to check, parameters that others bound last."""
    first: list[tuple[str, bool, Check]] = []
    last: list[tuple[str, bool, Check]] = []
    for name, parameter in parameters(cls).items():
        interval = parameter.range
        bounded = interval is not None and any(isinstance(each, str) for each in interval.bounds)
        for check in _checks_of(parameter):
            (last if bounded else first).append((name, parameter.optional, check))
    return first + last


def _checks_of(parameter: Parameter) -> list[Check]:
    checks: list[Check] = []
    interval, kinds = parameter.range, parameter.kinds
    if kinds == {bool}:
        checks.append(_without_model(check_flag))
    elif kinds == {int}:
        checks.append((interval or In()).check_whole)
    elif interval is not None:
        checks.append(interval.check)
    elif kinds and kinds <= {int, float}:
        checks.append(_without_model(check_number))
    return checks + [_without_model(limit) for limit in parameter.limits if callable(limit)]


def _without_model(check: Callable[[str, Any], None]) -> Check:
    return lambda model, name, value: check(name, value)
