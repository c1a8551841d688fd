"""A TaskSet in which each task says, with probabilities, which tasks may follow it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Any

from ..exception import LocustError
from .task import TaskSet, TaskSetMeta

logger = logging.getLogger("locust.user.markov_taskset")

MarkovTaskT = Callable[..., None]


class NoMarkovTasksError(LocustError):
    """A MarkovTaskSet has no task with transitions."""


class InvalidTransitionError(LocustError):
    """A transition names something that the class does not have."""


class NonMarkovTaskTransitionError(LocustError):
    """A transition leads to a method without transitions of its own."""


class MarkovTaskTagError(LocustError):
    """A task of a MarkovTaskSet has tags; the chain could then lead to a task that is left out."""


def transition(func_name: str, weight: int = 1) -> Callable[[MarkovTaskT], MarkovTaskT]:
    """Let the task called `func_name` follow the decorated one. May be given several times."""

    def mark(function: MarkovTaskT) -> MarkovTaskT:
        _own_transitions(function)[func_name] = weight
        return function

    return mark


def transitions(
    weights: dict[str, int] | list[tuple[str, int] | str],
) -> Callable[[MarkovTaskT], MarkovTaskT]:
    """Let each of the named tasks follow the decorated one; a name without a number has weight 1."""

    def mark(function: MarkovTaskT) -> MarkovTaskT:
        _own_transitions(function).update(_as_weights(weights))
        return function

    return mark


def _own_transitions(function: Any) -> dict[str, int]:
    """The weights collected on a function so far."""
    _refuse_reserved_name(function)
    if not hasattr(function, "transitions"):
        function.transitions = {}
    own: dict[str, int] = function.transitions
    return own


def _refuse_reserved_name(function: MarkovTaskT) -> None:
    if function.__name__ in ("on_start", "on_stop"):
        logger.warning("transitions on %s: that method runs by itself, now it is also a task", function)
    if function.__name__ == "run":
        raise Exception("a task cannot be called run: TaskSets need that name themselves")


def _as_weights(weights: dict[str, int] | list[tuple[str, int] | str]) -> dict[str, int]:
    if isinstance(weights, dict):
        return dict(weights)
    return dict(item if isinstance(item, tuple) else (item, 1) for item in weights)


def is_markov_task(task: Any) -> bool:
    """Has this member transitions?"""
    return "transitions" in dir(task)


def get_markov_tasks(class_dict: dict[str, Any]) -> list[Any]:
    """The members with transitions, in the order of their definition."""
    return [member for member in class_dict.values() if is_markov_task(member)]


def to_weighted_list(transitions: dict[str, int]) -> list[str]:
    """Each name as often as its weight says."""
    return [name for name, weight in transitions.items() for _ in range(weight)]


def validate_markov_chain(tasks: list[Any], class_dict: dict[str, Any], classname: str) -> None:
    """Check that the chain can run.

    Raises:
        NoMarkovTasksError, InvalidTransitionError, NonMarkovTaskTransitionError, MarkovTaskTagError
    """
    if not tasks:
        raise NoMarkovTasksError(f"{classname} needs at least one method with @transition or @transitions")
    for task in tasks:
        for target in task.transitions:
            _validate_target(task, target, class_dict, classname)
        if "locust_tag_set" in dir(task):
            raise MarkovTaskTagError(f"{classname}.{task.__name__}: Markov tasks cannot have tags")
    for name in _unreachable(tasks):
        logger.warning("%s.%s cannot be reached from the first task", classname, name)


def _validate_target(task: Any, target: str, class_dict: dict[str, Any], classname: str) -> None:
    if target not in class_dict:
        raise InvalidTransitionError(
            f"{classname}.{task.__name__} has a transition to {target!r}, which the class does not have"
        )
    if not is_markov_task(class_dict[target]):
        raise NonMarkovTaskTransitionError(
            f"{classname}.{task.__name__} has a transition to {target!r}, which has no transitions itself"
        )


def _unreachable(tasks: list[Any]) -> list[str]:
    by_name = {task.__name__: task for task in tasks}
    reached: set[str] = set()
    to_visit = [tasks[0].__name__]
    while to_visit:
        name = to_visit.pop()
        if name not in reached:
            reached.add(name)
            to_visit.extend(by_name[name].transitions)
    return [name for name in by_name if name not in reached]


class MarkovTaskSetMeta(TaskSetMeta):
    """Checks the chain of each class and prepares it for drawing."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> MarkovTaskSetMeta:
        if not namespace.get("abstract"):
            namespace["abstract"] = False
            tasks = get_markov_tasks(namespace)
            validate_markov_chain(tasks, namespace, name)
            namespace["current"] = tasks[0]
            for task in tasks:
                task.transitions = to_weighted_list(task.transitions)
        return type.__new__(mcs, name, bases, namespace)


class MarkovTaskSet(TaskSet, metaclass=MarkovTaskSetMeta):
    """Starts with its first task; what follows a task is drawn from that task's transitions."""

    abstract = True

    _takes_tags = False

    current: Any

    def get_next_task(self) -> Any:
        """The task that the chain has arrived at; moves on to the one after it."""
        arrived = self.current
        following = random.choice(arrived.transitions)
        self.current = _underlying(getattr(self, following))
        return arrived


def _underlying(method: Any) -> Any:
    """The function of a bound method, as tasks are functions of their TaskSet."""
    return getattr(method, "__func__", method)
