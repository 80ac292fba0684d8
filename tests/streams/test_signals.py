"""Series with known truth: what changes, where, and that nothing else does."""

import numpy as np
import pytest

from olearn import streams
from olearn.streams.signals import Signal

LEVELS = (0, 3, 1, 4, 2, 5, 1.5, 3.5)
NEW_ORDER = (0, 4, 1, 6, 3, 7, 5, 2)
CHANGING = [n for n in streams.signal_names() if not n.endswith("_none")]


def halves(name, seed=1):
    """Values before and after the change, many of them."""
    values = streams.signal(name, seed=seed, n_samples=40_000, change=20_000).values
    return values[:20_000], values[20_000:]


def naive_sine(t, change, period):
    """Phase added up row by row."""
    phase = 0.0
    for row in range(t):
        phase += 1.0 / (50.0 if row < change else period)
    return 2.0 * np.sin(2.0 * np.pi * phase)


@pytest.mark.parametrize(
    ("name", "mean", "sigma"),
    [
        ("noise_none", 0.0, 1.0),
        ("noise_mean1", 1.0, 1.0),
        ("noise_mean2", 2.0, 1.0),
        ("noise_var2", 0.0, 2.0),
        ("noise_var05", 0.0, 0.5),
        ("sine_none", 0.0, np.sqrt(2.04)),
        ("sine_mean1", 1.0, np.sqrt(2.04)),
        ("sine_amp3", 0.0, np.sqrt(4.54)),
        ("sine_period35", 0.0, np.sqrt(2.04)),
    ],
)
def test_moments(name, mean, sigma):
    """Mean and deviation are those of the definition; all begin alike."""
    before, after = halves(name)
    assert after.mean() == pytest.approx(mean, abs=0.05)
    assert after.std() == pytest.approx(sigma, rel=0.03)
    assert before.mean() == pytest.approx(0.0, abs=0.05)
    assert before.std() == pytest.approx(1.0 if "noise" in name else np.sqrt(2.04), rel=0.03)


def test_order_switch_keeps_the_distribution():
    """The same levels come in another order, so that the marginal distribution stays."""
    before, after = halves("order_switch")
    for place in range(8):
        assert before[place::8].mean() == pytest.approx(LEVELS[place], abs=0.02)
        assert after[place::8].mean() == pytest.approx(LEVELS[NEW_ORDER[place]], abs=0.02)
    assert np.sort(before).mean() == pytest.approx(np.sort(after).mean(), abs=0.02)


def test_ramp_is_linear():
    """The mean grows to 2 within 1,000 rows and stays there."""
    runs = [streams.signal("noise_ramp2", seed=s).values for s in range(40)]
    mean = np.mean(runs, axis=0)
    assert mean[1900:2000].mean() == pytest.approx(0.0, abs=0.06)
    assert mean[2450:2550].mean() == pytest.approx(1.0, abs=0.06)
    assert mean[3000:].mean() == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize("change", [1990, 2013])
def test_period_changes_without_a_jump(change):
    """The sine runs on from its phase at the change, wherever that is."""
    values = streams.signal("sine_period35", change=change, n_samples=2100).values
    noise = [values[t] - naive_sine(t, change, 35.0) for t in range(change - 20, 2100)]
    assert np.abs(noise).max() < 1.0


def test_periodic_mean_drifts_each_time():
    """Mean 2 and 0 in turn for 500 rows; each change is a drift."""
    signal = streams.signal("noise_periodic", seed=2)
    assert signal.drift_positions == (2000, 2500, 3000, 3500)
    means = [signal.values[start : start + 500].mean() for start in signal.drift_positions]
    np.testing.assert_allclose(means, [2.0, 0.0, 2.0, 0.0], atol=0.2)


def test_telecom_events():
    """The success rate falls by the depth stated, at the rows stated, and nowhere else."""
    clean = streams.signal("telecom_none", n_samples=2016).values
    event = streams.signal("telecom_success", n_samples=2016)
    assert event.drift_positions == (300, 700, 1100, 1500, 1800)
    assert clean.mean() == pytest.approx(0.97, abs=0.005)
    assert event.values[300:320].mean() == pytest.approx(0.47, abs=0.06)
    assert event.values[1100:1105].mean() == pytest.approx(1.0, abs=0.01)
    assert event.values[900:1000].mean() == pytest.approx(0.97, abs=0.02)


@pytest.mark.parametrize("name", streams.signal_names())
def test_a_seed_draws_the_same_and_another_draws_others(name):
    """Same name and seed, same values; other seeds and other names share no noise."""
    one, two = (streams.signal(name, seed=3).values for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, streams.signal(name, seed=4).values)


