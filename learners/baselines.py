"""What a learner of numbers has to beat, made of river's parts."""

from river import base, dummy, stats


def mean_number() -> base.Regressor:
    """Return a regressor that predicts the mean of the numbers so far."""
    return dummy.StatisticRegressor(stats.Mean())


def last_number() -> base.Regressor:
    """Return a regressor that predicts the previous number again."""
    return dummy.StatisticRegressor(stats.Shift(0))
