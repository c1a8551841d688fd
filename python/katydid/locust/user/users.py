"""Who generates the load? Users: each is one greenlet that runs tasks until it is stopped."""

from __future__ import annotations

import logging
import warnings
from time import time
from typing import TYPE_CHECKING, Any

from gevent import GreenletExit

from katydid.fault import place_of, story_of

from ..clients import HttpSession
from ..exception import RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser
from .task import (
    LOCUST_STATE_RUNNING,
    LOCUST_STATE_STOPPING,
    LOCUST_STATE_WAITING,
    DefaultTaskSet,
    TaskSet,
    collect_tasks,
)
from .wait_time import constant

if TYPE_CHECKING:
    from gevent import Greenlet
    from gevent.pool import Group
    from urllib3 import PoolManager

    from ..env import Environment

logger = logging.getLogger("locust.user.users")


class UserMeta(type):
    """Collects the tasks of each user class; a class is abstract only if its own body says so."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> UserMeta:
        if "task_set" in namespace:
            warnings.warn(
                f"{name}.task_set has no effect: write `tasks = [{name}Tasks]` instead",
                DeprecationWarning,
                stacklevel=2,
            )
        namespace["tasks"] = collect_tasks(bases, namespace)
        namespace["abstract"] = bool(namespace.get("abstract", False))
        return super().__new__(mcs, name, bases, namespace)


class User(metaclass=UserMeta):
    """Base of all users: subclass it, give it tasks and a wait time."""

    host: str | None = None
    """What the user tests, as `https://example.com`; the option --host takes precedence."""

    min_wait: float | None = None
    """Deprecated, without effect: use wait_time."""

    max_wait: float | None = None
    """Deprecated, without effect: use wait_time."""

    wait_time: Any = constant(0)
    """A method, or a function made by `between` and its like: seconds between tasks."""

    wait_function: Any = None
    """Deprecated, without effect: use wait_time."""

    tasks: list[Any] = []
    """Tasks to choose from: a list, or a dict of weights in a class body."""

    weight: float = 1
    """How many of these users there are in relation to those of other classes."""

    fixed_count: int = 0
    """If positive: exactly so many, spawned first, whatever the weights."""

    abstract: bool = True
    """True for a base class of which no users are spawned."""

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        self.environment = environment
        self._state: str | None = None
        self._greenlet: Greenlet | None = None
        self._group: Group | None = None
        self._taskset_instance: TaskSet | None = None
        self._cp_last_run = time()
        self._cp_last_wait_time: float = 0

    def on_start(self) -> None:
        """Called when the user begins to run."""

    def on_stop(self) -> None:
        """Called when the user stops."""

    def run(self) -> None:
        """Run on_start, tasks and on_stop. Not for overriding."""
        self._state = LOCUST_STATE_RUNNING
        self._taskset_instance = DefaultTaskSet(self)
        try:
            self.on_start()
            self._taskset_instance.run()
        except (GreenletExit, StopUser, StopTest):
            self.on_stop()

    def wait(self) -> None:
        """Wait as between two tasks. A user that was asked to stop stops here."""
        assert self._taskset_instance is not None, "wait is for users that run"
        self._taskset_instance.wait()

    def start(self, group: Group) -> Greenlet:
        """Run this user in a new greenlet of `group`."""
        self._group = group
        self._greenlet = group.spawn(_run_user, self)
        return self._greenlet

    def stop(self, force: bool = False) -> bool:
        """Stop this user: at once if it waits or `force` is set, else when its task is done.

        Returns:
            True if the user has stopped, False if it will.
        """
        if force or self._state == LOCUST_STATE_WAITING:
            assert self._group is not None and self._greenlet is not None, "only started users can stop"
            self._group.killone(self._greenlet)
            return True
        if self._state == LOCUST_STATE_RUNNING:
            self._state = LOCUST_STATE_STOPPING
            return False
        raise RuntimeError(f"cannot stop {type(self).__name__}: its state is {self._state!r}")

    @property
    def group(self) -> Group | None:
        """The group of greenlets that this user runs in."""
        return self._group

    @property
    def greenlet(self) -> Greenlet | None:
        """The greenlet that this user runs in."""
        return self._greenlet

    def context(self) -> dict[str, Any]:
        """What each request event of this user carries in its context."""
        return {}

    @classmethod
    def json(cls) -> dict[str, Any]:
        """The class's settings, for the web page."""
        return {
            "host": cls.host,
            "weight": cls.weight,
            "fixed_count": cls.fixed_count,
            "tasks": [member.__name__ for member in cls.tasks],
        }

    @classmethod
    def fullname(cls) -> str:
        """Module and qualified name, without the parts that say it was defined in a function."""
        parts = [part for part in cls.__qualname__.split(".") if part != "<locals>"]
        return ".".join([cls.__module__, *parts])


def _run_user(user: User) -> None:
    """What a user's greenlet runs; the runner finds the user in the greenlet's arguments."""
    try:
        user.run()
    except (RescheduleTask, RescheduleTaskImmediately) as fault:
        where = place_of(fault.__cause__ or fault)
        logger.error("%s ends: interrupted at %s, where no TaskSet is nested", type(user).__name__, where)
    except Exception as fault:
        name = type(user).__name__
        logger.error("%s ends: failed at %s: %r\n%s", name, place_of(fault), fault, story_of(fault))


class HttpUser(User):
    """A user with a `requests` session as its client."""

    abstract = True

    pool_manager: PoolManager | None = None
    """If set, users of this class share these connections instead of having their own."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        if self.host is None:
            raise StopTest(
                f"{type(self).__name__} has no host: set it in the class, with --host or with LOCUST_HOST"
            )
        self.client = HttpSession(
            base_url=self.host,
            request_event=self.environment.events.request,
            user=self,
            pool_manager=self.pool_manager,
        )
        self.client.trust_env = False


from .pytest_user import PytestUser  # noqa: E402, F401 - Locust has it here, and it is a User
