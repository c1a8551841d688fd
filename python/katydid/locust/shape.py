"""How does a test vary its load over time? A shape answers, about once a second, how many users it wants."""

from __future__ import annotations

import time
from abc import ABCMeta, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .runners import Runner
    from .user import User


class LoadTestShapeMeta(ABCMeta):
    """Makes each shape usable unless its own body says that it is abstract."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> LoadTestShapeMeta:
        namespace["abstract"] = bool(namespace.get("abstract", False))
        return super().__new__(mcs, name, bases, namespace)


class LoadTestShape(metaclass=LoadTestShapeMeta):
    """Base of load shapes: subclass it and write :meth:`tick`."""

    runner: Runner | None = None
    """The runner that follows this shape; set before the first tick."""

    abstract: ClassVar[bool] = True
    """True for a base class that no run should use by itself."""

    use_common_options: ClassVar[bool] = False
    """True where tick reads the number of users, the spawn rate or the run time from the options."""

    def __init__(self) -> None:
        self.start_time = time.perf_counter()

    def reset_time(self) -> None:
        """Begin to count the run time anew."""
        self.start_time = time.perf_counter()

    def get_run_time(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.start_time

    def get_current_user_count(self) -> int:
        """How many users run now."""
        return self.runner.user_count if self.runner else 0

    @abstractmethod
    def tick(self) -> tuple[int, float] | tuple[int, float, list[type[User]] | None] | None:
        """What the run should look like now.

        Returns users and spawn rate, optionally the user classes to spawn, or None to end the run.
        """
