"""Tests of the rank test: independent traces, the null that it knows, and what it detects."""

from pathlib import Path

import numpy as np
import pytest

from olearn import detectors

# traces of an independent float64 implementation on the scores of a temporal memory
GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "htm_sprt" / "rank_test.npz")

SETTINGS = {
    "reflect": {},
    "both": {"mode": "both"},
    "q20": {
        "q": 0.2,
        "p1": 0.5,
        "arl0": 1e3,
        "gap": 30,
        "half_life": 150.0,
        "n_ref": 80,
        "settle": 50,
    },
}


def naive_evidence(levels, half_life, gap, lower):
    """Evidence of the newest level from a list of all levels since the last restart."""
    *older, newest = levels
    reference = older[: len(older) - gap + 1]  # the newest enters `gap` updates later
    weights = 0.5 ** (np.arange(len(reference))[::-1] / half_life)
    equal = 1.0 + weights[np.equal(reference, newest)].sum()
    beyond = np.less(reference, newest) if lower else np.greater(reference, newest)
    total = 1.0 + weights.sum()
    return min(max((0.1 - weights[beyond].sum() / total) / (equal / total), 0.0), 1.0)


@pytest.mark.parametrize("stream", ["noise_none", "noise_mean2", "sine_mean1"])
@pytest.mark.parametrize("name", SETTINGS)
def test_traces(stream, name):
    """Evidence, ratio and decisions are the reference's, also before, at and after a drift."""
    test = detectors.RankTest(**SETTINGS[name])
    evidence, llr, decisions = [], [], []
    for level in GOLDEN[f"{stream}_level"]:
        test.update(level / 40)
        evidence.append(np.nan if test.evidence is None else test.evidence)
        llr.append(test.llr)
        decisions.append(test.decision)
    np.testing.assert_allclose(evidence, GOLDEN[f"{stream}_{name}_c"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(llr, GOLDEN[f"{stream}_{name}_llr"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(decisions, GOLDEN[f"{stream}_{name}_dec"])


def test_traces_above_hold_every_decision():
    """The comparison covers drifts, "no drift" and restarts of both kinds."""
    kinds = {name: set() for name in SETTINGS}
    for key in GOLDEN.files:
        if key.endswith("_dec"):
            kinds[key.split("_")[-2]] |= set(GOLDEN[key].tolist())
    assert kinds == {"reflect": {0, 1}, "both": {-1, 0, 1}, "q20": {0, 1}}


@pytest.mark.parametrize("side", ["upper", "lower"])
@pytest.mark.parametrize(("gap", "half_life"), [(1, 300.0), (7, 20.0)])
def test_evidence_equals_the_naive_one(side, gap, half_life):
    """Ring, decayed counts and both sides give what the plain list of levels gives."""
    rng = np.random.default_rng(3)
    levels = rng.binomial(10, 0.4, 400).tolist()
    test = detectors.RankTest(
        10, half_life=half_life, gap=gap, warm_up=0, n_ref=1, side=side, arl0=1e12
    )
    for t, level in enumerate(levels):
        test.update(level / 10)
        if t < gap:
            assert test.evidence is None
        else:
            expected = naive_evidence(levels[: t + 1], half_life, gap, side == "lower")
            assert test.evidence == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.random(n),
        lambda rng, n: rng.beta(0.3, 6.0, n),
        lambda rng, n: rng.binomial(3, 0.2, n) / 3.0,
    ],
    ids=["uniform", "skew", "ties"],
)
@pytest.mark.parametrize("side", ["upper", "lower"])
def test_mean_evidence_is_q(draw, side):
    """Under exchangeable scores the mean evidence is q = 0.1 whatever their distribution."""
    rng = np.random.default_rng(4)
    test = detectors.RankTest(side=side, arl0=1e300, half_life=1e6)
    total, n = 0.0, 0
    for s in draw(rng, 30_000):
        test.update(s)
        if test.evidence is not None:
            total += test.evidence
            n += 1
    assert total / n == pytest.approx(0.1, abs=0.006)  # 4 standard errors: 4 sqrt(.09 / 30000)


def test_shuffled_scores():
    """On 200,000 shuffled scores the mean evidence is q within 0.002, false alarms at most 200."""
    scores = GOLDEN["noise_mean2_level"] / 40
    evidence, n_alarms = [], 0
    for seed in range(40):
        test = detectors.RankTest(arl0=1e3)
        for s in np.random.default_rng(seed).choice(scores, 5000):
            test.update(s)
            if test.evidence is not None:
                evidence.append(test.evidence)
        n_alarms += test.n_detections
    assert np.mean(evidence) == pytest.approx(0.1, abs=0.002)
    assert n_alarms <= 200


@pytest.mark.parametrize("side", ["upper", "lower"])
@pytest.mark.parametrize("score", [0.0, 0.3, 1.0])
def test_constant_score_never_alarms(score, side):
    """A constant score is never a drift: its evidence is q, which lowers the ratio."""
    test = detectors.RankTest(side=side, arl0=2.0)
    assert not len(test.update_many(np.full(20_000, score)))
    assert test.evidence == pytest.approx(0.1)
    assert test.llr == 0.0


def test_sides():
    """Falling scores are a drift of the lower side alone."""
    rng = np.random.default_rng(5)
    scores = np.concatenate([rng.beta(4, 6, 1500), rng.beta(2, 18, 300)])
    assert not len(detectors.RankTest().update_many(scores))
    (alarm,) = detectors.RankTest(side="lower").update_many(scores)
    assert 1500 < alarm < 1540


def shifted_scores(seed):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.beta(1, 9, 2000), rng.beta(4, 6, 300)])


