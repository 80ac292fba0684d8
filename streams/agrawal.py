"""The loan applicants of Agrawal, Imielinski and Swami."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np

from olearn.core.jit import njit
from olearn.core.parameters import Fraction, In, NonNegativeInt, check_parameters
from olearn.core.rng import KernelState, kernel_state, next_below, next_double
from olearn.streams.base import Block, Floats, Ints, Reader, Schema, Stream

__all__ = ["Agrawal"]

_NAMES = (
    "salary",
    "commission",
    "age",
    "elevel",
    "car",
    "zipcode",
    "hvalue",
    "hyears",
    "loan",
)
_SALARY, _COMMISSION, _AGE, _ELEVEL, _CAR, _ZIPCODE, _HVALUE, _HYEARS, _LOAN = range(9)


@dataclass(eq=False, repr=False)
class Agrawal(Stream):
    r"""Agrawal: is this loan applicant in group A? Ten published functions[^1].

    Features: salary 20,000 to 150,000; commission 0 if salary >= 75,000, else 10,000 to 75,000;
    age 20 to 80; elevel (education, nominal) 0 to 4; car (maker, nominal) 1 to 20; zipcode
    (nominal) 0 to 8; hvalue (of the house) $k \cdot [50{,}000, 150{,}000)$ with $k$ = 9 - zipcode;
    hyears 1 to 30; loan 0 to 500,000; all uniform and independent but for the two ties named.
    Label 0 is group A, as in MOA. Functions 1 to 6 test age bands together with salary, education,
    loan or total income; 7 to 10 are the sign of a disposable income, e.g. number 7:
    $\frac{2}{3}(\text{salary} + \text{commission}) - \frac{1}{5} \text{loan} - 20{,}000 > 0$.
    Endless unless `n_samples` is given; O(1) per row.

    Parameters
    ----------
    function
        Which published function decides, 1 to 10. This is the concept.
    perturbation
        Noise on the numeric features after labelling, in [0, 1]: each moves by a uniform amount of
        up to this fraction of its range, kept inside the range.
    seed
        Non-negative integer.
    n_samples
        Number of rows, at least 0; `None` means endless.

    Raises
    ------
    ValueError
        If a parameter is outside the range above.

    Notes
    -----
    The paper writes 0.67 for the factor 2/3 used here and in MOA. A perturbed house value stays in
    the range of its own zip code. river numbers the functions 0 to 9, takes k = 8 - zipcode, and
    calls group A class 1 for the first six functions.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.Agrawal(function=1, seed=42)
    >>> for x, y in stream.take(3):
    ...     print(round(x["age"]), x["elevel"], round(x["salary"]), y)
    30 1 65705 0
    50 3 38118 1
    27 4 50462 0

    References
    ----------
    [^1]: Agrawal, R., Imielinski, T., Swami, A. (1993). Database mining: a performance
        perspective. IEEE Trans. Knowledge and Data Engineering 5(6), 914-925. Appendix.

    """

    function: Annotated[int, In(1, 10)] = 1
    perturbation: Fraction = 0.0
    seed: NonNegativeInt = 1
    _: KW_ONLY
    n_samples: NonNegativeInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        super().__init__(Schema(_NAMES, ("elevel", "car", "zipcode"), (0, 1)), self.n_samples)

    def _open(self) -> Reader:
        state = kernel_state(self.seed)

        def read(n: int) -> Block:
            X, y = np.empty((n, 9)), np.empty(n, np.int64)
            _fill(state, X, y, self.function, self.perturbation)
            return X, y

        return read


@njit
def _within(value: float, low: float, high: float) -> bool:
    return low <= value <= high


@njit
def _by_age(age: float, young: bool, middle: bool, old: bool) -> bool:
    if age < 40:
        return young
    return middle if age < 60 else old


@njit
def _in_group_a(function: int, x: Floats) -> bool:
    """Tell whether the applicant `x` (9,) is in group A by functions 1 to 6, without the loan."""
    age, elevel, salary = x[_AGE], x[_ELEVEL], x[_SALARY]
    if function == 1:
        return bool(age < 40 or age >= 60)
    if function == 6:
        salary = salary + x[_COMMISSION]
    if function == 2 or function == 6:
        return _by_age(
            age,
            _within(salary, 50000, 100000),
            _within(salary, 75000, 125000),
            _within(salary, 25000, 75000),
        )
    fits = _by_age(age, elevel <= 1, _within(elevel, 1, 3), elevel >= 2)
    if function == 3:
        return fits
    low, middle, high = (
        _within(salary, 25000, 75000),
        _within(salary, 50000, 100000),
        _within(salary, 75000, 125000),
    )
    if fits:
        return _by_age(age, low, middle, middle)
    return _by_age(age, middle, high, low)


@njit
def _in_group_a_by_loan(x: Floats) -> bool:
    """Function 5: the loan that fits depends on age and salary."""
    age, salary, loan = x[_AGE], x[_SALARY], x[_LOAN]
    if age < 40:
        low = 100000 if _within(salary, 50000, 100000) else 200000
    elif age < 60:
        low = 200000 if _within(salary, 75000, 125000) else 300000
    else:
        low = 300000 if _within(salary, 25000, 75000) else 100000
    return _within(loan, low, low + 200000)


@njit
def _disposable(function: int, x: Floats) -> float:
    """Functions 7 to 10: group A has a positive disposable income."""
    income = 2.0 * (x[_SALARY] + x[_COMMISSION]) / 3.0
    if function == 7:
        return float(income - x[_LOAN] / 5.0 - 20000.0)
    income -= 5000.0 * x[_ELEVEL]
    if function == 8:
        return float(income - 20000.0)
    if function == 9:
        return float(income - x[_LOAN] / 5.0 - 10000.0)
    equity = 0.1 * x[_HVALUE] * max(x[_HYEARS] - 20.0, 0.0)
    return float(income + 0.2 * equity - 10000.0)


@njit
def _label(function: int, x: Floats) -> int:
    if function == 5:
        return 0 if _in_group_a_by_loan(x) else 1
    if function <= 6:
        return 0 if _in_group_a(function, x) else 1
    return 0 if _disposable(function, x) > 0.0 else 1


@njit
def _perturbed(state: KernelState, value: float, low: float, high: float, fraction: float) -> float:
    value += (high - low) * (2.0 * next_double(state) - 1.0) * fraction
    return min(max(value, low), high)


@njit
def _perturb(state: KernelState, x: Floats, fraction: float) -> None:
    k = 100000.0 * (9.0 - x[_ZIPCODE])
    x[_SALARY] = _perturbed(state, x[_SALARY], 20000.0, 150000.0, fraction)
    if x[_COMMISSION] > 0.0:
        x[_COMMISSION] = _perturbed(state, x[_COMMISSION], 10000.0, 75000.0, fraction)
    x[_AGE] = round(_perturbed(state, x[_AGE], 20.0, 80.0, fraction))
    x[_HVALUE] = _perturbed(state, x[_HVALUE], 0.5 * k, 1.5 * k, fraction)
    x[_HYEARS] = round(_perturbed(state, x[_HYEARS], 1.0, 30.0, fraction))
    x[_LOAN] = _perturbed(state, x[_LOAN], 0.0, 500000.0, fraction)


@njit
def _fill(state: KernelState, X: Floats, y: Ints, function: int, perturbation: float) -> None:
    """Write the next rows into `X` (n, 9) and `y` (n,), advancing `state` in place."""
    for i in range(X.shape[0]):
        x = X[i]
        x[_SALARY] = 20000.0 + 130000.0 * next_double(state)
        x[_COMMISSION] = 0.0
        if x[_SALARY] < 75000.0:
            x[_COMMISSION] = 10000.0 + 65000.0 * next_double(state)
        x[_AGE] = 20 + next_below(state, 61)
        x[_ELEVEL] = next_below(state, 5)
        x[_CAR] = 1 + next_below(state, 20)
        x[_ZIPCODE] = next_below(state, 9)
        x[_HVALUE] = (9.0 - x[_ZIPCODE]) * 100000.0 * (0.5 + next_double(state))
        x[_HYEARS] = 1 + next_below(state, 30)
        x[_LOAN] = 500000.0 * next_double(state)
        y[i] = _label(function, x)
        if perturbation > 0.0:
            _perturb(state, x, perturbation)
