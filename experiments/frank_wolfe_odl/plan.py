"""The synthetic streams of the dictionary experiment, and the methods on each."""

import dataclasses

from frank_wolfe_odl.synthetic import ANNEALED, CONVEX, FOURTH, FW, PUBLISHED, SKLEARN


@dataclasses.dataclass(frozen=True)
class Setting:
    """One synthetic stream and the methods on it."""

    n: int
    theta: float
    samples: int
    batch: int
    noise: float
    methods: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the tables call it."""
        noise = f", noise {self.noise}" if self.noise else ""
        return f"n={self.n}, {self.theta:.0%} nonzero{noise}, batches of {self.batch}"


_PEERS = tuple(SKLEARN)
_SCHEDULES = (FW, PUBLISHED, CONVEX, FOURTH, ANNEALED)
RECOVERY = (
    Setting(10, 0.3, 30_000, 10, 0.0, _SCHEDULES),
    Setting(10, 0.3, 20_000, 10, 0.05, (FW, ANNEALED)),
    Setting(64, 0.1, 20_000, 64, 0.0, (*_SCHEDULES, *_PEERS)),
    Setting(64, 0.1, 20_000, 96, 0.0, (FW,)),
    Setting(64, 0.1, 20_000, 64, 0.05, (FW, ANNEALED, *_PEERS)),
    Setting(64, 0.3, 20_000, 64, 0.0, (FW, ANNEALED)),
    Setting(256, 0.1, 60_000, 256, 0.0, (FW,)),
    Setting(256, 0.1, 60_000, 128, 0.0, (ANNEALED,)),
)
FULL = (Setting(256, 0.1, 60_000, 256, 0.0, _PEERS[1:]),)
SIZES = tuple(
    Setting(n, theta, 20_000, n, 0.0, (FW, ANNEALED))
    for n in (16, 32, 64)
    for theta in (0.05, 0.1, 0.2, 0.3, 0.5)
)
