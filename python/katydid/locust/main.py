"""What does the command do, in order? Options, locustfiles, choice of classes, environment, run."""

from __future__ import annotations

import inspect
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from katydid import _core
from katydid.command.check import check
from katydid.command.headless import run_headless, run_worker
from katydid.command.options import shows_ratio
from katydid.command.processes import CannotFork, Fleet, fork
from katydid.fault import place_of, story_of
from katydid.history.collector import check as check_collector
from katydid.history.keeper import CannotKeep
from katydid.history.keeper import check as check_store

from ._version import version
from .argument_parser import get_locustfiles_locally, get_parser, parse_locustfile_option
from .env import Environment
from .event import Events
from .html import process_html_filename
from .log import complain, setup_logging
from .shape import LoadTestShape
from .stats import validate_stats_configuration
from .user import TaskSet, User
from .user.inspectuser import print_both_ratios, print_task_ratio_json
from .util.load_locustfile import load_locustfile, load_locustfile_pytest

logger = logging.getLogger("locust.main")

COMMON_OPTIONS = {"num_users": "users", "spawn_rate": "spawn-rate", "run_time": "run-time"}
"""The options that a load shape takes the place of, with their spelling."""

_EXIT_REFUSED = 1
_EXIT_USAGE = 2
_EXIT_USER_CONFIG = 255
_EXIT_INTERRUPTED = 130
_OPEN_FILES_WANTED = 1 << 20

_Content = TypeVar("_Content")

TaskLists = dict[str, list[TaskSet | Callable[..., None]]]


def main() -> None:
    """Run the command with this process's arguments; ends the process."""
    try:
        sys.exit(_command())
    except KeyboardInterrupt:
        complain("interrupted before the run began")
        sys.exit(_EXIT_INTERRUPTED)


def _command() -> int:
    _import_plugins()
    locustfiles = get_locustfiles_locally(parse_locustfile_option())
    user_classes, shapes, tasks, shape = merge_locustfiles_content(locustfiles)
    options = _parse_options()
    _set_up_logging(options)
    if options.list_commands:
        return _list(user_classes)
    chosen = _choose(user_classes, options)
    found = {
        "shape_class": shape,
        "locustfile": os.path.basename(locustfiles[0]),
        "parsed_locustfiles": locustfiles,
        "available_user_classes": user_classes,
        "available_shape_classes": shapes,
        "available_user_tasks": tasks,
    }
    fleet = _fork(options)
    if fleet is None:
        return _take_part(chosen, options, found)
    try:
        return _lead(fleet, options, lambda: _take_part(chosen, options, found))
    finally:
        fleet.end()


def _fork(options: Namespace) -> Fleet | None:
    """With --processes become a parent, or one of its children; otherwise nothing."""
    if options.katydid_check or shows_ratio(options):
        return None
    try:
        return fork(options)
    except CannotFork as fault:
        _refuse(str(fault))


def _lead(fleet: Fleet, options: Namespace, take_part: Callable[[], int]) -> int:
    """What a parent does: be its children's master, or wait for them where they have one elsewhere."""
    from katydid import locust

    if options.worker:
        return fleet.wait_for_all()
    # First of all listeners: one of the suite's may wait for workers.
    locust.events.init._handlers.insert(0, fleet.on_init)
    return take_part()


def _take_part(chosen: list[type[User]], options: Namespace, found: dict[str, Any]) -> int:
    """Play this process's part in the run. Returns its exit code."""
    if options.otel:
        _set_up_telemetry(options)
    environment = _make_environment(chosen, options, **found)
    _configure_users(environment, options)
    if not options.worker:  # a worker's load is its master's to say, and to judge
        _set_up_verdict(environment, options)
        _warn_of_ignored_options(environment, options)
    logger.info("starting katydid %s (Locust API %s)", _core.__version__, version)
    _raise_open_files_limit()
    if options.katydid_check:
        return check(environment, options)
    if shows_ratio(options):
        return _show_ratio(environment, options)
    return _run(environment, options)


