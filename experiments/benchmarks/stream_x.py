"""Streaming RL: steps per CPU second, compiled and in torch, beside a plain torch program.

    python experiments/benchmarks/stream_x.py

The peer is what one writes first: one agent, `torch.nn` modules, automatic differentiation, a loop
over parameters for traces and bound. All do the same step on the same synthetic observations, which
are normalised before, `act` and `learn` together; then whole loops with CartPole and, where MuJoCo
is installed, Hopper. The authors' program was measured once, on another and busy machine.
"""

import dataclasses
import importlib.util
import math
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _timing import RESULTS, option, parse, write
from torch import nn

from olearn.evaluate import episodes
from olearn.learners import rl

GAMMA, LAMBDA = 0.99, 0.8
AUTHORS = {"Q CartPole": 411, "AC Hopper": 170}  # their whole loops, steps per CPU second
CAPS = {"CartPole-v1": 500, "Hopper-v4": 1000}


@dataclasses.dataclass
class Args:
    """Options of the benchmark."""

    steps: int = option(3000, "timed steps of the compiled agents")
    torch_steps: int = option(300, "timed steps of the torch ones")
    repeat: int = option(3, "timed runs, of which the best counts")
    batch: int = option(64, "agents at once in the torch backend and in the compiled vector")
    device: str = option("cpu", "device of the torch backend")
    out: str = option(str(RESULTS / "stream_x_speed"), "result files, without suffix")


def trunk(n_in: int, width: int, n_out: int) -> nn.Sequential:
    """Two hidden layers with layer norm, nothing of it learnt, and leaky ReLU."""
    layers: list[nn.Module] = []
    for n in (n_in, width):
        norm = nn.LayerNorm(width, elementwise_affine=False)
        layers += [nn.Linear(n, width), norm, nn.LeakyReLU()]
    return nn.Sequential(*layers, nn.Linear(width, n_out))


class PlainObGD:
    """Traces and bounded steps, parameter by parameter."""

    def __init__(self, net: nn.Module, kappa: float) -> None:
        self.parameters = list(net.parameters())
        self.traces = [torch.zeros_like(p) for p in self.parameters]
        self.kappa = kappa

    @torch.no_grad()
    def step(self, delta: float, reset: bool) -> None:
        """Take the gradients in `grad`."""
        total = 0.0
        for p, z in zip(self.parameters, self.traces, strict=True):
            assert p.grad is not None
            z.mul_(GAMMA * LAMBDA).add_(p.grad)
            total += z.abs().sum().item()
        size = 1.0 / max(1.0, self.kappa * max(abs(delta), 1.0) * total)
        for p, z in zip(self.parameters, self.traces, strict=True):
            p.add_(size * delta * z)
            if reset:
                z.zero_()


class PlainQ:
    """Stream Q(lambda) as one would write it in torch."""

    def __init__(self, n_in: int, width: int, n_actions: int) -> None:
        self.net = trunk(n_in, width, n_actions)
        self.rule = PlainObGD(self.net, 2.0)
        self.n_actions = n_actions
        self.rng = np.random.default_rng(1)

    def act(self, x: np.ndarray) -> int:
        """Epsilon-greedy."""
        if self.rng.random() < 0.01:
            return int(self.rng.integers(self.n_actions))
        with torch.no_grad():
            return int(self.net(torch.as_tensor(x, dtype=torch.float32)).argmax())

    def learn_one(self, x: np.ndarray, a: int, r: float, x2: np.ndarray, over: bool) -> None:
        """One transition."""
        values = self.net(torch.as_tensor(x, dtype=torch.float32))
        with torch.no_grad():
            following = float(self.net(torch.as_tensor(x2, dtype=torch.float32)).max())
        explored = a != int(values.argmax())
        delta = r + GAMMA * following * (not over) - values[a].item()
        self.net.zero_grad()
        values[a].backward()
        self.rule.step(delta, over or explored)


class PlainAC:
    """Stream AC(lambda) with normal actions as one would write it in torch."""

    def __init__(self, n_in: int, width: int, n_actions: int) -> None:
        self.actor, self.critic = trunk(n_in, width, 2 * n_actions), trunk(n_in, width, 1)
        self.rules = PlainObGD(self.actor, 3.0), PlainObGD(self.critic, 2.0)

    def _policy(self, x: torch.Tensor) -> torch.distributions.Normal:
        mean, before = self.actor(x).chunk(2)
        return torch.distributions.Normal(mean, nn.functional.softplus(before))

    def act(self, x: np.ndarray) -> np.ndarray:
        """Draw an action."""
        with torch.no_grad():
            return self._policy(torch.as_tensor(x, dtype=torch.float32)).sample().numpy()

    def learn_one(self, x: np.ndarray, a: np.ndarray, r: float, x2: np.ndarray, over: bool) -> None:
        """One transition."""
        here = torch.as_tensor(x, dtype=torch.float32)
        value = self.critic(here)[0]
        with torch.no_grad():
            following = float(self.critic(torch.as_tensor(x2, dtype=torch.float32))[0])
        delta = r + GAMMA * following * (not over) - value.item()
        policy = self._policy(here)
        objective = policy.log_prob(torch.as_tensor(a)).sum()
        objective = objective + 0.01 * float(np.sign(delta)) * policy.entropy().sum()
        self.actor.zero_grad()
        self.critic.zero_grad()
        objective.backward()
        value.backward()
        for rule in self.rules:
            rule.step(delta, over)


