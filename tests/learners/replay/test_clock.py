"""Tests of the clock: phases found by new classes after a quiet time, or told."""

import pytest

from olearn.learners.replay.clock import StepClock


def run(clock, news):
    phases = []
    for new in news:
        clock.enter(new)
        phases.append(clock.phase)
        clock.leave()
    return phases


def test_a_new_class_after_a_quiet_time_begins_a_phase():
    """A new class sooner does not, and several new classes in succession begin one phase."""
    clock = StepClock(warm_batches=3)
    news = [True, False, False, True, False, False, False, True, True, False]
    assert run(clock, news) == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert clock.phase_start == 7


def test_tasks_are_phases_once_they_are_told():
    """After `begin_task` only tasks begin phases; the first, before any batch, is phase 0."""
    clock = StepClock(warm_batches=1)
    clock.begin_task()
    assert clock.task_start
    assert run(clock, [True, False, False, True]) == [0, 0, 0, 0]
    assert not clock.task_start
    clock.begin_task()
    assert run(clock, [False, True, False]) == [1, 1, 1]
    assert clock.phase_start == 4


def test_bad_arguments():
    """A quiet time below one batch is refused."""
    with pytest.raises(ValueError, match=r"warm_batches.*got 0"):
        StepClock(0)
