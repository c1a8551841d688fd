"""What happened in a run, and when? Marks for its charts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from katydid.locust.env import Environment


class Marks:
    """Turns a run's events into marks."""

    def __init__(self, environment: Environment, mark: Callable[[str, str], None]) -> None:
        """
        Args:
            environment: whose events.
            mark: takes a mark's kind and text.
        """
        self._environment = environment
        self._mark = mark
        self._stage: Any = None
        events = environment.events
        events.test_start.add_listener(self._on_start)
        events.spawning_complete.add_listener(self._on_spawned)
        events.reset_stats.add_listener(self._on_reset)
        events.test_stop.add_listener(self._on_stop)

    def notice_stage(self) -> None:
        """Look whether a load shape wants something else than before; called once a second."""
        stage = getattr(self._environment.runner, "shape_last_tick", None)
        if stage is not None and stage != self._stage:
            self._mark("stage", f"{stage[0]:g} users at {stage[1]:g} per second")
        self._stage = stage

    def _on_start(self, **_: Any) -> None:
        self._mark("start", "")

    def _on_spawned(self, user_count: int, **_: Any) -> None:
        self._mark("spawned", f"{user_count} users")

    def _on_reset(self, **_: Any) -> None:
        self._mark("reset", "")

    def _on_stop(self, **_: Any) -> None:
        self._mark("stop", "")