def _run(environment: Environment, options: Namespace) -> int:
    """Run the test in the mode that the options ask for. Returns the process's exit code."""
    if options.worker:
        return run_worker(environment, options)
    if options.headless:
        return run_headless(environment, options)
    # Imported here, because only who wants the page pays for its modules.
    from katydid.command import web  # type: ignore[attr-defined,unused-ignore]

    return int(web.run(environment, options))


def _refuse(message: str, code: int = _EXIT_REFUSED) -> NoReturn:
    complain(message)
    sys.exit(code)


def _import_plugins() -> None:
    """The package locust_plugins, where it is installed, adds options and listeners by being imported."""
    try:
        import locust_plugins  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ModuleNotFoundError as fault:
        if fault.name != "locust_plugins":
            raise


def merge_locustfiles_content(
    locustfiles: list[str],
) -> tuple[dict[str, type[User]], dict[str, LoadTestShape], TaskLists, LoadTestShape | None]:
    """Import all locustfiles.

    Returns:
        User classes, shapes, and tasks of the classes, each by name; and the first shape.
    """
    users: dict[str, type[User]] = {}
    shapes: dict[str, LoadTestShape] = {}
    for path in locustfiles:
        found_users, found_shapes = _or_refuse(load_locustfile, path)
        for name, user_class in found_users.items():
            _refuse_if_other(name, users.get(name), user_class)
            users[name] = user_class
        for shape in found_shapes:
            name = type(shape).__name__
            if name in shapes:
                _refuse(f"two load shapes are called {name}: give them different names")
            shapes[name] = shape
    if not users:  # perhaps they were written for pytest
        for path in locustfiles:
            users.update(_or_refuse(load_locustfile_pytest, path))
    tasks: TaskLists = {name: list(cls.tasks) for name, cls in users.items()}
    return users, shapes, tasks, next(iter(shapes.values()), None)


def _or_refuse(load: Callable[[str], _Content], path: str) -> _Content:
    """Load one locustfile, or end the process with a message that names the line at fault."""
    try:
        return load(path)
    except Exception as fault:
        print(story_of(fault), file=sys.stderr)
        _refuse(f"the locustfile cannot be used, {place_of(fault)}: {type(fault).__name__}: {_text(fault)}")


def _text(fault: Exception) -> str:
    """An exception's message; that of a syntax error without the place, which is named already."""
    return str(fault.msg) if isinstance(fault, SyntaxError) else str(fault)


def _refuse_if_other(name: str, known: type[User] | None, found: type[User]) -> None:
    """Two files may share a class by importing it, but must not define two of the same name."""
    if known is None or known is found:
        return
    files = [inspect.getsourcefile(cls) for cls in (known, found)]
    if files[0] != files[1]:
        _refuse(f"{files[0]} and {files[1]} both have a user class {name}: give them different names")


def _parse_options() -> Namespace:
    """All options, checked against each other and against what this build can do."""
    parser = get_parser()
    options: Namespace = parser.parse_args()
    # Where nobody says where a master shall listen, that depends on whether there is a cluster key.
    is_told = "--master-bind-host" not in parser.get_source_to_settings_dict().get("defaults", {})
    options.katydid_bind_host = options.master_bind_host if is_told else ""
    if options.stats_history_enabled and not options.csv_prefix:
        parser.error("--csv-full-history needs --csv")
    if options.headful:
        options.headless = False
    if options.master and options.worker:
        _refuse("--master and --worker: a process can be one of them", _EXIT_USER_CONFIG)
    if options.autoquit != -1 and not options.autostart:
        _refuse("--autoquit needs --autostart")
    process_html_filename(options)
    validate_stats_configuration()
    try:
        check_store(options)
        check_collector(options)
    except CannotKeep as fault:
        _refuse(str(fault), _EXIT_USAGE)
    return options


def _set_up_logging(options: Namespace) -> None:
    if options.skip_log_setup:
        return
    try:
        setup_logging(options.loglevel, options.logfile)
    except ValueError as fault:  # logging.config wraps what went wrong
        _refuse(f"--logfile {options.logfile}: {fault.__cause__ or fault}")


