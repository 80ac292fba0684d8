"""Radio-cell indicators: one driver, the success rate, moves throughput, latency and loss."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from olearn.streams.base import Floats

DAY, WEEK = 96, 672  # quarter hours


@dataclass(frozen=True)
class Event:
    """A fall of the success rate by `depth` at `start`, `length` rows long, at once or linear."""

    start: int
    length: int
    depth: float
    linear: bool = False


TELECOM_EVENTS = (
    Event(300, 20, 0.5),
    Event(700, 50, 0.3, linear=True),
    Event(1100, 5, -0.4),
    Event(1500, 80, 0.25),
    Event(1800, 10, 0.6),
)


def driver(t: NDArray[np.int64]) -> Floats:
    """Return the success rate without noise: a daily and a weekly cycle."""
    return 0.97 + 0.02 * _cycle(t, DAY) + 0.01 * _cycle(t, WEEK)


def sharp_driver(t: NDArray[np.int64]) -> Floats:
    """Return a success rate with a daily cycle of two harmonics, far above its noise."""
    angle = 2.0 * math.pi * t / DAY
    return 0.93 + 0.05 * np.sin(angle) + 0.02 * np.sin(2.0 * angle + 1.0)


def indicators(rng: np.random.Generator, success: Floats) -> Floats:
    """Return success rate, throughput, latency and loss, shape `(n, 4)`, for a success rate."""
    s = np.clip(success, 0.0, 1.0)
    n = len(s)
    throughput = 50.0 + 30.0 * s + 2.0 * rng.standard_normal(n)
    latency = 20.0 + 40.0 * (1.0 - s) + rng.standard_normal(n)
    loss = np.clip(50.0 * (1.0 - s) + rng.exponential(0.1, n), 0.0, 100.0)
    return np.column_stack([s, throughput, latency, loss])


def telecom_columns(rng: np.random.Generator, n: int, *, events: bool) -> Floats:
    """Return the four indicators with noise of 0.02 on the success rate, shape `(n, 4)`."""
    t = np.arange(n)
    success = driver(t) + 0.02 * rng.standard_normal(n)
    for event in TELECOM_EVENTS if events else ():
        inside = (t >= event.start) & (t < event.start + event.length)
        share = (t - event.start + 1) / event.length if event.linear else 1.0
        success = success - event.depth * np.where(inside, share, 0.0)
    return indicators(rng, success)


def _cycle(t: NDArray[np.int64], period: int) -> Floats:
    wave: Floats = np.sin(2.0 * math.pi * t / period)
    return wave
