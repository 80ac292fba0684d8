"""Tests of SPRT: reference traces, and error rates and sample numbers by simulation."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from olearn import detectors
from olearn.detectors import _sprt_kernels as kernels

FOLDER = Path(__file__).parents[1] / "golden" / "htm_sprt"
# traces of an independent implementation
GOLDEN = np.load(FOLDER / "sprt_traces.npz")
# acceptance probabilities and mean sample numbers by dynamic programming
EXACT = json.loads((FOLDER / "sprt_exact_bernoulli.json").read_text())
# mean run lengths of the reflected sum by simulation, with their standard errors
PAGE = json.loads((FOLDER / "page_run_lengths.json").read_text())


def trace(test, xs):
    llr, decisions = [], []
    for x in xs:
        test.update(float(x))
        llr.append(test.llr)
        decisions.append(test.decision)
    return np.array(llr), np.array(decisions)


@njit
def _decide_many(decisions, lengths, state, xs):
    """Write the decisions and how many values each took; return their number."""
    n = 0
    for x in xs:
        decision = kernels.sprt_update(state, x)
        if decision != 0:
            decisions[n] = decision
            lengths[n] = state[kernels.N_TESTED]
            n += 1
    return n


def simulate(test, draw, n_tests):
    """Decisions and lengths of tests on independent values, one after the other."""
    decisions, lengths = [], []
    out, sizes = np.empty((2, 100_000), dtype=np.int64)
    state = test._new_state()
    while len(decisions) < n_tests:
        n = _decide_many(out, sizes, state, draw(100_000))
        decisions.extend(out[:n].tolist())
        lengths.extend(sizes[:n].tolist())
    return np.array(decisions[:n_tests]), np.array(lengths[:n_tests])


def standard_error(values):
    return values.std() / math.sqrt(len(values))


def assert_probability(events, bound):
    """The share of events is at most `bound`, give or take 4 standard errors."""
    assert events.mean() <= bound + 4.0 * math.sqrt(bound * (1.0 - bound) / len(events))


# Against the reference


@pytest.mark.parametrize("rule", ["drift", "both", "reflect"])
@pytest.mark.parametrize("case", range(7))
def test_bernoulli_traces(case, rule):
    """Ratio and decisions are the reference's under each restart rule, ties included."""
    p0, p1, alpha, beta, upper, lower = GOLDEN[f"bern{case}_par"]
    test = detectors.SPRT("bernoulli", p0, p1, alpha=alpha, beta=beta, restart=rule)
    expected = GOLDEN[f"bern{case}_llr_{rule}"]
    llr, decisions = trace(test, GOLDEN[f"bern{case}_c"][: len(expected)])
    np.testing.assert_allclose(llr, expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(decisions, GOLDEN[f"bern{case}_dec_{rule}"])
    assert test.thresholds == pytest.approx((lower, upper), abs=1e-12)


@pytest.mark.parametrize("rule", ["both", "reflect"])
@pytest.mark.parametrize("case", range(3))
def test_mean_traces(case, rule):
    """Ratio and decisions are the reference's for a Gaussian mean, rising and falling."""
    mu0, mu1, sigma, alpha, beta, *_ = GOLDEN[f"gm{case}_par"]
    test = detectors.SPRT("mean", mu0, mu1, sigma=sigma, alpha=alpha, beta=beta, restart=rule)
    llr, decisions = trace(test, GOLDEN[f"gm{case}_x"])
    np.testing.assert_allclose(llr, GOLDEN[f"gm{case}_llr_{rule}"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(decisions, GOLDEN[f"gm{case}_dec_{rule}"])


@pytest.mark.parametrize("case", range(2))
def test_variance_traces(case):
    """Ratio and decisions are the reference's for a Gaussian variance, rising and falling."""
    mu, s0, s1, alpha, beta, *_ = GOLDEN[f"gv{case}_par"]
    test = detectors.SPRT("variance", s0, s1, center=mu, alpha=alpha, beta=beta)
    llr, decisions = trace(test, GOLDEN[f"gv{case}_x"])
    np.testing.assert_allclose(llr, GOLDEN[f"gv{case}_llr_both"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(decisions, GOLDEN[f"gv{case}_dec_both"])


def test_count_form_agrees():
    """The number of ones crosses the two rising lines exactly when the ratio crosses its bounds.

    Thresholds of the paper: rates 0.45 and 0.50, alpha 0.05, beta 0.005.
    """
    p0, p1, alpha, beta = 0.45, 0.5, 0.05, 0.005
    g = math.log((1 - p0) / (1 - p1))
    d = math.log(p1 / p0) + g
    assert math.log((1 - beta) / alpha) / d == pytest.approx(14.904, abs=1e-3)
    assert math.log(beta / (1 - alpha)) / d == pytest.approx(-26.148, abs=1e-3)
    test = detectors.SPRT("bernoulli", p0, p1, alpha=alpha, beta=beta)
    count = n = 0
    found = set()
    for x in np.random.default_rng(1).random(20_000) < 0.475:
        test.update(float(x))
        count, n = count + x, n + 1
        upper = (math.log((1 - beta) / alpha) + n * g) / d
        lower = (math.log(beta / (1 - alpha)) + n * g) / d
        decision = 1 if count >= upper else -1 if count <= lower else 0
        assert decision == test.decision
        if decision:
            count = n = 0
            found.add(decision)
    assert found == {-1, 1}


def test_all_ones_take_29_values_in_the_paper_setting():
    """With the paper's parameters even a signal of ones alone needs 29 values."""
    test = detectors.SPRT("bernoulli", 0.45, 0.5, alpha=0.05, beta=0.005)
    np.testing.assert_array_equal(test.update_many(np.ones(100)), [28, 57, 86])


def test_values_are_counted_since_the_last_decision():
    """A decision tells how many values it took; the next value begins a new count."""
    test = detectors.SPRT("bernoulli", 0.1, 0.5, alpha=0.01, beta=0.01)
    counts, decisions = [], []
    for x in np.repeat([1.0, 0.0], [6, 20]):
        test.update(x)
        counts.append(test.n_tested)
        decisions.append(test.decision)
    ends = np.flatnonzero(decisions)
    assert decisions[ends[0]] == 1
    assert -1 in decisions
    expected = [i - max((e for e in ends if e < i), default=-1) for i in range(26)]
    assert counts == expected


def test_literal_restart_goes_blind():
    """After 2,000 quiet values the rule "drift" misses 500 values of a drift that "both" finds."""
    rng = np.random.default_rng(2)
    xs = rng.random(2500) < np.repeat([0.2, 0.9], [2000, 500])
    blind = detectors.SPRT("bernoulli", 0.45, 0.5, alpha=0.05, beta=0.005, restart="drift")
    seeing = detectors.SPRT("bernoulli", 0.45, 0.5, alpha=0.05, beta=0.005)
    assert not len(blind.update_many(xs))
    assert 2000 < seeing.update_many(xs)[0] < 2150


# Error rates and sample numbers


@pytest.mark.parametrize("row", EXACT, ids=lambda r: f"{r['p0']}-{r['p1']}-{r['alpha']}@{r['p']}")
def test_bernoulli_operating_characteristic(row):
    """Probability of accepting the alternative, and mean length, are the exact ones."""
    rng = np.random.default_rng(3)
    test = detectors.SPRT("bernoulli", row["p0"], row["p1"], alpha=row["alpha"], beta=row["beta"])
    n_tests = int(np.clip(600_000 / row["mean_samples"], 1000, 10_000))
    draw = lambda n: (rng.random(n) < row["p"]).astype(float)  # noqa: E731
    decisions, lengths = simulate(test, draw, n_tests)
    p = row["prob_accept_H1"]
    # one event beside 4 standard errors, for probabilities near 0 and 1
    allowed = 4.0 * math.sqrt(p * (1.0 - p) / n_tests) + 1.0 / n_tests
    assert np.mean(decisions > 0) == pytest.approx(p, abs=allowed)
    assert lengths.mean() == pytest.approx(row["mean_samples"], abs=4.0 * standard_error(lengths))


MODELS = {
    "mean": (
        {"null": 2.0, "alternative": 2.5, "sigma": 0.8},
        lambda rng, m, n: rng.normal(m, 0.8, n),
    ),
    "variance": (
        {"null": 1.0, "alternative": 1.5, "center": 3.0},
        lambda rng, s, n: rng.normal(3.0, s, n),
    ),
    "exponential": ({"null": 2.0, "alternative": 3.0}, lambda rng, m, n: rng.exponential(m, n)),
    "bernoulli": (
        {"null": 0.1, "alternative": 0.2},
        lambda rng, p, n: (rng.random(n) < p).astype(float),
    ),
}


def mean_step(name, null, alternative, true):
    """Mean of the log-likelihood ratio of one value, from the definition of the model."""
    if name == "mean":
        return (alternative - null) * (true - (null + alternative) / 2) / 0.8**2
    if name == "variance":
        return math.log(null / alternative) + true**2 / 2 * (null**-2 - alternative**-2)
    if name == "exponential":
        return math.log(null / alternative) + true * (1 / null - 1 / alternative)
    up, down = math.log(alternative / null), math.log((1 - alternative) / (1 - null))
    return true * up + (1 - true) * down


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("holds", ["null", "alternative"])
def test_error_rates_and_sample_number(model, holds):
    """Errors are at most Wald's bounds, the mean length little above Wald's approximation."""
    alpha, beta = 0.02, 0.05
    settings, sample = MODELS[model]
    rng = np.random.default_rng(4)
    test = detectors.SPRT(model, alpha=alpha, beta=beta, **settings)
    decisions, lengths = simulate(test, lambda n: sample(rng, settings[holds], n), 8000)
    wrong = decisions > 0 if holds == "null" else decisions < 0
    bound = alpha / (1 - beta) if holds == "null" else beta / (1 - alpha)
    assert_probability(wrong, bound)
    lower, upper = test.thresholds
    accept = alpha if holds == "null" else 1 - beta
    step = mean_step(model, settings["null"], settings["alternative"], settings[holds])
    wald = (accept * upper + (1 - accept) * lower) / step
    assert 0.98 <= lengths.mean() / wald <= 1.35  # Wald neglects the overshoot


@pytest.mark.parametrize("model", MODELS)
def test_two_sided(model):
    """Both drifts are found by their side; under the null the two sides together keep alpha."""
    alpha, beta = 0.05, 0.05
    settings, sample = MODELS[model]
    null, alternative = settings["null"], settings["alternative"]
    opposite = {
        "mean": 2 * null - alternative,
        "variance": null**2 / alternative,
        "exponential": null**2 / alternative,
        "bernoulli": 1 / (1 + (0.9 / 0.1) ** 2 * 0.2 / 0.8),  # inverse ratio of odds
    }[model]
    rng = np.random.default_rng(5)
    test = detectors.SPRT(model, alpha=alpha, beta=beta, two_sided=True, **settings)
    decisions, _ = simulate(test, lambda n: sample(rng, null, n), 5000)
    assert_probability(decisions > 0, alpha / (1 - beta))
    for true, direction in [(alternative, 1), (opposite, -1)]:
        decisions, _ = simulate(test, lambda n, true=true: sample(rng, true, n), 3000)
        assert_probability(decisions < 0, beta / (1 - alpha))
        for x in sample(rng, true, 1000):
            test.update(x)
            if test.drift_detected:
                break
        assert test.direction == direction


@pytest.mark.parametrize("row", PAGE, ids=lambda r: f"{r['p0']}-{r['p1']}-{r['A_exp']}@{r['p']}")
def test_reflected_run_lengths(row):
    """Mean times to an alarm of the rule "reflect" are those of Page's test."""
    beta = 0.01
    test = detectors.SPRT(
        "bernoulli",
        row["p0"],
        row["p1"],
        alpha=(1 - beta) / row["A_exp"],
        beta=beta,
        restart="reflect",
    )
    rng = np.random.default_rng(7)
    n_runs = int(np.clip(3e6 / row["mean_run_length"], 100, 5000))
    draw = lambda n: (rng.random(n) < row["p"]).astype(float)  # noqa: E731
    _, lengths = simulate(test, draw, n_runs)
    error = math.hypot(standard_error(lengths), row["std_error"])
    assert lengths.mean() == pytest.approx(row["mean_run_length"], abs=4.0 * error)


# The reference and the effect


@pytest.mark.parametrize("model", MODELS)
def test_estimated_reference(model):
    """With a long warm-up the errors of the first decision stay near alpha and beta."""
    settings, sample = MODELS[model]
    null = settings["null"]
    effect, drifted = {
        "mean": (0.625, 2.5),
        "variance": (1.5, 1.5),
        "exponential": (1.5, 3.0),
        "bernoulli": (2.25, 0.2),
    }[model]
    firsts = {"null": [], "drifted": []}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        for name, true in [("null", null), ("drifted", drifted)]:
            test = detectors.SPRT(model, effect=effect, warm_up=2000)
            test.update_many(sample(rng, null, 2000))
            assert test.reference == pytest.approx(null, rel=0.3)
            decisions = trace(test, sample(rng, true, 500))[1]
            firsts[name].append(decisions[decisions != 0][0])
    assert_probability(np.array(firsts["null"]) > 0, 0.08)
    assert_probability(np.array(firsts["drifted"]) < 0, 0.08)


def test_reference_is_estimated_again_after_a_drift():
    """After a drift the new level becomes the reference; one alarm, then silence."""
    rng = np.random.default_rng(8)
    test = detectors.SPRT("mean", alpha=1e-6, beta=1e-3, warm_up=300)
    assert test.reference is None
    xs = np.concatenate([rng.normal(5, 2, 800), rng.normal(9, 2, 3000)])
    (alarm,) = test.update_many(xs)
    assert 800 <= alarm < 815
    assert test.reference == pytest.approx(9.0, abs=0.5)


def test_partly_known_reference():
    """What is given stays, the rest is estimated."""
    rng = np.random.default_rng(9)
    test = detectors.SPRT("mean", null=0.0, alternative=1.0, warm_up=100)
    test.update_many(rng.normal(0.0, 4.0, 100))
    alarms = test.update_many(rng.normal(3.0, 4.0, 400))
    assert len(alarms)
    assert test.reference == 0.0
    spread = detectors.SPRT("variance", center=1.0, warm_up=200)
    spread.update_many(rng.normal(1.0, 3.0, 200))
    assert spread.reference == pytest.approx(3.0, rel=0.2)


@pytest.mark.parametrize(
    ("model", "settings", "effect"),
    [
        ("bernoulli", {"null": 0.5, "alternative": 0.75}, 3.0),
        ("mean", {"null": 0.25, "alternative": 1.25, "sigma": 0.5}, 2.0),
        ("variance", {"null": 0.25, "alternative": 0.5, "center": 0.5}, 2.0),
        ("exponential", {"null": 0.25, "alternative": 0.75}, 3.0),
    ],
)
def test_effect_says_the_alternative(model, settings, effect):
    """An effect and the alternative that it means give the same ratios, for both sides."""
    xs = (np.random.default_rng(10).random(500) < 0.5).astype(float)
    absolute = detectors.SPRT(model, two_sided=True, **settings)
    relative = detectors.SPRT(
        model, two_sided=True, effect=effect, **{**settings, "alternative": None}
    )
    expected, got = trace(absolute, xs), trace(relative, xs)
    np.testing.assert_allclose(got[0], expected[0], atol=1e-9)
    np.testing.assert_array_equal(got[1], expected[1])
    assert expected[1].any()


@pytest.mark.parametrize("model", ["mean", "variance", "exponential"])
@pytest.mark.parametrize("value", [0.0, 1.0, 0.3])
def test_constant_values_never_alarm(model, value):
    """A constant, whose estimated deviation is 0, is no drift, and its ratio stays finite."""
    test = detectors.SPRT(model, two_sided=True, restart="reflect", warm_up=20)
    assert not len(test.update_many(np.full(1000, value)))
    assert math.isfinite(test.llr)


def test_huge_values_do_no_harm():
    """Values near the limit of float64 leave a test that still decides."""
    test = detectors.SPRT("variance", warm_up=10, two_sided=True)
    test.update_many(np.array([1.7e308, -1.7e308] * 50))
    assert not math.isnan(test.llr)
    test = detectors.SPRT("mean", null=0.0, sigma=1.0)
    np.testing.assert_array_equal(test.update_many([1e300, 0.0, 1e300]), [0, 2])


def test_warning_zone():
    """A warning is a ratio of at least half the upper threshold, below it."""
    test = detectors.SPRT("mean", 0.0, 1.0, sigma=1.0, alpha=1e-3)
    seen = 0
    for x in np.random.default_rng(11).normal(0.5, 1.0, 2000):
        test.update(x)
        upper = test.thresholds[1]
        assert test.warning_detected == (0.5 * upper <= test.llr < upper)
        seen += test.warning_detected
    assert seen


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "gauss"}, "model must be one of 'bernoulli', 'mean'"),
        ({"model": "bernoulli", "null": 1.0}, r"null must be in \(0.0, 1.0\), got 1.0"),
        ({"null": 1.0, "alternative": 1.0}, "alternative must come with a different null"),
        ({"alternative": 1.0}, "alternative must come with a different null"),
        ({"null": 0.0, "alternative": 1.0, "effect": 1.0}, "and no effect, got 1.0"),
        ({"effect": 0.0}, "effect must differ from the null's own, got 0.0"),
        ({"model": "variance", "sigma": 1.0}, "sigma belongs to model 'mean', got 1.0"),
        ({"beta": 0.97}, r"beta must be in \(0.0, 0.95\), got 0.97"),
    ],
)
def test_refuses_parameters(settings, message):
    """Parameters outside their range, and ones that contradict each other, raise."""
    with pytest.raises(ValueError, match=message):
        detectors.SPRT(**settings)


@pytest.mark.parametrize(
    ("model", "x", "message"),
    [
        ("bernoulli", 1.5, r"x must be in \[0.0, 1.0\], got 1.5"),
        ("exponential", -1.0, r"x must be in \[0.0, inf\], got -1.0"),
    ],
)
def test_refuses_values(model, x, message):
    """A value that the model cannot have raises."""
    with pytest.raises(ValueError, match=message):
        detectors.SPRT(model).update(x)