def _set_up_telemetry(options: Namespace) -> None:
    # Imported here, because only who wants it pays for its modules.
    from .opentelemetry import setup_opentelemetry

    if setup_opentelemetry(options.locustfile, options.profile):
        logger.info("OpenTelemetry gets what its variables say")


def _list(user_classes: dict[str, type[User]]) -> int:
    print("Available Users:")
    for name in user_classes:
        print(f"    {name}")
    return 0


def _choose(user_classes: dict[str, type[User]], options: Namespace) -> list[type[User]]:
    """The classes to run: those that the command names, else all."""
    unknown = [name for name in options.user_classes if name not in user_classes]
    if unknown:
        known = ", ".join(user_classes) or "none"
        logger.error("unknown user class: %s (the locustfile has: %s)", ", ".join(unknown), known)
        sys.exit(_EXIT_REFUSED)
    if not user_classes:
        logger.error("no user class in %s: it needs a subclass of User or HttpUser", options.locustfile)
        sys.exit(_EXIT_REFUSED)
    return [user_classes[name] for name in dict.fromkeys(options.user_classes or user_classes)]


def _raise_open_files_limit() -> None:
    """Each user needs a connection of its own, so allow as many files as the system lets us."""
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as fault:
            logger.warning("open files stay limited to %d, which many users exceed: %s", soft, fault)


def create_environment(
    user_classes: list[type[User]],
    options: Namespace,
    events: Events | None = None,
    shape_class: LoadTestShape | None = None,
    locustfile: str | None = None,
    parsed_locustfiles: list[str] | None = None,
    available_user_classes: dict[str, type[User]] | None = None,
    available_shape_classes: dict[str, LoadTestShape] | None = None,
    available_user_tasks: TaskLists | None = None,
) -> Environment:
    """An environment as the command's options describe it."""
    return Environment(
        locustfile=locustfile,
        user_classes=user_classes,
        shape_class=shape_class,
        events=events,
        host=options.host,
        reset_stats=options.reset_stats,
        stop_timeout=float(options.stop_timeout),
        parsed_options=options,
        parsed_locustfiles=parsed_locustfiles,
        available_user_classes=available_user_classes,
        available_shape_classes=available_shape_classes,
        available_user_tasks=available_user_tasks,
        profile=options.profile,
    )


def _make_environment(user_classes: list[type[User]], options: Namespace, **found: Any) -> Environment:
    from katydid import locust

    try:
        return create_environment(user_classes, options, events=locust.events, **found)
    except ValueError as fault:
        _refuse(str(fault))


def _configure_users(environment: Environment, options: Namespace) -> None:
    """Apply --config-users."""
    for settings in options.config_users or []:
        for entry in settings:
            try:
                environment.update_user_class(entry)
            except KeyError as fault:
                _refuse(f"--config-users names a user class that does not exist: {fault}", _EXIT_USER_CONFIG)


def _set_up_verdict(environment: Environment, options: Namespace) -> None:
    """Have levels held and thresholds judged, where the options or the suite file ask for it."""
    from katydid.command.suite import CannotRead
    from katydid.verdict.setup import CannotJudge, set_up

    try:
        set_up(environment, options)
    except (CannotJudge, CannotRead) as fault:
        _refuse(str(fault), _EXIT_USAGE)


def _warn_of_ignored_options(environment: Environment, options: Namespace) -> None:
    shape = environment.shape_class
    if shape is not None and not shape.use_common_options:
        ignored = [f"--{name}" for attribute, name in COMMON_OPTIONS.items() if getattr(options, attribute)]
        if ignored:
            logger.warning(
                "the load shape %s decides, so these options have no effect: %s",
                type(shape).__name__,
                ", ".join(ignored),
            )
        return
    fixed = sum(cls.fixed_count for cls in environment.user_classes)
    if options.num_users is not None and fixed > options.num_users:
        logger.info("fixed_count asks for %d users, -u for %d: -u decides", fixed, options.num_users)


def _show_ratio(environment: Environment, options: Namespace) -> int:
    if options.equal_weights:
        environment.assign_equal_weights()
    if options.show_task_ratio:
        print_both_ratios(environment.user_classes, options.num_users)
    else:
        print_task_ratio_json(environment.user_classes, options.num_users)
    return 0
