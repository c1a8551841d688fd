"""What does a worker do about what its master says? `WorkerRunner`.

Orders are obeyed one after another in a greenlet of their own, so that reports and messages go on while users
take their time to stop. Of several orders that wait only the newest is carried out: an order is absolute.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import time
import traceback
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gevent
from gevent.event import AsyncResult, Event
from gevent.lock import RLock
from gevent.queue import Queue

from katydid import _core
from katydid.results import samples

from . import argument_parser, log, runners
from ._distributed import PAUSE, REPORT, SAMPLES, DistributedRunner, key_of
from ._version import version
from .rpc.zmqrpc import Client
from .runners import STATE_INIT, STATE_RUNNING, STATE_SPAWNING, STATE_STOPPED

if TYPE_CHECKING:
    from types import TracebackType

    from .env import Environment
    from .user import User

logger = logging.getLogger("locust.runners")

_WAIT_VARIABLE = "LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP"
_MOST_NEW_LINES = 70
"""Lines of the log in one interval: a worker that has more to say is not sent on."""

_GOODBYE_S = 2.0
"""How long to wait, at the end, for the master to have added the last report."""

_FROM_MASTER = ("expect_workers", "tags", "exclude_tags")
"""Options of the command that a worker takes from its master, beside all that locustfiles have added."""

_RESERVED = frozenset({"stats", "stats_total", "errors", "user_classes_count", "user_count", "katydid"})
"""What a report has of its own: listeners add to it, and do not replace it."""

_Order = dict[str, Any]


class WorkerRunner(DistributedRunner):
    """Runs the users that a master orders.

    Raises:
        ConnectionError: the master has not answered for too long.
        OSError: the file with the cluster's key cannot be read.
        ValueError: the cluster's key is none.
    """

    _node: _core.ClusterWorker

    worker_index = -1
    """This node's number among the workers, once the master has told it."""

    def __init__(self, environment: Environment, master_host: str, master_port: int) -> None:
        super().__init__(environment)
        self.client_id = f"{socket.gethostname()}_{uuid4().hex}"
        self.master_host = master_host
        self.master_port = master_port
        self.worker_state = STATE_INIT
        self._node = _core.ClusterWorker(
            host=master_host,
            port=master_port,
            client_id=self.client_id,
            version=version,
            **key_of(environment.parsed_options),
        )
        self.client = Client(self._node)
        self._orders: Queue = Queue()
        self._newest: _Order | None = None
        self._run = 0
        self._ending = RLock()
        self._has_left = False
        self._left = Event()
        self._joined: AsyncResult = AsyncResult()
        self._adjust()
        events = environment.events
        events.usage_monitor.add_listener(self._on_usage)
        events.user_error.add_listener(self._on_user_error)
        self._spawn_own(self._hear_forever)
        self._spawn_own(self._obey_forever)
        self._node.connect()
        self._joined.get()
        self._spawn_own(self._keep_in_touch)

    def _adjust(self) -> None:
        """Follow the module's constants, which locustfiles assign to."""
        self._node.want(heartbeats=bool(self.environment.events.heartbeat_received._handlers))
        self._node.adjust(
            heartbeat_interval=runners.HEARTBEAT_INTERVAL,
            report_interval=runners.WORKER_REPORT_INTERVAL,
            connect_timeout=runners.CONNECT_TIMEOUT,
            connect_tries=runners.CONNECT_RETRY_COUNT,
            master_timeout=runners.MASTER_HEARTBEAT_TIMEOUT,
        )

    def _on_usage(self, cpu_usage: float, memory_usage: int, **_: Any) -> None:
        self._node.use_resources(cpu_usage, memory_usage)

    def _on_user_error(self, exception: Exception, tb: TracebackType, **_: Any) -> None:
        self._node.exception(str(exception), "".join(traceback.format_tb(tb)))

    # What the master says

    def _hear_acknowledged(self, index: int | None, is_first: bool) -> None:
        if index is not None:
            self.worker_index = index
        if not self._joined.ready():
            self._joined.set()
            gevent.sleep(0)  # who waited goes on first: listeners to `init` are there before the first order

    def _hear_not_connected(self) -> None:
        fault = ConnectionError(f"no master answers at {self.master_host}:{self.master_port}")
        if self._joined.ready():
            logger.error("%s, shutting down", fault)
            gevent.spawn(self.quit)
        else:
            self._joined.set_exception(fault)

    def _hear_refused(self, reason: str) -> None:
        logger.error("%s", reason)

    def _hear_master_lost(self) -> None:
        logger.error("the master has been silent for %s s, shutting down", runners.MASTER_HEARTBEAT_TIMEOUT)
        gevent.spawn(self.quit)

    def _hear_heartbeat(self) -> None:
        self.environment.events.heartbeat_received.fire(client_id=self.client_id, timestamp=time.time())

    def _hear_spawn(self, **order: Any) -> None:
        self._orders.put(order)

    def _hear_stop(self) -> None:
        self._orders.put(None)

    def _hear_quit(self) -> None:
        if not self._has_left:
            logger.info("the master says that the test is over, shutting down")
            gevent.spawn(self.quit)

    def _hear_spawning_complete(self, user_count: int) -> None:
        self.environment.events.spawning_complete.fire(user_count=user_count)

    def _hear_report_due(self) -> None:
        self._report()

    def _hear_custom(self, type: str, data: Any) -> None:
        if type == "update_user_class":
            self.environment.update_user_class(data)
        elif type == PAUSE:
            (self.pause if data else self.resume)()
        elif type == SAMPLES:
            samples.of(self.environment).forget()
        elif type == REPORT:
            self._report()
            self._node.send(REPORT, data)
        else:
            self._deliver(type, data, self.client_id)

    # Orders

    def _obey_forever(self) -> None:
        for order in self._orders:
            if order is None:
                self._end_run()
            else:
                self._begin_order(order)

    def _begin_order(self, order: _Order) -> None:
        environment = self.environment
        environment.host = order["host"]
        environment.stop_timeout = order["stop_timeout"] or 0.0
        self._take_options(order["parsed_options"])
        if order["is_new_run"]:
            self.stats.clear_all()
            self._node.begin(order["run"])
            self._run = order["run"]
        if order["was_idle"] or self.worker_state == STATE_INIT:
            self._begin_run()
        self.worker_state = STATE_SPAWNING
        self._newest = order
        if self.spawning_greenlet is None or self.spawning_greenlet.dead:
            self.spawning_greenlet = self._spawn_own(self._carry_out)

    def _take_options(self, theirs: dict[str, Any]) -> None:
        options = self.environment.parsed_options
        if options is None or not theirs:
            return
        own = argument_parser.default_args_dict()
        taken = {name: value for name, value in theirs.items() if name not in own or name in _FROM_MASTER}
        vars(options).update(taken)

    def _begin_run(self) -> None:
        self._adjust()
        self.record_anew()
        self.exceptions = {}
        self.cpu_warning_emitted = False
        self.environment._filter_tasks_by_tags()
        self.environment.events.test_start.fire(environment=self.environment)
        self.record_anew()  # a listener may have chosen another way of recording

    def _carry_out(self) -> None:
        """Start and stop users until the newest order is fulfilled."""
        while self._newest is not None:
            order, self._newest = self._newest, None
            try:
                self._change_users(order["users"])
            finally:  # the master is to know who runs, also when not all could be started
                self._node.applied(order["timestamp"], self.user_classes_count)
        self.update_state(STATE_RUNNING)
        self.worker_state = STATE_RUNNING

    def _change_users(self, wanted: dict[str, int]) -> None:
        self.target_user_classes_count = wanted
        self.target_user_count = sum(wanted.values())
        if self.environment.host:
            for user_class in self.user_classes:
                user_class.host = self.environment.host
        present = self.user_classes_count
        self.spawn_users(runners.excess(wanted, present))
        self.stop_users(runners.excess(present, wanted))

    def _end_run(self) -> None:
        self._newest = None
        self.stop()
        self._report(is_last=True)
        wait = self.environment.stop_timeout + _additional_wait()
        self.worker_state = STATE_INIT
        self._node.stopped(wait)

    # What goes to the master

    def _report(self, is_last: bool = False) -> None:
        """Take out what was measured and send it, with what listeners add; failed exchanges go before it."""
        self._tell_samples(is_last)
        data: dict[str, Any] = {}
        self.environment.events.report_to_master.fire(client_id=self.client_id, data=data)
        added = {str(name): value for name, value in data.items() if name not in _RESERVED}
        try:
            self._node.report(self.stats, self.user_classes_count, added)
        except Exception as fault:  # of what was added: the numbers go all the same
            self._tell_of("what listeners to report_to_master have added cannot be sent", fault)
            self._node.report(self.stats, self.user_classes_count)

    def _tell_samples(self, is_last: bool) -> None:
        news = samples.of(self.environment).news(is_last) if self._node.has_katydid_master else []
        try:
            if news:
                self._node.send(SAMPLES, {"run": self._run, "exchanges": news})
        except Exception as fault:  # the numbers go all the same
            self._tell_of("failed exchanges cannot be sent", fault)

    def _keep_in_touch(self) -> None:
        """Follow the constants, and send the log from time to time."""
        sent: list[str] = []
        due = time.monotonic()
        while True:
            self._adjust()
            if runners.WORKER_LOG_REPORT_INTERVAL >= 0 and time.monotonic() >= due:
                due = time.monotonic() + runners.WORKER_LOG_REPORT_INTERVAL
                lines = log.get_logs()
                if len(lines) - len(sent) > _MOST_NEW_LINES:
                    logger.warning("more than %d new lines of log: no more is sent", _MOST_NEW_LINES)
                    self._node.logs(log.get_logs())
                    return
                if lines != sent:
                    self._node.logs(lines)
                sent = lines
            gevent.sleep(1)

    def send_message(self, msg_type: str, data: Any = None, client_id: str | None = None) -> None:
        """Send a custom message to the master; `client_id` has no meaning here."""
        self._node.send(msg_type, data)

    # The end

    def start(
        self,
        user_count: int,
        spawn_rate: float,
        wait: bool = False,
        user_classes: list[type[User]] | None = None,
    ) -> None:
        """Not to be called: users come and go as the master says."""
        raise NotImplementedError("a worker starts users when its master says so")

    def stop(self) -> None:
        """Stop all users of this worker."""
        with self._ending:
            if self.state == STATE_STOPPED:
                return
            super().stop()
            self.environment.events.test_stop.fire(environment=self.environment)

    def quit(self) -> None:
        """Stop all users, report what is left, and end."""
        if self._has_left:
            self._left.wait()
            return
        self._has_left = True
        self.stop()
        self._report(is_last=True)
        self._say_goodbye()
        self._left.set()
        self.greenlet.kill(block=True)

    def close(self) -> None:
        """Close the connection, once what was to be said is said. It happens with the process's end, too."""
        self._node.close()

    def _say_goodbye(self) -> None:
        """What was measured is with the master before this process ends."""
        until = time.monotonic() + _GOODBYE_S
        while self._node.pending_reports and time.monotonic() < until:
            self._node.flush()
            gevent.sleep(0.05)
        self._node.quit()
        atexit.register(self._node.close)


def _additional_wait() -> float:
    try:
        return float(os.environ.get(_WAIT_VARIABLE) or 0)
    except ValueError:
        logger.warning("%s is not a number of seconds: it has no effect", _WAIT_VARIABLE)
        return 0.0
