"""Who starts and stops users? The runner: it holds the state of a test and its users' greenlets.

Users live in the gevent group `user_greenlets`, everything that works for the runner in the group `greenlet`;
waiting for the latter is waiting for the end.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import psutil
from gevent.pool import Group

from katydid import pause
from katydid.results.recorder import recorder_into

from . import log
from .exception import StopTest
from .rpc import Message
from .user import User
from .user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING

if TYPE_CHECKING:
    from types import TracebackType

    from gevent import Greenlet

    from .dispatch import UsersDispatcher
    from .env import Environment
    from .shape import LoadTestShape
    from .stats import RequestStats, StatsError

logger = logging.getLogger("locust.runners")

STATE_INIT = "ready"
STATE_SPAWNING = "spawning"
STATE_RUNNING = "running"
STATE_CLEANUP = "cleanup"
STATE_STOPPING = "stopping"
STATE_STOPPED = "stopped"
STATE_MISSING = "missing"

# Locustfiles assign to these; they are read when they are needed.
WORKER_REPORT_INTERVAL = 3.0
WORKER_LOG_REPORT_INTERVAL = 10
CPU_MONITOR_INTERVAL = 10.0
CPU_WARNING_THRESHOLD = 90
HEARTBEAT_INTERVAL = 1
HEARTBEAT_LIVENESS = 3
HEARTBEAT_DEAD_INTERNAL = -60
MASTER_HEARTBEAT_TIMEOUT = 60
FALLBACK_INTERVAL = 5
CONNECT_TIMEOUT = 5
CONNECT_RETRY_COUNT = 60

_SPAWN_RATE_ADVISED_MAX = 100
_SHAPE_INTERVAL = 1.0
_NODE_LOCAL = "local"


class ExceptionDict(dict[str, Any]):
    """One exception of the users' code: count, msg, traceback, nodes."""


