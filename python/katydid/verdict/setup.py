"""What do options and suite file ask of a run? A watch over it, and the shape that holds its levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from katydid import _core
from katydid.command import suite
from katydid.history.keeper import baseline_levels

from .expect import expect
from .shape import HeldLevel, LevelShape
from .watch import Watch, watch_of

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
    if judge.levels and (levels := _baseline_levels(options)):
        judge.compare_with(levels)
    if judge.levels:
        _refuse_other_shape(environment, "--stages" if options.katydid_stages else "the suite file")
    if (before := watch_of(environment)) is not None:
        before.close()
    watch = Watch(environment, judge)
    if judge.levels:
        environment.shape_class = LevelShape(_held_levels(environment, judge), watch)
    return watch


def _baseline_levels(options: Any) -> list[tuple[str, int, float | None]]:
    try:
        return baseline_levels(options)
    except (OSError, ValueError) as fault:
        raise CannotJudge(f"--baseline {options.katydid_baseline}: {fault}") from fault


class BadAsk(ValueError):
    """What is asked cannot be understood, and which field it is in."""

    def __init__(self, name: str, fault: Exception) -> None:
        super().__init__(str(fault))
        self.name = name


def ask_anew(
    environment: Environment,
    options: Any,
    stages: str | None = None,
    thresholds: list[str] | None = None,
    rules: list[str] | None = None,
) -> None:
    """Have the runs from now on judged otherwise. None leaves things as they are, emptiness asks nothing.

    What the suite file asks stays. Nothing is changed when something cannot be understood.

    Raises:
        BadAsk: a text that is no list of levels, no threshold or no rule.
        CannotJudge: they do not fit the suite.
        CannotRead: the suite file cannot be read any more.
    """
    _refuse_misread(stages, thresholds, rules)
    if stages is not None or thresholds is not None:
        before = options.katydid_stages, options.katydid_thresholds, environment.shape_class
        if isinstance(environment.shape_class, LevelShape):
            environment.shape_class = None
        if stages is not None:
            options.katydid_stages = stages or None
        if thresholds is not None:
            options.katydid_thresholds = thresholds
        try:
            watch = set_up(environment, options)
        except Exception:
            options.katydid_stages, options.katydid_thresholds, environment.shape_class = before
            raise
        if watch is None and (last := watch_of(environment)) is not None:
            last.close()
            Watch(environment, _core.Judge(None, None, []))  # for the files that tell the verdict
    if rules is not None:
        options.katydid_expect = rules
        expect(environment, rules)


def _refuse_misread(stages: str | None, thresholds: list[str] | None, rules: list[str] | None) -> None:
    readers: list[tuple[str, list[str], Callable[[str], Any]]] = [
        ("stages", [stages] if stages else [], _core.check_stages),
        ("thresholds", thresholds or [], _core.check_threshold),
        ("expect", rules or [], lambda rule: _core.Rules([rule])),
    ]
    for name, texts, read in readers:
        for text in texts:
            try:
                read(text)
            except ValueError as fault:
                raise BadAsk(name, fault) from fault


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
