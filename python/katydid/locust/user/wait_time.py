"""How long does a user wait between tasks? Each function here makes a `wait_time` for a class body."""

import random
from collections.abc import Callable
from time import time
from typing import Any

WaitTime = Callable[[Any], float]


def between(min_wait: float, max_wait: float) -> WaitTime:
    """Wait a random time, evenly distributed between two numbers of seconds."""
    return lambda instance: min_wait + random.random() * (max_wait - min_wait)


def constant(wait_time: float) -> WaitTime:
    """Wait the same number of seconds each time."""
    return lambda instance: wait_time


def constant_pacing(wait_time: float) -> WaitTime:
    """Start a task every so many seconds, however long tasks take.

    A task that takes longer than the interval is followed at once by the next; the time lost is not made up.
    """

    def pace(instance: Any) -> float:
        now = time()
        busy = now - instance._cp_last_run - instance._cp_last_wait_time
        instance._cp_last_run = now
        instance._cp_last_wait_time = max(0, wait_time - busy)
        return instance._cp_last_wait_time

    return pace


def constant_throughput(task_runs_per_second: float) -> WaitTime:
    """Start so many tasks per second and user, as far as the tasks' own duration allows it."""
    return constant_pacing(1 / task_runs_per_second)
