import numpy as np
import pytest

from olearn.core.jit import njit
from olearn.core.roots import power_root, quick_root


@njit
def roots(values, out):  # type: ignore[no-untyped-def]
    for k in range(len(values)):
        out[k] = quick_root(values[k])


@njit
def powers(values, half, out):  # type: ignore[no-untyped-def]
    for k in range(len(values)):
        out[k] = power_root(values[k], half)


def quick(values: np.ndarray) -> np.ndarray:
    out = np.empty(len(values))
    roots(values, out)
    return out


@pytest.mark.parametrize("spread", [0.1, 5.0, 100.0])
def test_a_sure_root_is_the_power_that_python_takes(spread: float) -> None:
    values = np.exp(np.random.default_rng(1).normal(scale=spread, size=200_000))
    found = quick(values)
    sure = found > 0.0
    expected = np.array([value**0.5 for value in values.tolist()])
    assert 0.9 < sure.mean() < 0.97
    np.testing.assert_array_equal(found[sure], expected[sure])
    assert (expected != np.sqrt(values)).any()  # or a plain square root would do


def test_roots_are_powers_whatever_the_values() -> None:
    rng = np.random.default_rng(5)
    values = np.concatenate([10.0 ** rng.uniform(-300, 300, 150_000), [0.0, 5e-324, np.inf]])
    out = np.empty(len(values))
    powers(values, float("0.5"), out)
    assert out.tolist() == [value**0.5 for value in values.tolist()]


def test_values_without_a_sure_root_are_not_above_zero() -> None:
    values = np.array([0.0, 5e-324, 1e-300, np.inf, np.nan, -1.0])
    assert not (quick(values) > 0.0).any()


def test_roots_of_powers_of_two_and_their_neighbours_are_the_powers_that_python_takes() -> None:
    values = 2.0 ** np.arange(-900, 1000)
    values = np.concatenate([values, np.nextafter(values, np.inf), np.nextafter(values, 0.0)])
    found = quick(values)
    sure = found > 0.0
    expected = np.array([value**0.5 for value in values.tolist()])
    np.testing.assert_array_equal(found[sure], expected[sure])
    assert sure.mean() > 0.5
