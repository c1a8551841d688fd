"""What is known of a run beside its statistics? JSON documents, made when they are published.

Their shapes are those of `/api/v1`; numbers that do not exist are None.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import psutil

from katydid import _core
from katydid.locust import log
from katydid.locust import stats as settings
from katydid.locust._version import version
from katydid.locust.argument_parser import default_args_dict, get_parser
from katydid.locust.user.inspectuser import get_ratio
from katydid.results import secrets

from .start import MASKED, NO_SHAPE, asked_of, host_of, shown_host

if TYPE_CHECKING:
    from katydid.locust.env import Environment
    from katydid.locust.runners import Runner

Document = dict[str, Any]

_ENDED = ("stopped", "cleanup", "stopping")


class RunClock:
    """When the present test began and ended, in Unix seconds."""

    def __init__(self, environment: Environment) -> None:
        self.started_at: float | None = None
        self.stopped_at: float | None = None
        environment.events.test_start.add_listener(self._on_start)
        environment.events.test_stop.add_listener(self._on_stop)

    def _on_start(self, **_: Any) -> None:
        self.started_at, self.stopped_at = time.time(), None

    def _on_stop(self, **_: Any) -> None:
        self.stopped_at = time.time()

    @property
    def elapsed_s(self) -> float | None:
        """How long the test has run, or did."""
        if self.started_at is None:
            return None
        return (self.stopped_at or time.time()) - self.started_at


class Usage:
    """CPU and memory of this process, measured each time they are asked for."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()
        self._measured_at = time.monotonic()
        self._cpu_percent: float | None = None

    def cpu_percent(self) -> float | None:
        """Over the last second or more; None within the first."""
        if time.monotonic() - self._measured_at >= 1.0:
            self._cpu_percent = self._process.cpu_percent()
            self._measured_at = time.monotonic()
        return self._cpu_percent

    def memory_bytes(self) -> int:
        """What this process holds in memory."""
        return int(self._process.memory_info().rss)


def state_of(runner: Runner | None) -> str:
    """The run's state in one word; Locust's words, and `paused`."""
    if runner is None:
        return "missing"
    return "paused" if runner.is_paused else runner.state


def run_document(environment: Environment, clock: RunClock, usage: Usage, run_time: int | None) -> Document:
    """State, users and load of the present run."""
    runner = environment.runner
    shape = environment.shape_class
    counts = {} if runner is None else {name: n for name, n in runner.user_classes_count.items() if n}
    tick = getattr(runner, "shape_last_tick", None)
    return {
        "state": state_of(runner),
        "started_at": clock.started_at,
        "ended_at": clock.stopped_at,
        "elapsed_s": clock.elapsed_s,
        "run_time_s": run_time,
        "user_count": 0 if runner is None else runner.user_count,
        "target_user_count": 0 if runner is None else runner.target_user_count,
        "spawn_rate": tick[1] if tick else getattr(runner, "target_spawn_rate", None),
        "users_by_class": counts,
        "host": shown_host(host_of(environment)) or None,
        "locustfile": environment.locustfile,
        "profile": environment.profile,
        "shape": type(shape).__name__ if shape else None,
        "cpu_percent": usage.cpu_percent(),
        "memory_bytes": usage.memory_bytes(),
        "workers": workers_document(runner)["workers"],
        "is_distributed": is_distributed(runner),
        "version": _core.__version__,
        "locust_version": version,
    }


def is_distributed(runner: Runner | None) -> bool:
    """Do workers run the users?"""
    return getattr(runner, "clients", None) is not None


def workers_document(runner: Runner | None) -> Document:
    """The workers, one after the other."""
    nodes = getattr(runner, "clients", None)
    workers = [
        {
            "id": node.id,
            "state": node.state,
            "user_count": node.user_count,
            "cpu_usage": node.cpu_usage,
            "memory_usage": node.memory_usage,
        }
        for node in (nodes.values() if nodes is not None else ())
    ]
    return {"workers": workers, "worker_count": getattr(runner, "worker_count", 0) if workers else 0}


def tasks_document(environment: Environment, counts: dict[str, int] | None = None) -> Document:
    """Which share of the load each class and task has, by the users that run or, when they are gone, ran."""
    runner = environment.runner
    if counts is None:
        counts = _user_counts(runner)
    return {
        "per_class": get_ratio(environment.user_classes, counts, total=False),
        "total": get_ratio(environment.user_classes, counts, total=True),
    }


def report_counts(runner: Runner | None) -> dict[str, int]:
    """The users that a report counts: those of the end, once it has come."""
    if runner is not None and runner.state in _ENDED and runner.final_user_classes_count:
        return runner.final_user_classes_count
    return _user_counts(runner)


def _user_counts(runner: Runner | None) -> dict[str, int]:
    if runner is None:
        return {}
    reported: dict[str, int] | None = getattr(runner, "reported_user_classes_count", None)
    return runner.user_classes_count if reported is None else reported


def exceptions_document(environment: Environment) -> Document:
    """What the users' code raised."""
    runner = environment.runner
    raised = [] if runner is None else list(runner.exceptions.values())
    exceptions = {
        "exceptions": [
            {
                "count": row["count"],
                "message": row["msg"],
                "traceback": row["traceback"],
                "nodes": sorted(row["nodes"]),
            }
            for row in raised
        ]
    }
    shown: Document = secrets.shown(exceptions, environment)
    return shown


def logs_document(environment: Environment) -> Document:
    """The last messages of this process and of the workers."""
    logs = {"master": log.get_logs(), "workers": environment.worker_logs}
    shown: Document = secrets.shown(logs, environment)
    return shown


