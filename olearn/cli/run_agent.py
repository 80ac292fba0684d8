"""What `olearn run AGENT ENVIRONMENT` does: let an agent learn in a Gymnasium environment."""

import re
from pathlib import Path
from typing import Any

import typer

from olearn.cli.arguments import RunOptions
from olearn.cli.tables import refuse_columns

STEPS = 50_000  # where none are asked for


def run(agent: str, environment: str, given: RunOptions) -> None:
    """Run one seed, print the table, draw the learning curve; a row is a step.

    The curve goes beside, named after agent and environment, where `picture` does not say; an
    episode after the last step goes to `video`.
    """
    why = f"{agent} is an agent, which acts in an environment"
    given.refuse(("delay", "detector", "metric", "positive", "interval", "rare", "target"), why)
    given.refuse(("column", "calibrate", "report"), why)
    refuse_columns(given.table, why, tuple(given.table))
    given.refuse(("checkpoint", "every", "resume"), f"{why}, whose state cannot be saved")

    from olearn.evaluate import episodes
    from olearn.learners import rl
    from olearn.show.tables import print_table

    def make_agent(env: Any, seed: int) -> Any:
        return rl.make_agent(agent, env, **({"seed": seed} | given.of_learner))

    n = STEPS if given.rows is None else given.rows
    drawn = {} if given.video is None else {"render_mode": "rgb_array"}

    def make_environment() -> Any:
        try:
            return rl.make(environment, **(drawn | given.of_stream))
        except ValueError as error:  # there is none of that name, or it takes no such argument
            raise typer.BadParameter(" ".join(str(error).split())) from error

    result = episodes(
        make_agent,
        make_environment,
        n,
        seeds=[given.seed],
        agent=agent,
        environment=environment,
        video=given.video,
    )
    if given.as_json:
        typer.echo(result.to_json())
        return
    print_table(result.table())
    name = re.sub(r"[^\w.-]+", "-", f"{agent}-{environment}-returns.png")
    path = given.picture if given.picture is not None else Path(name)
    result.plot(path, n_windows=max(1, n // given.window))
    typer.echo(f"picture: {path.absolute()}")
    if given.video is not None:
        typer.echo(f"video: {given.video.absolute()}")
