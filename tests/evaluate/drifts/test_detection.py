"""Detectors over series with known truth: matching of alarms, rates, calibration, pictures."""

import math

import numpy as np
import pytest
from river import base, drift

from olearn import detectors, evaluate, streams
from olearn.evaluate import Detection, Detections
from olearn.streams.signals import Signal


class Scripted(base.DriftDetector):
    """Signals at the values that are at least a threshold."""

    def __init__(self, threshold: float = 1.0) -> None:
        super().__init__()
        self.threshold = threshold
        self.level = 0.0
        self.anomaly_detected = False

    def update(self, x):
        self.level = x / 2.0
        self._drift_detected = x >= self.threshold
        self.anomaly_detected = x == 0.5


def spikes(n, rows, drifts=(), windows=()):
    """Zeros with ones at the rows where `Scripted` shall signal."""
    values = np.zeros(n)
    values[list(rows)] = 1.0
    return Signal("spikes", values, tuple(drifts), tuple(windows))


def run(signal, **options):
    return evaluate.detection(Scripted(), signal, **options)


# -- matching ------------------------------------------------------------------------------------


def test_first_alarm_after_a_drift_finds_it():
    """The delay is that of the first alarm within the window; later ones count as its repeats."""
    found = run(spikes(1000, [450, 520, 530, 599], drifts=[500]), window=100)
    assert found.delays == [20]
    assert (found.n_found, found.n_true_alarms) == (1, 3)
    assert found.false_alarms == [450]


@pytest.mark.parametrize(
    ("row", "delay", "n_false"), [(499, None, 1), (500, 0, 0), (599, 99, 0), (600, None, 1)]
)
def test_edges_of_the_window(row, delay, n_false):
    """Row 500 to 599 belong to a drift at 500 with a window of 100."""
    found = run(spikes(1000, [row], drifts=[500]), window=100)
    assert found.delays == [delay]
    assert len(found.false_alarms) == n_false


def test_next_drift_ends_the_episode():
    """An alarm after the next drift finds that one only."""
    found = run(spikes(1000, [250], drifts=[100, 200]), window=500)
    assert found.delays == [None, 50]


def test_labelled_windows_are_episodes():
    """Both ends of a window count; the window argument does not matter."""
    found = run(spikes(1000, [100, 300, 399, 400], windows=[(300, 399)]), window=5)
    assert found.delays == [0]
    assert found.false_alarms == [100, 400]


def test_warm_up_counts_neither_way():
    """Alarms, rows and episodes in it are left out; alarms stay listed."""
    found = run(spikes(1000, [10, 60, 300], drifts=[20, 500]), window=50, warm_up=100)
    assert found.alarms == [10, 60, 300]
    assert found.episodes == [(500, 550)]
    assert found.false_alarms == [300]
    assert found.n_quiet == 1000 - 100 - 50


def test_warm_up_inside_an_episode():
    """An episode that outlasts the warm-up is judged by its rest."""
    found = run(spikes(1000, [90, 110], drifts=[80]), window=100, warm_up=100)
    assert found.delays == [30]
    assert found.n_quiet == 900 - 80


# -- rates ---------------------------------------------------------------------------------------


def test_rates_by_hand():
    """3 false alarms in 1,800 quiet rows; 2 of 3 drifts found after 10 and 30 rows."""
    one = run(spikes(1000, [100, 510], drifts=[500]), window=50)
    two = run(spikes(1000, [200, 300, 330, 331], drifts=[300, 600]), window=50)
    both = Detections([one, two])
    assert (both.n_found, both.n_episodes, both.n_false) == (3 - 1, 3, 2)
    assert both.n_quiet == 2000 - 150
    assert both.missed_rate == pytest.approx(1 / 3)
    assert both.median_delay == 5.0  # of 10 and 0
    assert both.alarms_per_drift == 4 / 2
    assert both.false_alarm_rate == pytest.approx(1000 * 2 / 1850)
    assert both.mean_time_between_false_alarms == 925.0


def test_rule_of_three_without_false_alarms():
    """No false alarm in n rows: the mean time between them is at least n / 3."""
    runs = Detections([run(spikes(900, []))])
    assert runs.mean_time_between_false_alarms == 300.0
    assert runs.false_alarm_rate == 0.0
    assert math.isnan(runs.median_delay)
    assert math.isnan(runs.missed_rate)
    assert "> 300" in str(runs)


def test_array_and_row_runs_agree():
    """`update_many` and the loop, which traces ask for, give the same alarms."""
    signal = streams.signal("noise_mean2", seed=3)
    fast = evaluate.detection(detectors.ADWIN(), signal)
    slow = evaluate.detection(detectors.ADWIN(), signal, traces=["width"])
    assert fast.alarms == slow.alarms
    assert fast.alarms
    assert len(slow.traces["width"]) == len(signal)


def test_missing_values_are_not_shown():
    """Rows stay those of the series; a trace has NaN where there was nothing to read."""
    values = np.array([0.0, math.nan, 1.0, math.nan, 1.0])
    found = run(Signal("holes", values), traces=["level"])
    assert found.alarms == [2, 4]
    np.testing.assert_array_equal(found.traces["level"], [0.0, math.nan, 0.5, math.nan, 0.5])


def test_details_and_anomalies():
    """Attributes are read at each alarm; rows that the detector calls anomalies are listed."""
    signal = Signal("mixed", np.array([0.0, 0.5, 1.0, 2.0, 0.5]))
    found = run(signal, details=["level"])
    assert found.details == [{"level": 0.5}, {"level": 1.0}]
    assert found.anomalies == [1, 4]


def test_detector_given_is_not_touched():
    """A clone is run."""
    detector = Scripted()
    evaluate.detection(detector, spikes(10, [9]))
    assert not detector.drift_detected


