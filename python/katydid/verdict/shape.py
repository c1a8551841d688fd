"""How are levels held one after another? By a load shape that takes the place of one in the locustfile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from katydid.history.keeper import keeper_of
from katydid.locust.shape import LoadTestShape

if TYPE_CHECKING:
    from katydid.locust.env import Environment
    from katydid.locust.user import User

    from .watch import Watch

logger = logging.getLogger("locust.runners")

_EARLY = 0.05
"""The runner asks about once a second: a level that is over in so many seconds is over."""

_FASTEST_END = 100.0

Wanted = tuple[int, float] | tuple[int, float, "list[type[User]] | None"]


@dataclass(frozen=True, slots=True)
class HeldLevel:
    """A level with the classes and the host of its scenario."""

    title: str
    users: int
    rate: float
    seconds: float
    scenario: int
    scenario_name: str
    """Empty for one without a name."""
    classes: list[type[User]] | None
    """None for all."""
    host: str | None

    @property
    def wanted(self) -> Wanted:
        """What it asks of the runner."""
        if self.classes is None:
            return self.users, self.rate
        return self.users, self.rate, self.classes

    def __str__(self) -> str:
        return f"{self.title}: {self.users} users, {self.rate:g} per second, for {self.seconds:g} s"


class LevelShape(LoadTestShape):
    """Holds levels one after another. Between two scenarios all users stop."""

    def __init__(
        self, levels: list[HeldLevel], watch: Watch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.levels = levels
        self._watch = watch
        self._clock = clock
        self._hosts = Hosts(watch.environment)
        self._index = -1
        self._began = 0.0
        self._is_emptying = False

    @property
    def description(self) -> list[str]:
        """A line for each level."""
        return [str(level) for level in self.levels]

    def reset_time(self) -> None:
        """Begin with the first level again."""
        super().reset_time()
        self._index = -1
        self._is_emptying = False

    def tick(self) -> Any:
        """The present level, or None after the last."""
        if self._is_emptying:
            if self.get_current_user_count() > 0:
                return self._nobody()
            return self._enter(self._index + 1)
        if self._index < 0:
            return self._enter(0)
        level = self.levels[self._index]
        if self._clock() - self._began < level.seconds - _EARLY:
            return level.wanted
        return self._leave(level)

    def _leave(self, level: HeldLevel) -> Any:
        following = self._index + 1
        if following == len(self.levels):
            self._end_level()
            return None
        if self.levels[following].scenario == level.scenario:
            return self._enter(following)
        self._end_level()
        self._is_emptying = True
        return self._nobody()

    def _nobody(self) -> Wanted:
        level = self.levels[self._index]
        rate = min(_FASTEST_END, max(1.0, float(level.users)))
        return (0, rate) if level.classes is None else (0, rate, level.classes)

    def _enter(self, index: int) -> Wanted:
        level = self.levels[index]
        logger.info("%s", level)
        self._index, self._began, self._is_emptying = index, self._clock(), False
        self._hosts.put(level.host)
        self._watch.begin_level(index)
        keeper = keeper_of(self._watch.environment)
        if keeper is not None:
            keeper.begin_level(level.scenario_name, level.title, level.users)
        return level.wanted

    def _end_level(self) -> None:
        self._watch.end_level()
        keeper = keeper_of(self._watch.environment)
        if keeper is not None:
            keeper.end_level()


class Hosts:
    """Gives a scenario its host, and the next one those that there were before."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._own: tuple[str | None, dict[type[User], str | None]] | None = None

    def put(self, host: str | None) -> None:
        """Have users that start from now on ask this host; None for their own."""
        environment = self._environment
        if host is not None and self._own is None:
            self._own = environment.host, {cls: cls.host for cls in environment.user_classes}
        if self._own is None:
            return
        environment.host = host or self._own[0]
        if host is None:
            for user_class, own in self._own[1].items():
                user_class.host = own
