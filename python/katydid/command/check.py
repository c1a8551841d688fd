"""What would a run with these options do, and what would keep it from working? The answer of --check.

The locustfile is imported and the options are applied as for a run; then it is told instead of done. No user
is created, so what a class does in its constructor or in `on_start` is not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from katydid.locust import FastHttpUser, HttpUser
from katydid.locust.argument_parser import LocustArgumentParser, default_args_dict, get_parser
from katydid.locust.log import complain

if TYPE_CHECKING:
    from katydid.locust.env import Environment
    from katydid.locust.user import User

_EXIT_FINE = 0
_EXIT_PROBLEMS = 1
_INDENT = "  "


def check(environment: Environment, options: Any) -> int:
    """Print what a run would do. Returns the exit code: 1 if there is a problem, told on stderr."""
    if options.equal_weights:
        environment.assign_equal_weights()
    environment._filter_tasks_by_tags()
    for line in description(environment, options, get_parser()):
        print(line)
    problems = list(problems_of(environment, options))
    for problem in problems:
        complain(problem)
    return _EXIT_PROBLEMS if problems else _EXIT_FINE


def description(environment: Environment, options: Any, parser: LocustArgumentParser) -> Iterator[str]:
    """The lines that say what would run."""
    yield f"Locustfiles: {', '.join(environment.parsed_locustfiles or [])}"
    yield f"Load: {_load(environment, options)}"
    for line in getattr(environment.shape_class, "description", ()):
        yield f"{_INDENT}{line}"
    yield "User classes:"
    for user_class in environment.user_classes:
        yield f"{_INDENT}{user_class.__name__}: {_traits(user_class, environment.host)}"
        yield from _task_lines(user_class.tasks, 2)
    shapes = environment.available_shape_classes or {}
    if shapes:
        yield "Load shapes:"
        for name, shape in shapes.items():
            yield f"{_INDENT}{name}{' (this one decides)' if shape is environment.shape_class else ''}"
    arguments = list(_argument_lines(options, parser))
    if arguments:
        yield "Arguments of the locustfile:"
        yield from arguments


def _load(environment: Environment, options: Any) -> str:
    shape = environment.shape_class
    if getattr(shape, "description", None):
        return "one level after another"
    if shape is not None and not shape.use_common_options:
        return f"as the shape {type(shape).__name__} decides"
    users = 1 if options.num_users is None else options.num_users
    rate = 1 if options.spawn_rate is None else options.spawn_rate
    length = f"for {options.run_time} s" if options.run_time else "until interrupted"
    by_shape = "" if shape is None else f", of which the shape {type(shape).__name__} makes use"
    return f"{users} users, {rate:g} per second, {length}{by_shape}"


def _traits(user_class: type[User], host: str | None) -> str:
    """What decides how many users of a class there are, and whom they ask."""
    share = (
        f"fixed count {user_class.fixed_count}" if user_class.fixed_count else f"weight {user_class.weight:g}"
    )
    host = host or user_class.host
    return f"{share}, host {host}" if host else share


def _task_lines(tasks: list[Any], level: int) -> Iterator[str]:
    """Each task with its share among its neighbours; the tasks of a set below it."""
    for task, count in _counted(tasks).items():
        yield f"{_INDENT * level}{task.__name__}: {count / len(tasks):.1%}"
        yield from _task_lines(getattr(task, "tasks", None) or [], level + 1)


def _counted(tasks: list[Any]) -> Counter[Any]:
    counts: Counter[Any] = Counter(tasks)
    return counts


def _argument_lines(options: Any, parser: LocustArgumentParser) -> Iterator[str]:
    known = default_args_dict()
    for action in parser._actions:
        if action.dest in known or not hasattr(options, action.dest):
            continue
        value = getattr(options, action.dest)
        shown = "***" if getattr(action, "is_secret", False) and value else repr(value)
        choices = f", one of {', '.join(map(str, action.choices))}" if action.choices else ""
        required = ", required by the web page" if getattr(action, "is_required", False) else ""
        name = action.option_strings[0] if action.option_strings else action.dest
        yield f"{_INDENT}{name}: {shown}{choices}{required}"


def problems_of(environment: Environment, options: Any) -> Iterator[str]:
    """One line for each thing that would keep the run from doing what was asked."""
    for user_class in environment.user_classes:
        if not user_class.tasks:
            left = " that the tags leave" if options.tags or options.exclude_tags else ""
            yield f"{user_class.__name__} has no task{left}"
        if _asks_somebody(user_class) and not (environment.host or user_class.host):
            yield f"{user_class.__name__} has no host: give --host, or set the class's host"


def _asks_somebody(user_class: type[User]) -> bool:
    """Does the class send its requests to a host?"""
    return issubclass(user_class, (HttpUser, FastHttpUser))
