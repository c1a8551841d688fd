"""Which share of the load does each class and each task get?"""

from __future__ import annotations

import inspect
import json
from collections import Counter
from typing import Any

from .task import TaskSet
from .users import User

Ratios = dict[str, dict[str, Any]]

_RULE = "-" * 80


def print_task_ratio(user_classes: list[type[User]], num_users: int | None, total: bool) -> None:
    """Print the shares as an indented table: of the whole load if `total`, else within each class."""
    _print_task_ratio(get_ratio(user_classes, _calc_distribution(user_classes, num_users), total))


def print_both_ratios(user_classes: list[type[User]], num_users: int | None) -> None:
    """Print the shares within each class, then those of the whole load."""
    for title, total in (("Task ratio per User class", False), ("Total task ratio", True)):
        print(f"\n {title}\n{_RULE}")
        print_task_ratio(user_classes, num_users, total)


def print_task_ratio_json(user_classes: list[type[User]], num_users: int | None) -> None:
    """Print both views of the shares as JSON."""
    counts = _calc_distribution(user_classes, num_users)
    views = {
        "per_class": get_ratio(user_classes, counts, total=False),
        "total": get_ratio(user_classes, counts, total=True),
    }
    print(json.dumps(views, indent=4))


def get_ratio(user_classes: list[type[User]], user_spawned: dict[str, int], total: bool) -> Ratios:
    """The shares of classes and, below them, tasks.

    Args:
        user_classes: whose shares.
        user_spawned: number of users by class name.
        total: multiply each task's share by its class's.
    """
    all_users = sum(user_spawned.values())
    ratios: Ratios = {}
    for user_class in user_classes:
        share = user_spawned.get(user_class.__name__, 0) / all_users if all_users else 0.0
        ratios[user_class.__name__] = {
            "ratio": share,
            "tasks": _get_task_ratio(user_class.tasks, total, share),
        }
    return ratios


def _get_task_ratio(tasks: list[Any], total: bool, parent_ratio: float) -> Ratios:
    scale = parent_ratio if total else 1.0
    ratios: Ratios = {}
    counts: Counter[Any] = Counter(tasks)
    for member, count in counts.items():
        share = count / len(tasks) * scale
        ratios[member.__name__] = {"ratio": share}
        if inspect.isclass(member) and issubclass(member, TaskSet):
            ratios[member.__name__]["tasks"] = _get_task_ratio(member.tasks, total, share)
    return ratios


# Suites call these two, too, whatever their names say.


def _calc_distribution(user_classes: list[type[User]], num_users: float | None) -> dict[str, int]:
    """How many users of each class a run with `num_users` has; without it, enough to show the weights."""
    fixed = {cls.__name__: cls.fixed_count for cls in user_classes if cls.fixed_count}
    total_weight = sum(cls.weight for cls in user_classes if not cls.fixed_count)
    if not num_users:
        num_users = 1 if fixed else total_weight
    left = max(0, num_users - sum(fixed.values()))
    return {
        cls.__name__: fixed[cls.__name__] if cls.fixed_count else round(cls.weight / total_weight * left)
        for cls in user_classes
    }


def _print_task_ratio(ratios: Ratios, level: int = 0) -> None:
    indent = "  " * level
    for name, entry in ratios.items():
        print(f" {indent}{entry['ratio'] * 100:<10.1f} {name:<{50 - len(indent)}}")
        if "tasks" in entry:
            _print_task_ratio(entry["tasks"], level + 1)
