"""Which worker runs how many users of which class, from one moment to the next?

The order is computed natively; this module gives it Locust's names and keeps the time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import gevent

from katydid import _core

if TYPE_CHECKING:
    from .runners import WorkerNode
    from .user import User

    Distribution = dict[str, dict[str, int]]


class UsersDispatcher(Iterator["Distribution"]):
    """Yields, for one target after the other, how many users of each class are to run on each worker.

    What it yields is absolute. Between two batches `next` sleeps as long as the spawn rate asks; the time
    that applying a batch took counts as slept.

    A subclass may replace any of the public methods, or only the order of classes: with a method `_user_gen`
    that yields names of classes, users are spawned in that order instead of the one of weights and fixed
    counts.
    """

    def __init__(self, worker_nodes: list[WorkerNode], user_classes: list[type[User]]) -> None:
        assert len(user_classes) > 0, "there must be a class of users to dispatch"
        self._worker_nodes = worker_nodes
        self._user_classes = sorted(user_classes, key=lambda cls: cls.__name__)
        workers = [node.id for node in worker_nodes]
        self._native = _core.Dispatcher(workers, class_fields(user_classes))
        self._user_generator = self._own_order()
        self._dispatched_at = 0.0
        self._dispatch_iteration_durations: list[float] = []

    def new_dispatch(
        self, target_user_count: int, spawn_rate: float, user_classes: list[type[User]] | None = None
    ) -> None:
        """Aim at a number of users, so many per second; with `user_classes`, spawn only those from now on."""
        if user_classes is not None:
            self._change_classes(sorted(user_classes, key=lambda cls: cls.__name__))
        self._native.aim_at(max(0, int(target_user_count)), spawn_rate)
        self._dispatch_iteration_durations.clear()

    def _change_classes(self, user_classes: list[type[User]]) -> None:
        if user_classes != self._user_classes:
            self._user_classes = user_classes
            self._native.change_classes(class_fields(user_classes))
            self._user_generator = self._own_order()

    def _own_order(self) -> Iterator[str | None] | None:
        own = getattr(self, "_user_gen", None)
        return None if own is None else own()

    def _choose_next(self) -> None:
        """Let a subclass's own order say of which classes the users of the next batch are."""
        if self._user_generator is None:
            return
        for _ in range(self._native.unchosen):
            name = next(self._user_generator, None)
            if name is None:
                return
            self._native.choose(name)

    def __next__(self) -> Distribution:
        while (step := self._next_step()) is not None:
            if isinstance(step, dict):
                self._dispatched_at = time.perf_counter()
                return step
            took = time.perf_counter() - self._dispatched_at
            self._dispatch_iteration_durations.append(took)
            gevent.sleep(max(0.0, step - took))
        raise StopIteration

    def _next_step(self) -> Distribution | float | None:
        self._choose_next()
        return self._native.step()

    def add_worker(self, worker_node: WorkerNode) -> None:
        """A worker joins: the next distribution includes it."""
        self._native.add_worker(worker_node.id)

    def remove_worker(self, worker_node: WorkerNode) -> None:
        """A worker is gone: the next distribution gives its users to the others."""
        self._native.remove_worker(worker_node.id)

    def get_current_user_count(self) -> int:
        """How many users the last distribution has."""
        return self._native.user_count

    @property
    def dispatch_in_progress(self) -> bool:
        """Is the target neither reached nor given up?"""
        return self._native.is_in_progress

    @property
    def dispatch_iteration_durations(self) -> list[float]:
        """How many seconds it took to apply each batch so far."""
        return self._dispatch_iteration_durations


def class_fields(user_classes: Iterable[type[User]]) -> list[tuple[str, float, int]]:
    """Name, weight and fixed count of each class, as the native half takes them."""
    return [(cls.__name__, max(0.0, float(cls.weight)), max(0, int(cls.fixed_count))) for cls in user_classes]