def test_onset():
    """Over 20 seeds the median onset lies within 10 values of the change."""
    onsets = []
    for seed in range(20):
        test = detectors.RankTest()
        scores = shifted_scores(seed)
        alarm = test.update_many(scores)[0]
        test = detectors.RankTest()
        test.update_many(scores[: alarm + 1])
        assert test.drift_detected
        onsets.append(test.onset)
    assert abs(np.median(onsets) - 2000) <= 10


def test_warning_zone():
    """A warning is a ratio of at least half the threshold; it ends with the alarm."""
    test = detectors.RankTest()
    warnings = []
    for t, s in enumerate(shifted_scores(6)):
        test.update(s)
        half = 0.5 * np.log(1e4)
        assert test.warning_detected == (test.llr >= half and not test.drift_detected)
        if test.warning_detected:
            warnings.append(t)
        if test.drift_detected:
            break
    assert warnings
    assert warnings[0] < t < 2030
    test.update(0.0)
    assert (test.llr, test.onset, test.drift_detected) == (0.0, t + 2, False)
    assert test.n_detections == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"q": 0.5, "p1": 0.5}, r"p1 must be in \(0.5, 1.0\), got 0.5"),
        ({"arl0": 1.0}, r"arl0 must be in \(1.0, inf\), got 1.0"),
        ({"gap": 0}, r"gap must be in \[1, inf\], got 0"),
        ({"mode": "drift"}, "mode must be one of 'reflect', 'both', got 'drift'"),
    ],
)
def test_refuses_parameters(settings, message):
    """Parameters outside their range raise."""
    with pytest.raises(ValueError, match=message):
        detectors.RankTest(**settings)


def test_refuses_scores():
    """A score outside [0, 1] raises, one by one and in arrays."""
    test = detectors.RankTest()
    with pytest.raises(ValueError, match=r"x must be in \[0.0, 1.0\], got 1.5"):
        test.update(1.5)
    with pytest.raises(ValueError, match=r"xs must be in \[0.0, 1.0\], got -0.5 at position 1"):
        test.update_many([0.5, -0.5])
