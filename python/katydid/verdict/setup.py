"""What do options and suite file ask of a run? A watch over it, and the shape that holds its levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from katydid import _core
from katydid.command import suite
from katydid.history.keeper import baseline_levels

from .shape import HeldLevel, LevelShape
from .watch import Watch

if TYPE_CHECKING:
    from katydid.locust.env import Environment
    from katydid.locust.user import User


class CannotJudge(Exception):
    """What is asked does not fit the suite: one line."""


def set_up(environment: Environment, options: Any) -> Watch | None:
    """Have a run judged as the options say; None if they ask nothing.

    Raises:
        CannotJudge: a threshold of a level or class that there is not, or levels beside a shape.
    """
    file = suite.load(options)
    thresholds = options.katydid_thresholds or []
    if file is None and options.katydid_stages is None and not thresholds:
        return None
    try:
        judge = _core.Judge(file, options.katydid_stages, thresholds)
    except ValueError as fault:
        raise CannotJudge(str(fault)) from fault
    if not judge.levels and not judge.asks:
        return None
    _refuse_unknown_users(environment, judge)
    if judge.levels and options.katydid_baseline is not None:
        judge.compare_with(_baseline_levels(options))
    if judge.levels:
        _refuse_other_shape(environment, "--stages" if options.katydid_stages else "the suite file")
    watch = Watch(environment, judge)
    if judge.levels:
        environment.shape_class = LevelShape(_held_levels(environment, judge), watch)
    return watch


def _baseline_levels(options: Any) -> list[tuple[str, int, float | None]]:
    try:
        return baseline_levels(options)
    except (OSError, ValueError) as fault:
        raise CannotJudge(f"--baseline {options.katydid_baseline}: {fault}") from fault


def _refuse_unknown_users(environment: Environment, judge: _core.Judge) -> None:
    for name in judge.users:
        _user_class(environment, name, f"the threshold of user:{name}")


def _refuse_other_shape(environment: Environment, source: str) -> None:
    shape = environment.shape_class
    if shape is not None:
        raise CannotJudge(
            f"both {source} and the load shape {type(shape).__name__} of the locustfile say how the load is: "
            f"leave one of them out"
        )


def _held_levels(environment: Environment, judge: _core.Judge) -> list[HeldLevel]:
    held = []
    for title, users, rate, seconds, scenario, scenario_name, names, host in judge.levels:
        classes = [_user_class(environment, name, title) for name in names] or None
        held.append(HeldLevel(title, users, rate, seconds, scenario, scenario_name, classes, host))
    return held


def _user_class(environment: Environment, name: str, source: str) -> type[User]:
    user_class = environment.user_classes_by_name.get(name)
    if user_class is None:
        known = ", ".join(environment.user_classes_by_name)
        raise CannotJudge(f"{source}: there is no user class {name}, the run has {known}")
    return user_class