class Runner:
    """What all runners share. Created by an environment."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.state = STATE_INIT
        self.user_greenlets = Group()
        self.greenlet = Group()
        self.spawning_greenlet: Greenlet | None = None
        self.shape_greenlet: Greenlet | None = None
        self.shape_last_tick: Any = None
        self.current_cpu_usage: float = 0
        self.current_memory_usage: int = 0
        self.cpu_warning_emitted = False
        self.exceptions: dict[int, ExceptionDict] = {}
        self.custom_messages: dict[str, tuple[Callable[..., None], bool]] = {}
        self.target_user_classes_count: dict[str, int] = {}
        self.target_user_count = 0
        self.target_spawn_rate: float | None = None
        self.final_user_classes_count: dict[str, int] = {}
        self._users_dispatcher: UsersDispatcher | None = None

        self._spawn_own(self.monitor_cpu_and_memory)
        self._recorder = recorder_into(environment.stats)
        environment.events.request.add_listener(self._recorder)
        environment.events.spawning_complete.add_listener(self._on_spawning_complete)

    def _spawn_own(self, function: Callable[..., Any], *args: Any) -> Greenlet:
        """Run a function of the runner's in a greenlet whose failure is noticed."""
        greenlet = self.greenlet.spawn(function, *args)
        greenlet.link_exception(locust_exception_handler(self.environment))
        return greenlet

    def _on_spawning_complete(self, user_count: int) -> None:
        self.update_state(STATE_RUNNING)
        if self.environment.reset_stats:
            logger.info("all users run: statistics begin anew")
            self.stats.reset_all()

    def record_anew(self) -> None:
        """Record requests into what the environment has as its statistics now."""
        hears_lag, self._recorder.hears_lag = self._recorder.hears_lag, False
        recorder = recorder_into(self.stats)
        recorder.hears_lag = hears_lag
        self.environment.events.request.replace_listener(self._recorder, recorder)
        self._recorder = recorder

    @property
    def user_classes(self) -> list[type[User]]:
        """The classes of users to run."""
        return self.environment.user_classes

    @property
    def user_classes_by_name(self) -> dict[str, type[User]]:
        """The same by name."""
        return self.environment.user_classes_by_name

    @property
    def stats(self) -> RequestStats:
        """What was measured."""
        return self.environment.stats

    @property
    def errors(self) -> dict[str, StatsError]:
        """The failures of requests."""
        errors: dict[str, StatsError] = self.stats.errors
        return errors

    @property
    def user_count(self) -> int:
        """How many users run."""
        return len(self.user_greenlets)

    @property
    def user_classes_count(self) -> dict[str, int]:
        """How many users of each class run."""
        counts = dict.fromkeys(self.user_classes_by_name, 0)
        counts.update(Counter(type(user).__name__ for _, user in self._users()))
        return counts

    def _users(self) -> Iterator[tuple[Greenlet, User]]:
        """The users with their greenlets."""
        for greenlet in list(self.user_greenlets):
            if greenlet.args:
                yield greenlet, greenlet.args[0]

    def update_state(self, new_state: str) -> None:
        """Enter a state."""
        logger.debug("state %s becomes %s", self.state, new_state)
        self.state = new_state
        self._recorder.hears_lag = new_state not in (STATE_INIT, STATE_STOPPED)

    def cpu_log_warning(self) -> bool:
        """Say at the end of a test that CPU ran short, if it did."""
        if self.cpu_warning_emitted:
            logger.warning(
                "CPU was short at some time of this test, so response times may include waiting for it"
            )
        return self.cpu_warning_emitted

    def spawn_users(self, user_classes_spawn_count: dict[str, int], wait: bool = False) -> list[User]:
        """Create users and start them.

        Args:
            user_classes_spawn_count: how many of which class.
            wait: return only when all users have ended.
        """
        if self.state in (STATE_INIT, STATE_STOPPED):
            self.update_state(STATE_SPAWNING)
        logger.debug("spawning %s", user_classes_spawn_count)
        users = [
            self._spawn_user(self.user_classes_by_name[name])
            for name, count in user_classes_spawn_count.items()
            for _ in range(count)
        ]
        if wait:
            self.user_greenlets.join()
        return users

    def _spawn_user(self, user_class: type[User]) -> User:
        user = user_class(self.environment)
        assert hasattr(user, "environment"), (
            f"{user_class.__name__} has no attribute environment: "
            f"its __init__ must call super().__init__(*args, **kwargs)"
        )
        user.start(self.user_greenlets)
        return user

    def stop_users(self, user_classes_stop_count: dict[str, int]) -> None:
        """Stop so many users of each class, giving them `stop_timeout` seconds to finish their task."""
        missing = Counter(user_classes_stop_count)
        chosen = []
        for greenlet, user in reversed(list(self._users())):
            name = type(user).__name__
            if missing[name] > 0:
                missing[name] -= 1
                chosen.append((greenlet, user))
        self._stop_chosen(chosen)

    def _stop_chosen(self, chosen: list[tuple[Greenlet, User]]) -> None:
        current = gevent.getcurrent()
        others = [(greenlet, user) for greenlet, user in chosen if greenlet is not current]
        if any(user._state is None for _, user in others):
            gevent.sleep(0)  # who was spawned just now begins first, so that on_stop follows on_start
        if self.environment.stop_timeout:
            self._stop_gracefully(others)
        else:
            _stop_now(others)
        for greenlet, _ in others:  # so that they are not counted any more, whether they ever ran or not
            self.user_greenlets.discard(greenlet)
        if len(others) < len(chosen):  # a user that stops itself cannot wait for its own end
            gevent.kill(current)

    def _stop_gracefully(self, users: list[tuple[Greenlet, User]]) -> None:
        """Have users end after their task; those that take too long, or only sleep, end now."""
        busy = [(greenlet, user) for greenlet, user in users if user._state == LOCUST_STATE_RUNNING]
        for _, user in busy:
            user.stop()
        idle = [(greenlet, user) for greenlet, user in users if user._state != LOCUST_STATE_STOPPING]
        stopping_idle = gevent.spawn(_stop_now, idle)
        gevent.joinall([greenlet for greenlet, _ in busy], timeout=self.environment.stop_timeout)
        late = [(greenlet, user) for greenlet, user in busy if not greenlet.dead]
        if late:
            timeout = self.environment.stop_timeout
            logger.info("%d users did not finish within %s s and are stopped now", len(late), timeout)
            _stop_now(late)
        stopping_idle.join()

    def monitor_cpu_and_memory(self) -> None:
        """Measure this process from time to time and warn when CPU runs short."""
        process = psutil.Process()
        process.cpu_percent()
        while True:
            gevent.sleep(CPU_MONITOR_INTERVAL)
            self.current_cpu_usage = process.cpu_percent()
            self.current_memory_usage = process.memory_info().rss
            if self.current_cpu_usage > CPU_WARNING_THRESHOLD:
                self._warn_of_cpu()
            self.environment.events.usage_monitor.fire(
                environment=self.environment,
                cpu_usage=self.current_cpu_usage,
                memory_usage=self.current_memory_usage,
            )

    def _warn_of_cpu(self) -> None:
        self.environment.events.cpu_warning.fire(
            environment=self.environment, cpu_usage=self.current_cpu_usage
        )
        if not self.cpu_warning_emitted:
            logger.warning(
                "CPU usage is %.0f %%: this process may be too slow for the load it should generate",
                self.current_cpu_usage,
            )
            self.cpu_warning_emitted = True

    def start(
        self,
        user_count: int,
        spawn_rate: float,
        wait: bool = False,
        user_classes: list[type[User]] | None = None,
    ) -> None:
        """Start a test, or change the number of users of the present one."""
        raise NotImplementedError

    def send_message(self, msg_type: str, data: Any = None, client_id: str | None = None) -> None:
        """Send a custom message."""
        raise NotImplementedError

    def start_shape(self) -> None:
        """Follow the environment's load shape, from its beginning."""
        if self.shape_greenlet:
            logger.info("the load shape is being followed already")
            return
        shape = self._shape()
        logger.info("following the load shape %s", type(shape).__name__)
        self.update_state(STATE_INIT)
        shape.reset_time()
        self.shape_greenlet = self._spawn_own(self.shape_worker)

    def _shape(self) -> LoadTestShape:
        assert self.environment.shape_class is not None, "the environment has no load shape"
        return self.environment.shape_class

    def shape_worker(self) -> None:
        """Ask the shape about once a second what it wants, and do it, until it has had enough."""
        logger.debug("shape worker begins")
        while self.state in (STATE_INIT, STATE_SPAWNING, STATE_RUNNING):
            begun = perf_counter()
            wanted = self._shape().tick()
            if wanted is None:
                self._end_of_shape()
                return
            if wanted != self.shape_last_tick:
                self._follow(wanted)
            gevent.sleep(max(0, _SHAPE_INTERVAL - (perf_counter() - begun)))

    def _follow(self, wanted: Any) -> None:
        user_count, spawn_rate, *rest = wanted
        logger.info("the load shape wants %d users at %.2f per second", user_count, spawn_rate)
        self.start(user_count=user_count, spawn_rate=spawn_rate, user_classes=rest[0] if rest else None)
        self.shape_last_tick = wanted

    def _end_of_shape(self) -> None:
        logger.info("the load shape has ended")
        self.shape_last_tick = None
        self._end_test()

    def _end_test(self) -> None:
        """End the process's run when it has no page, else only the test."""
        options = self.environment.parsed_options
        if options is not None and options.headless:
            self.quit()
        else:
            self.stop()

    def stop(self) -> None:
        """Stop the test and all users."""
        if self.state == STATE_STOPPED:
            return
        self.environment.events.test_stopping.fire(environment=self.environment)
        self.final_user_classes_count = {**self.user_classes_count}
        self.update_state(STATE_CLEANUP)
        self._kill_own(self.spawning_greenlet)
        self.spawning_greenlet = None
        self._kill_own(self.shape_greenlet)
        self.shape_greenlet = None
        self.shape_last_tick = None
        self._stop_chosen(list(self._users()))
        self.resume()
        self._users_dispatcher = None
        self.update_state(STATE_STOPPED)
        self.cpu_log_warning()

    @staticmethod
    def _kill_own(greenlet: Greenlet | None) -> None:
        """End one of the runner's greenlets, unless it is the one that asks."""
        if greenlet is not None and greenlet is not gevent.getcurrent():
            greenlet.kill(block=True)

    @property
    def is_paused(self) -> bool:
        """Do the users wait before their next task until the run is resumed?"""
        return self.environment in pause.gates

    def pause(self) -> None:
        """Let users finish their task and begin no other. The state stays what it is."""
        pause.hold(self.environment)

    def resume(self) -> None:
        """Let users begin tasks again."""
        pause.release(self.environment)

    def quit(self) -> None:
        """Stop the test and everything that the runner does."""
        self.stop()
        self.greenlet.kill(block=True)

    def log_exception(self, node_id: str, msg: str, formatted_tb: str) -> None:
        """Count an exception of the users' code. Those with the same traceback are one."""
        key = hash(_frames_of_suite(formatted_tb))
        row = self.exceptions.setdefault(
            key, ExceptionDict(count=0, msg=msg, traceback=formatted_tb, nodes=set())
        )
        row["count"] += 1
        row["nodes"].add(node_id)

    def register_message(
        self, msg_type: str, listener: Callable[..., None], concurrent: bool = False
    ) -> None:
        """Have `listener(environment=, msg=)` called for each custom message of this type.

        With `concurrent` it runs in a greenlet of its own where messages come from other nodes.

        Raises:
            Exception: the type has a listener already.
        """
        if msg_type in self.custom_messages:
            raise Exception(f"messages of type {msg_type!r} have a listener already")
        self.custom_messages[msg_type] = (listener, concurrent)