def test_detect_all_runs_each_on_each():
    """Names are those given; figures are picked by detector and series."""
    signals = [streams.signal(name, seed=1) for name in ("noise_none", "noise_mean2")]
    found = evaluate.detect_all({"a": detectors.ADWIN(), "b": drift.PageHinkley()}, signals)
    assert (found.detectors, found.signals) == (["a", "b"], ["noise_none", "noise_mean2"])
    assert found.pick("a", "noise_mean2").n_found == 1
    assert found.pick("a", "noise_none").n_episodes == 0
    text = str(found)
    assert "1 of 1" in text
    assert len(text.rstrip().splitlines()) == 4 + 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "window must be"),
        ({"warm_up": -1}, "warm_up must be"),
        ({"traces": ["nothing"]}, r"traces must be attributes of Scripted, got \['nothing'\]"),
        ({"details": ["level", "no"]}, r"details must be attributes of Scripted, got \['no'\]"),
    ],
)
def test_bad_arguments(options, message):
    """What is wrong is named, before anything runs."""
    with pytest.raises(ValueError, match=message):
        run(spikes(10, []), **options)


# -- travel and pictures -------------------------------------------------------------------------


def test_json_round_trip(tmp_path):
    """What comes back is equal, NaN in traces included, from text and from a file."""
    signal = Signal("holes", np.array([0.0, math.nan, 1.0]), (1,), seed=4)
    found = run(signal, traces=["level"])
    path = tmp_path / "found.json"
    text = found.to_json(path)
    for back in (Detection.from_json(text), Detection.from_json(path)):
        assert repr(back) == repr(found)
    both = Detections([found])
    assert repr(Detections.from_json(both.to_json())) == repr(both)


def test_picture(tmp_path):
    """Series, truth, alarms and each trace are drawn."""
    pytest.importorskip("matplotlib", reason="pictures need it")
    found = run(spikes(1000, [5, 100, 510], drifts=[500]), traces=["level"], warm_up=50)
    figure = found.plot(tmp_path / "found.png")
    assert (tmp_path / "found.png").stat().st_size > 1000
    top, below = figure.axes
    labels = [text.get_text() for text in top.get_legend().get_texts()]
    assert labels == ["spikes", "alarm", "false alarm", "alarm in the warm-up", "true change"]
    assert below.get_legend().get_texts()[0].get_text() == "level"


def test_picture_needs_the_values():
    """A run without the series says what to do."""
    pytest.importorskip("matplotlib", reason="pictures need it")
    with pytest.raises(ValueError, match="keep_values=True"):
        run(spikes(10, []), keep_values=False).plot()


# -- calibration ---------------------------------------------------------------------------------


def test_calibration_finds_the_most_sensitive_threshold():
    """With values 1..1000 in a row, 10 of 1,000 are at or above 991."""
    signal = Signal("ramp", np.arange(1.0, 1001.0))
    found = evaluate.calibrate(Scripted, [signal], 100, sensitive=1.0, strict=2000.0, n_steps=30)
    assert found.threshold == pytest.approx(990.0, abs=0.01)
    assert found == evaluate.Calibration(found.threshold, n_false=10, n_quiet=1000, reached=True)


def test_calibration_of_a_threshold_that_is_strict_when_small():
    """ADWIN's delta: small is strict; the rate on fresh noise is near the one wanted."""
    null = [streams.signal("noise_none", seed=s, n_samples=10_000) for s in range(10)]
    found = evaluate.calibrate(
        lambda delta: detectors.ADWIN(delta), null, 10_000, sensitive=0.9, strict=1e-6
    )
    fresh = [streams.signal("noise_none", seed=s, n_samples=10_000) for s in range(10, 20)]
    n_false = evaluate.detect_all({"a": detectors.ADWIN(found.threshold)}, fresh).n_false
    assert found.reached
    assert 5 <= found.n_false <= 10
    assert 2 <= n_false <= 25


def test_calibration_says_when_it_cannot():
    """Where the strictest threshold still gives too many, that is stated."""
    signal = Signal("ones", np.ones(100))
    found = evaluate.calibrate(Scripted, [signal], 50, sensitive=0.1, strict=0.5)
    assert (found.threshold, found.n_false, found.reached) == (0.5, 100, False)


@pytest.mark.parametrize(
    ("signal", "options", "message"),
    [
        (spikes(10, [], drifts=[5]), {}, "signals must have no drifts"),
        (spikes(10, []), {"warm_up": 10}, "after the warm-up of 10"),
        (spikes(10, []), {"n_steps": 0}, "n_steps must be"),
    ],
)
def test_calibration_refuses(signal, options, message):
    """Drifting signals and settings that leave nothing to measure are refused."""
    with pytest.raises(ValueError, match=message):
        evaluate.calibrate(Scripted, [signal], 10, sensitive=0.1, strict=2.0, **options)


def test_detectors_of_errors_need_errors():
    """Requirement: one of hits and misses watches 0 and 1 as its own loop does, numbers never."""
    wrong = (np.random.default_rng(1).random(600) < np.repeat([0.1, 0.6], 300)).astype(float)
    wrong[5] = np.nan
    found = evaluate.detection(drift.binary.DDM(), Signal("errors", wrong))
    plain, alarms = drift.binary.DDM(), []
    for row, value in enumerate(wrong):
        if not np.isnan(value):
            plain.update(bool(value))
            alarms += [row] * plain.drift_detected
    assert found.alarms == alarms != []
    wrong[7] = 0.5
    with pytest.raises(ValueError, match=r"DDM takes errors, 0 or 1, .* is 0\.5 in row 7"):
        evaluate.detection(drift.binary.DDM(), Signal("errors", wrong))
