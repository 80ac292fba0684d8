"""What `olearn run AGENT ENVIRONMENT` does: let an agent learn in a Gymnasium environment."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

AGENTS = {
    "stream-q": "stream Q(lambda): values of discrete actions, no replay",
    "stream-sarsa": "stream SARSA(lambda): values of the actions it takes",
    "stream-ac": "stream actor-critic: discrete or continuous actions",
}
STEPS = 50_000  # where none are asked for


def run(
    agent: str,
    environment: str,
    *,
    steps: int | None,
    seed: int,
    options: Mapping[str, Any],
    environment_options: Mapping[str, Any],
    window: int,
    picture: Path | None,
    video: Path | None,
    as_json: bool,
) -> None:
    """Run one seed, print the table, draw the learning curve.

    Parameters
    ----------
    agent, environment
        A name of `AGENTS`, and one of Gymnasium.
    steps
        Number of steps; None: `STEPS`.
    seed
        Of agent and environment.
    options, environment_options
        Arguments of the agent and of `rl.make`.
    window
        Steps of a point of the curve.
    picture
        Where the curve goes; None: beside, named after agent and environment.
    video
        Where an episode after the last step goes, `.gif` or `.png`; None: none is made.
    as_json
        Print JSON and draw nothing.

    """
    from olearn.evaluate import episodes
    from olearn.evaluate.tables import print_table
    from olearn.learners import rl

    def make_agent(env: Any, seed: int) -> Any:
        made = rl.make_agent(agent, env, **({"seed": seed} | dict(options)))
        if "torch" in sys.modules:  # threads would wait for each other at each small layer
            sys.modules["torch"].set_num_threads(1)
        return made

    n = STEPS if steps is None else steps
    drawn = {} if video is None else {"render_mode": "rgb_array"}
    result = episodes(
        make_agent,
        lambda: rl.make(environment, **(drawn | dict(environment_options))),
        n,
        seeds=[seed],
        agent=agent,
        environment=environment,
        video=video,
    )
    if as_json:
        typer.echo(result.to_json())
        return
    print_table(result.table())
    name = re.sub(r"[^\w.-]+", "-", f"{agent}-{environment}-returns.png")
    path = picture if picture is not None else Path(name)
    result.plot(max(1, n // window)).savefig(path)
    typer.echo(f"picture: {path.absolute()}")
    if video is not None:
        typer.echo(f"video: {video.absolute()}")
