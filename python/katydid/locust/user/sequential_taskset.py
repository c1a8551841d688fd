"""A TaskSet whose tasks run in the order in which they are written."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from .task import TaskSet, TaskSetMeta, expand_weights


class SequentialTaskSetMeta(TaskSetMeta):
    """Collects tasks in written order; a `tasks` attribute counts where it stands in the class body."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> SequentialTaskSetMeta:
        ordered: list[Any] = []
        for base in bases:
            ordered.extend(getattr(base, "tasks", None) or ())
        for key, member in namespace.items():
            if key == "tasks":
                if not isinstance(member, (list, dict)):
                    raise ValueError(f"{name}.tasks must be a list or a dict, not {type(member).__name__}")
                ordered.extend(expand_weights(member))
            elif "locust_task_weight" in dir(member):
                ordered.extend([member] * member.locust_task_weight)
        namespace["tasks"] = ordered
        return type.__new__(mcs, name, bases, namespace)


class SequentialTaskSet(TaskSet, metaclass=SequentialTaskSetMeta):
    """Runs its tasks one after the other, and then from the first again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._task_cycle = cycle(self.tasks)

    def get_next_task(self) -> Any:
        """The next task in written order."""
        if not self.tasks:
            raise Exception(f"no tasks defined on {type(self).__name__}: decorate a method with @task")
        return next(self._task_cycle)
