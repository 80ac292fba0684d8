"""Runs of the streaming RL experiment: one agent, one environment, one seed."""

import dataclasses
import os
import tempfile
import time
import warnings
from typing import Any

import numpy as np

from olearn.evaluate import Episodes, episodes
from olearn.learners import rl
from stream_x.plan import Setting, changes

NEAR_CAP = 475.0  # of 500: CartPole counts as solved


@dataclasses.dataclass(frozen=True)
class Job:
    """One seed of one setting: `variant` is what is removed, or "bootstrap", or "chance"."""

    setting: Setting
    variant: str
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what marks the job among others."""
        return self.setting.name, self.variant, self.seed


class Chance:
    """Draws actions, learns nothing."""

    def __init__(self, space: Any, seed: int) -> None:
        self.space = space
        self.space.seed(seed)
        self.layers: list[Any] = []

    def act(self, observation: Any) -> Any:
        """Draw."""
        return self.space.sample()

    def learn_one(self, *transition: Any) -> None:
        """Do nothing."""


def make_agent(job: Job, env: Any, seed: int) -> Any:
    """Return a new agent; a time limit ends an episode as in the authors' program."""
    if job.variant == "chance":
        return Chance(env.action_space, seed)
    settings: dict[str, Any] = {"compat": "reference"}
    if job.variant == "bootstrap":
        settings = {"compat": None}
    else:
        settings |= changes(job.variant, job.setting.agent) or {}
    return rl.make_agent(job.setting.agent, env, seed=seed, **settings)


def make_environment(setting: Setting) -> Any:
    """Return the environment; the paper's versions of MuJoCo tasks are meant, newer ones exist."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return rl.make(setting.task, time_limit=setting.cap)


def run_job(job: Job) -> dict[str, Any]:
    """Run one job; the windows of its curve and whether its weights stayed finite.

    NaN never leaves a weight again, so looking at the end is enough.
    """
    made: list[Any] = []
    begin = time.process_time()

    def agent(env: Any, seed: int) -> Any:
        made.append(make_agent(job, env, seed))
        return made[0]

    setting, found = job.setting, None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # environments warn of the actions of a diverged agent
        try:
            found = episodes(
                agent, lambda: make_environment(setting), setting.steps, seeds=[job.seed],
                progress=False,
            )  # fmt: skip
        except ValueError:
            if largest_weight(made[0]) < np.inf:  # else its actions were no numbers
                raise
    largest = largest_weight(made[0])
    line: dict[str, Any] = dict(zip(("setting", "variant", "seed"), job.key, strict=True))
    line |= {"finite": largest < np.inf, "largest_weight": round(min(largest, 1e9), 3)}
    line["cpu_seconds"] = round(time.process_time() - begin, 2)
    return line | (figures(found, setting) if found is not None else {})


def figures(found: Episodes, setting: Setting) -> dict[str, Any]:
    """Return what the tables need of a run."""
    run = found.runs[0]
    ends, returns = np.array(run.ends), np.array(run.returns)
    thirds = returns[ends > 2 * run.steps / 3]
    solved = ends[returns >= NEAR_CAP]
    return {
        "windows": rounded(found.curve(setting.points)[:, 1]),
        "fifths": rounded(found.curve(5)[:, 1]),
        "last_fifth": rounded(found.curve(5)[-1:, 1])[0],
        "last_third": round(float(thirds.mean()), 1) if len(thirds) else None,
        "episodes": len(returns),
        "best": round(float(returns.max()), 1) if len(returns) else None,
        "first_475": int(solved[0]) if len(solved) else None,
        "steps_per_cpu_second": round(run.steps / max(run.cpu_seconds, 1e-9)),
    }


def rounded(values: Any) -> list[float | None]:
    """Return numbers with one decimal; None for NaN."""
    return [None if np.isnan(v) else round(float(v), 1) for v in values]


def largest_weight(agent: Any) -> float:
    """Return the largest absolute weight or bias; infinity where one is not finite."""
    parts = [abs(part).max() for net in agent.layers for layer in net for part in layer]
    largest = float(np.max(parts)) if parts else 0.0
    return largest if np.isfinite(largest) else np.inf


def leave_no_logs() -> None:
    """Work in a folder of its own: MuJoCo writes its log where it is."""
    os.chdir(tempfile.mkdtemp(prefix="stream_x_"))