_FRAME = re.compile(r'  File "(?P<path>[^"]*)".*\n(?:    .*\n?)*')
_RUNS_USERS = re.compile(r"[/\\]locust[/\\]user[/\\]\w+\.py$")


def _frames_of_suite(formatted_tb: str) -> str:
    """A traceback without the frames of whoever runs the users, which differ between stock Locust and us."""
    frames = [frame[0] for frame in _FRAME.finditer(formatted_tb) if not _RUNS_USERS.search(frame["path"])]
    return "".join(frames) or formatted_tb


def _stop_now(users: list[tuple[Greenlet, User]]) -> None:
    """End users wherever they are, all at once, and wait until their on_stop is done."""
    own_ways = [gevent.spawn(user.stop, force=True) for _, user in users if type(user).stop is not User.stop]
    gevent.killall([greenlet for greenlet, user in users if type(user).stop is User.stop])
    gevent.joinall(own_ways)


class LocalRunner(Runner):
    """Runs a test in this process alone."""

    worker_index = 0
    """This node's place among the workers: it is the only one."""

    worker_count = 1
    """How many nodes generate load."""

    client_id = _NODE_LOCAL

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._node = WorkerNode(_NODE_LOCAL)
        environment.events.user_error.add_listener(self._on_user_error)

    def _on_user_error(self, user_instance: Any, exception: Exception, tb: TracebackType) -> None:
        self.log_exception(_NODE_LOCAL, str(exception), "".join(traceback.format_tb(tb)))

    def start(
        self,
        user_count: int,
        spawn_rate: float,
        wait: bool = False,
        user_classes: list[type[User]] | None = None,
    ) -> None:
        """Start a test, or change the number of users of the present one. Does not wait for the users.

        Args:
            user_count: how many users there should be in the end.
            spawn_rate: how many come or go per second.
            wait: the start ends only when all users have ended.
            user_classes: spawn only users of these classes.
        """
        if spawn_rate > _SPAWN_RATE_ADVISED_MAX:
            logger.warning(
                "%s users per second is a high spawn rate: the target sees their start as a burst", spawn_rate
            )
        self._kill_own(self.spawning_greenlet)
        self.spawning_greenlet = self._spawn_own(self._start, user_count, spawn_rate, wait, user_classes)

    def _start(
        self,
        user_count: int,
        spawn_rate: float,
        wait: bool = False,
        user_classes: list[type[User]] | None = None,
    ) -> None:
        self.target_user_count = user_count
        self.target_spawn_rate = spawn_rate
        if self.state not in (STATE_RUNNING, STATE_SPAWNING):
            self._begin_test()
        if wait and user_count - self.user_count > spawn_rate:
            raise ValueError(
                f"with wait, no more users than the spawn rate ({spawn_rate}) can be started at a time"
            )
        if self.environment.host:
            for user_class in self.user_classes:
                user_class.host = self.environment.host
        if self.state not in (STATE_INIT, STATE_STOPPED):
            self.update_state(STATE_SPAWNING)
        logger.info("spawning up to %d users at %.2f per second", user_count, spawn_rate)
        counts = self._dispatch(user_count, spawn_rate, wait, user_classes)
        self.target_user_classes_count = counts
        total = sum(counts.values())
        logger.info("all users spawned: %s (%d in total)", counts_text(counts), total)
        self.environment.events.spawning_complete.fire(user_count=total)

    def _begin_test(self) -> None:
        self.record_anew()
        self.stats.clear_all()
        self.exceptions = {}
        self.cpu_warning_emitted = False
        self._node.user_classes_count = {}
        self.environment._filter_tasks_by_tags()
        self.environment.events.test_start.fire(environment=self.environment)
        self.record_anew()  # a listener may have chosen another way of recording

    def _dispatch(
        self, user_count: int, spawn_rate: float, wait: bool, user_classes: list[type[User]] | None
    ) -> dict[str, int]:
        """Do what the dispatcher says, step by step. Returns how many users of each class there should be."""
        if self._users_dispatcher is None:
            self._users_dispatcher = self.environment.dispatcher_class([self._node], self.user_classes)
        self._users_dispatcher.new_dispatch(user_count, spawn_rate, user_classes)
        for step in self._users_dispatcher:
            wanted: dict[str, int] = step[self._node.id]
            present = self.user_classes_count  # users may have ended by themselves: others take their place
            self.spawn_users(excess(wanted, present), wait)
            self.stop_users(excess(present, wanted))
            self._node.user_classes_count = dict(wanted)
        return self.user_classes_count

    def stop(self) -> None:
        """Stop the test and all users."""
        if self.state == STATE_STOPPED:
            return
        super().stop()
        self.environment.events.test_stop.fire(environment=self.environment)

    def send_message(self, msg_type: str, data: Any = None, client_id: str | None = None) -> None:
        """Call the listener to messages of this type, here and now."""
        if msg_type not in self.custom_messages:
            logger.warning("a message of type %r has no listener", msg_type)
            return
        listener, _ = self.custom_messages[msg_type]
        listener(environment=self.environment, msg=Message(msg_type, data, _NODE_LOCAL))


def excess(counts: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """By how much the counts of each class exceed the other ones."""
    return {name: count - other.get(name, 0) for name, count in counts.items() if count > other.get(name, 0)}


def counts_text(counts: Mapping[str, int]) -> str:
    """How many users of each class, as a line of the log has it."""
    return json.dumps(dict(sorted(counts.items())))


def locust_exception_handler(environment: Environment) -> Callable[[Greenlet], None]:
    """What to do when a greenlet of the runner ends by an exception: StopTest ends the test."""
    report = log.greenlet_exception_logger(logger)

    def handle(greenlet: Greenlet) -> None:
        if not isinstance(greenlet.exception, StopTest):
            report(greenlet)
            return
        logger.error("the test is stopped: %s", greenlet.exception)
        if environment.runner is not None:
            environment.runner._end_test()

    return handle


# At the end, because they need what is above: whoever imports this package imports this module first.
from ._distributed import DistributedRunner  # noqa: E402, F401 - users import them from here
from ._master import MasterRunner  # noqa: E402, F401 - the same
from ._nodes import WorkerNode, WorkerNodes  # noqa: E402, F401 - the same
from ._worker import WorkerRunner  # noqa: E402, F401 - the same
