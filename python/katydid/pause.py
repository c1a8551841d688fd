"""Which runs are paused? Their users finish the task they are at and wait here before the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gevent.event import Event

if TYPE_CHECKING:
    from katydid.locust.env import Environment

gates: dict[Environment, Event] = {}
"""What the users of each paused run wait for. Usually empty, which is all that a running user checks."""


def hold(environment: Environment) -> None:
    """Let no user of this run begin a task from now on."""
    gates.setdefault(environment, Event())


def release(environment: Environment) -> None:
    """Let the users go on."""
    gate = gates.pop(environment, None)
    if gate is not None:
        gate.set()