@pytest.mark.parametrize("name", ["noise_mean1", "noise_ramp2", "sine_amp3", "order_switch"])
def test_shorter_is_the_beginning_of_longer(name):
    """A series cut short has the values of the long one."""
    long = streams.signal(name, seed=3).values
    np.testing.assert_array_equal(streams.signal(name, seed=3, n_samples=3000).values, long[:3000])


def test_names_share_no_noise():
    """Two series with one seed are independent, so that false alarms count once."""
    none, mean = (streams.signal(n, seed=1).values[:2000] for n in ("noise_none", "noise_mean2"))
    assert abs(np.corrcoef(none, mean)[0, 1]) < 0.1


def test_episodes():
    """A drift's span ends after the window, at the next drift or at the end; windows stay."""
    drifting = Signal("s", np.zeros(100), (10, 30, 95))
    assert drifting.episodes(50) == [(10, 30), (30, 80), (95, 100)]
    assert Signal("s", np.zeros(100), windows=((4, 9),)).episodes(50) == [(4, 10)]
    assert Signal("s", np.zeros(100)).episodes(50) == []
    assert list(drifting) == [0.0] * 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "noise_mean3"}, "name must be one of .* did you mean"),
        ({"name": "noise_none", "seed": -1}, "seed must be"),
        ({"name": "noise_none", "n_samples": 0}, "n_samples must be"),
        ({"name": "noise_none", "change": -1}, "change must be"),
    ],
)
def test_bad_arguments(arguments, message):
    """What is wrong is named."""
    with pytest.raises(ValueError, match=message):
        streams.signal(**arguments)


# -- files ---------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    """A CSV file with a clock, two columns of numbers and a hole."""
    path = tmp_path / "cell.csv"
    path.write_text("time,load,loss\n00:00,1.5,3\n00:15,,4\n00:30,2.5,5\n")
    return path


def test_column_of_a_file(table):
    """The values of the column in order, NaN where there is none."""
    signal = streams.signal_from_file(table, "load")
    np.testing.assert_array_equal(signal.values, [1.5, np.nan, 2.5])
    assert (signal.name, signal.episodes(10)) == ("cell", [])


def test_the_only_numeric_column_needs_no_name(tmp_path):
    """Text columns are passed over."""
    path = tmp_path / "one.csv"
    path.write_text("time,value\na,1\nb,2\n")
    np.testing.assert_array_equal(streams.signal_from_file(path).values, [1.0, 2.0])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (None, r"must name a column of numbers \('load', 'loss'\), got None"),
        ("time", "column of numbers"),
        ("lod", "did you mean 'load' or 'loss'"),
    ],
)
def test_columns_that_do_not_serve(table, column, message):
    """Text, an unknown name, and a choice left open are refused."""
    with pytest.raises(ValueError, match=message):
        streams.signal_from_file(table, column)


def test_no_file(tmp_path):
    """A file that is not there is named."""
    with pytest.raises(FileNotFoundError, match="there is no file"):
        streams.signal_from_file(tmp_path / "none.csv")


# -- labelled indicators -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kpi4", "kpi4t"])
def test_share_of_anomalies(name):
    """48 spans, about 14 % of the rows, in 8,000 rows of four columns."""
    shares = []
    for seed in range(10):
        X, y = next(streams.load(name, seed=seed).blocks(8000))
        assert X.shape == (8000, 4)
        assert 40 <= np.count_nonzero(np.diff(y) == 1) + y[0] <= 48
        shares.append(y.mean())
    assert np.mean(shares) == pytest.approx(0.14, abs=0.01)


def test_clean_rows_follow_the_driver():
    """Where nothing is wrong, the columns are those of the success rate, up to noise."""
    X, y = next(streams.load("kpi4", seed=5).blocks(8000))
    s, throughput, latency, loss = X[y == 0].T
    assert np.std(throughput - 50 - 30 * s) == pytest.approx(2.0, rel=0.05)
    assert np.std(latency - 20 - 40 * (1 - s)) == pytest.approx(1.0, rel=0.05)
    assert np.std(loss - 50 * (1 - s)) == pytest.approx(0.1, rel=0.1)


def test_temporal_anomalies_are_hidden_in_the_values():
    """Half of the anomalies of kpi4t leave the range of single values alone."""
    hidden = []
    for name in ("kpi4", "kpi4t"):
        X, y = next(streams.load(name, seed=5).blocks(8000))
        low, high = np.percentile(X[y == 0], [0.1, 99.9], axis=0)
        hidden.append(np.mean(((X[y == 1] >= low) & (X[y == 1] <= high)).all(axis=1)))
    assert hidden[1] > hidden[0] + 0.15


def test_too_few_rows():
    """The events need room."""
    with pytest.raises(ValueError, match=r"n_samples must be in \[4800"):
        streams.KPI(n_samples=1000)
