"""Locust's public names, served by katydid.

Importing this package changes nothing in the process: the command patches the standard library for gevent
before it comes here, a program that uses the classes as a library calls `katydid.patch()` first.
"""

from typing import Any

from ._version import __version__, version
from .event import Events

events = Events()
"""The hooks of the command's run; listeners at the top of a locustfile register here."""

from . import clients, dispatch, env, exception, runners, stats  # noqa: E402 - they may read events
from .contrib.fasthttp import FastHttpUser  # noqa: E402
from .debug import run_single_user  # noqa: E402
from .shape import LoadTestShape  # noqa: E402
from .user import wait_time  # noqa: E402
from .user.markov_taskset import MarkovTaskSet, transition, transitions  # noqa: E402
from .user.sequential_taskset import SequentialTaskSet  # noqa: E402
from .user.task import TaskSet, tag, task  # noqa: E402
from .user.users import HttpUser, User  # noqa: E402
from .user.wait_time import between, constant, constant_pacing, constant_throughput  # noqa: E402


class _RenamedMeta(type):
    """Turns subclassing a class that Locust renamed long ago into advice."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        if bases:
            old = bases[0].__name__
            new = {"Locust": "User", "HttpLocust": "HttpUser"}[old]
            raise ImportError(f"{name} is a subclass of {old}, which is called {new} since Locust 1.0")
        return super().__new__(mcs, name, bases, namespace)


class Locust(metaclass=_RenamedMeta):
    """The old name of User; subclassing it raises ImportError."""


class HttpLocust(metaclass=_RenamedMeta):
    """The old name of HttpUser; subclassing it raises ImportError."""


__all__ = [
    "Events",
    "FastHttpUser",
    "HttpLocust",
    "HttpUser",
    "LoadTestShape",
    "Locust",
    "MarkovTaskSet",
    "SequentialTaskSet",
    "TaskSet",
    "User",
    "__version__",
    "between",
    "clients",
    "constant",
    "constant_pacing",
    "constant_throughput",
    "dispatch",
    "env",
    "events",
    "exception",
    "run_single_user",
    "runners",
    "stats",
    "tag",
    "task",
    "transition",
    "transitions",
    "version",
    "wait_time",
]