def config_document(
    environment: Environment,
    picks_classes: bool,
    login: bool,
    base_path: str,
    extra_options: Document,
    has_history: bool = False,
) -> Document:
    """Everything that the form to start a run needs to know."""
    from katydid.locust import web

    options = environment.parsed_options
    shape = environment.shape_class
    host = host_of(environment)
    return {
        "num_users": getattr(options, "num_users", None),
        "spawn_rate": getattr(options, "spawn_rate", None),
        "host": shown_host(host),
        "run_time": getattr(options, "run_time", None),
        "user_classes": _class_settings(environment),
        "show_userclass_picker": picks_classes,
        "shapes": shape_names(environment),
        "shape_use_common_options": bool(shape and shape.use_common_options),
        "hide_common_options": bool(shape and not picks_classes and not shape.use_common_options),
        "extra_options": extra_options,
        **asked_of(environment),
        "profile": environment.profile,
        "percentiles_to_chart": list(settings.PERCENTILES_TO_CHART),
        "percentiles_to_statistics": list(settings.PERCENTILES_TO_STATISTICS),
        "percentiles_to_report": list(settings.PERCENTILES_TO_REPORT),
        "is_host_required": bool(web.HOST_IS_REQUIRED),
        "missing_host_warning": not host,
        "stats_history_enabled": bool(getattr(options, "stats_history_enabled", False)),
        "csv_history_enabled": bool(
            getattr(options, "csv_prefix", None) and getattr(options, "stats_history_enabled", False)
        ),
        "history_enabled": has_history,
        "login_enabled": login,
        "base_path": base_path,
    }


def _class_settings(environment: Environment) -> list[Document]:
    available = environment.available_user_classes or environment.user_classes_by_name
    tasks = environment.available_user_tasks or {}
    return [
        {
            "name": name,
            **available[name].json(),
            "available_tasks": _names_of(tasks.get(name, available[name].tasks)),
        }
        for name in sorted(available)
    ]


def _names_of(tasks: Iterable[Any]) -> list[str]:
    """What tasks are called, each once, in their order."""
    return list(dict.fromkeys(getattr(task, "__name__", str(task)) for task in tasks))


def shape_names(environment: Environment) -> list[str]:
    """The shapes to choose from, and having none."""
    shapes = environment.available_shape_classes or {}
    return [NO_SHAPE, *sorted(shapes)]


def extra_actions(environment: Environment) -> dict[str, Any]:
    """What the parser knows of the options that the locustfile added, by attribute.

    Builds the parser anew, so listeners to init_command_line_parser are called.
    """
    if environment.parsed_options is None:
        return {}
    known = default_args_dict()
    actions = get_parser().args_included_in_web_ui
    return {
        name: action
        for name, action in actions.items()
        if name not in known and action.default is not argparse.SUPPRESS
    }


def extra_options(environment: Environment, actions: dict[str, Any]) -> Document:
    """Those options with their present values; secrets are masked."""
    present = environment.parsed_options
    return {name: _option(action, getattr(present, name, action.default)) for name, action in actions.items()}


def _option(action: Any, value: Any) -> Document:
    """What a form needs to know of one option."""
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)  # not a number of JSON, but the form can post it
    return {
        "default_value": MASKED if action.is_secret and value else value,
        "choices": list(action.choices) if action.choices else None,
        "help_text": action.help,
        "is_secret": action.is_secret,
        "is_required": action.is_required,
        "is_multiple": action.is_multiple,
    }


def template_args(environment: Environment, picks_classes: bool, extra_options: Document) -> Document:
    """What Locust tells its page, under its names, for templates of users' own."""
    from katydid.locust import web

    runner = environment.runner
    options = environment.parsed_options
    shape = environment.shape_class
    host = host_of(environment)
    available = environment.available_user_classes
    users = environment.available_user_classes or environment.user_classes_by_name
    return {
        "available_shape_classes": shape_names(environment),
        "available_user_classes": sorted(available) if available else None,
        "available_user_tasks": {
            name: [getattr(task, "__name__", str(task)) for task in tasks]
            for name, tasks in (environment.available_user_tasks or {}).items()
        }
        or None,
        "extra_options": extra_options,
        "hide_common_options": bool(shape and not picks_classes and not shape.use_common_options),
        "history": environment.stats.history if environment.stats.total.num_requests else [],
        "host": shown_host(host),
        "is_distributed": is_distributed(runner),
        "is_host_required": bool(web.HOST_IS_REQUIRED),
        "locustfile": environment.locustfile,
        "missing_host_warning": not host,
        "num_users": getattr(options, "num_users", None),
        "override_host_warning": len({user_class.host for user_class in environment.user_classes}) > 1,
        "percentiles_to_chart": list(settings.PERCENTILES_TO_CHART),
        "percentiles_to_statistics": list(settings.PERCENTILES_TO_STATISTICS),
        "profile": environment.profile,
        "run_time": getattr(options, "run_time", None),
        "shape_use_common_options": bool(shape and shape.use_common_options),
        "show_userclass_picker": picks_classes,
        "spawn_rate": getattr(options, "spawn_rate", None),
        "state": "missing" if runner is None else runner.state,
        "stats_history_enabled": bool(getattr(options, "stats_history_enabled", False)),
        "tasks": "{}",
        "user_count": 0 if runner is None else runner.user_count,
        "users": {name: user_class.json() for name, user_class in sorted(users.items())} or None,
        "version": version,
        "worker_count": workers_document(runner)["worker_count"],
    }
