"""Steps and phases: when does a method that changes after the first task change?"""

from olearn.core.validate import check_integer


class StepClock:
    """Counts batches, and finds the borders of phases without being told of tasks.

    A phase ends with the first batch that has a new class after at least `warm_batches`
    batches in succession without one. Once `begin_task` has been called, phases are tasks.

    Parameters
    ----------
    warm_batches
        Batches without a new class after which a new class begins a phase; at least 1.

    Examples
    --------
    >>> from olearn.learners.replay.clock import StepClock
    >>> clock = StepClock(warm_batches=2)
    >>> for new_class in (True, True, False, False, True, False):
    ...     begins = clock.enter(new_class)
    ...     print(clock.phase, begins)
    ...     clock.leave()
    0 False
    0 False
    0 False
    0 False
    1 True
    1 False

    """

    def __init__(self, warm_batches: int = 50) -> None:
        check_integer("warm_batches", warm_batches, 1)
        self.warm_batches = warm_batches
        self.step = 0
        self.phase = 0
        self.phase_start = 0
        self.quiet = 0  # batches in succession without a new class
        self.task_start = False
        self.has_tasks = False

    def begin_task(self) -> None:
        """Say that the next batch is the first of a task."""
        self.has_tasks = self.task_start = True

    def enter(self, new_class: bool) -> bool:
        """Take notice of the batch that comes, with a new class or not; is it of a new phase?"""
        begins = (
            self.task_start if self.has_tasks else new_class and self.quiet >= self.warm_batches
        )
        begins = begins and self.step > 0
        if begins:
            self.phase += 1
            self.phase_start = self.step
        self.quiet = 0 if new_class else self.quiet + 1
        return begins

    def leave(self) -> None:
        """Count the batch as learnt."""
        self.step += 1
        self.task_start = False