def cpu_seconds(run: Callable[[], None], repeat: int) -> float:
    """Fewest CPU seconds of several runs, after one that does not count."""
    run()
    best = math.inf
    for _ in range(repeat):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def one_by_one(agent: Any, d: int, steps: int) -> Callable[[], None]:
    """Let an agent act and learn along random observations."""
    rows = np.random.default_rng(1).normal(size=(steps + 1, d))

    def run() -> None:
        for i in range(steps):
            action = agent.act(rows[i])
            agent.learn_one(rows[i], action, 1.0, rows[i + 1], i % 200 == 199)

    return run


def at_once(agents: Any, d: int, n: int, steps: int) -> Callable[[], None]:
    """The same for `n` agents on streams of their own."""
    rows = np.random.default_rng(1).normal(size=(steps + 1, n, d))
    rewards = np.ones(n)

    def run() -> None:
        for i in range(steps):
            actions = agents.act(rows[i])
            agents.learn_many(rows[i], actions, rewards, rows[i + 1])

    return run


def make(task: str, wrap: bool) -> Any:
    """Make the environment; the paper's version of Hopper is meant, newer ones exist."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return rl.make(task, time_limit=CAPS[task], wrap=wrap)


def plain_loop(agent: Any, task: str, steps: int) -> Callable[[], None]:
    """A whole loop of a plain agent, with wrapped observations."""
    env = make(task, wrap=True)

    def run() -> None:
        x, _ = env.reset(seed=1)
        for _ in range(steps):
            action = agent.act(x)
            x2, reward, over, cut, _ = env.step(action)
            agent.learn_one(x, action, float(reward), x2, over or cut)
            x = env.reset()[0] if over or cut else x2

    return run


def our_loop(agent: str, task: str, steps: int) -> Callable[[], None]:
    """A whole loop as `evaluate.episodes` runs it, a new agent each time."""

    def run() -> None:
        episodes(
            lambda env, seed: rl.make_agent(agent, env, seed=seed),
            lambda: make(task, wrap=False),
            steps,
            progress=False,
        )

    return run


Trial = tuple[str, str, int, Callable[[], None]]
"""Task, program, steps, and what makes them."""


def learning_trials(args: Args) -> list[Trial]:
    """Return steps without an environment; the plain program comes first."""
    n, few = args.batch, max(10, args.torch_steps // 10)
    raw = {"normalise": False, "scale_reward": False, "seed": 1}
    low, high = (-1.0,) * 3, (1.0,) * 3
    q = rl.StreamQ(2, epsilon=(0.01, 0.01), **raw)
    ac = rl.StreamAC(hidden=(128, 128), low=low, high=high, **raw)
    small, wide = {"hidden": (32, 32), "seed": 1}, {"hidden": (128, 128), "seed": 1}
    torch_q = rl.TorchStreamQ((5,), 2, n, device=args.device, **small)
    torch_ac = rl.TorchStreamAC((12,), 3, n, continuous=True, device=args.device, **wide)
    found: list[Trial] = []
    for task, plain, ours, theirs, d in (
        ("Q 2x32", PlainQ(5, 32, 2), q, torch_q, 5),
        ("AC 2x128", PlainAC(12, 128, 3), ac, torch_ac, 12),
    ):
        many = at_once(rl.VectorAgents(ours, n), d, n, few)
        found += [
            (task, "plain torch", args.torch_steps, one_by_one(plain, d, args.torch_steps)),
            (task, "compiled", args.steps, one_by_one(ours.clone(), d, args.steps)),
            (task, f"compiled, {n} agents", n * few, many),
            (task, f"torch, {n} agents", n * few, at_once(theirs, d, n, few)),
        ]
    return found


def loop_trials(args: Args) -> list[Trial]:
    """Return whole loops, environments included."""
    few, many = args.torch_steps, args.steps
    found: list[Trial] = [
        ("Q CartPole", "plain torch", few, plain_loop(PlainQ(5, 32, 2), "CartPole-v1", few)),
        ("Q CartPole", "compiled", many, our_loop("stream-q", "CartPole-v1", many)),
    ]
    if importlib.util.find_spec("mujoco") is not None:
        found += [
            ("AC Hopper", "plain torch", few, plain_loop(PlainAC(12, 128, 3), "Hopper-v4", few)),
            ("AC Hopper", "compiled", many, our_loop("stream-ac", "Hopper-v4", many)),
        ]
    return found


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    torch.set_num_threads(1)
    lines, peers = [], {}
    for task, program, steps, run in learning_trials(args) + loop_trials(args):
        seconds = cpu_seconds(run, args.repeat) / steps
        peers.setdefault(task, seconds)
        theirs = AUTHORS.get(task)
        lines.append(
            {
                "task": task,
                "program": program,
                "µs per step": round(1e6 * seconds, 2),
                "steps/s": round(1 / seconds),
                "times plain torch": round(peers[task] / seconds, 2),
                "times the authors' program": None
                if theirs is None
                else round(1 / seconds / theirs),
            }
        )
    title = "Streaming RL: steps per CPU second"
    write(Path(args.out), title, args, [], lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
