"""How does a master have its workers run a test? `MasterRunner`.

Who gets which users and when, who is missing and who comes back, and the adding up of reports are native;
this half has Locust's names, fires events and waits.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import time
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event

from katydid import _core
from katydid.results import samples

from . import runners
from ._distributed import PAUSE, REPORT, SAMPLES, DistributedRunner, has_key, key_of
from ._nodes import WorkerNodes
from ._version import version
from .dispatch import UsersDispatcher, class_fields
from .rpc.zmqrpc import Server
from .runners import (
    STATE_INIT,
    STATE_MISSING,
    STATE_RUNNING,
    STATE_SPAWNING,
    STATE_STOPPED,
    STATE_STOPPING,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .env import Environment
    from .user import User

logger = logging.getLogger("locust.runners")

_WAIT_VARIABLE = "LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP"
_REPORT_WAIT_S = 1.0

_GRACE_S = 65.0
"""The native half gives up on workers that do not stop after a minute, and says so."""

_GOODBYE_S = 3.0
"""How long, at the end, workers have to say goodbye: with it comes what they have measured last."""

_ANSWER_S = 1.0
"""How long workers are waited for that are asked what they have measured: a busy one answers late."""

_LOOPBACK = "127.0.0.1"
_EVERYWHERE = "*"

_NOT_FOR_WORKERS = frozenset({"web_auth", "katydid_web_token", "katydid_cluster_key"})
"""Options that are nobody else's business."""


class MasterRunner(DistributedRunner):
    """Runs a test on workers.

    Args:
        master_bind_host: where to listen: `*` for everywhere. Without it, everywhere if there is a key,
            else on this machine alone.

    Raises:
        OSError: it cannot listen there, or the file with the cluster's key cannot be read.
        ValueError: the cluster's key is none.
    """

    _node: _core.ClusterMaster

    def __init__(self, environment: Environment, master_bind_host: str, master_bind_port: int) -> None:
        super().__init__(environment)
        self.master_bind_host = _address(master_bind_host, has_key(environment.parsed_options))
        self.master_bind_port = master_bind_port
        self.spawn_rate: float = 0
        self.worker_cpu_warning_emitted = False
        self._clients = WorkerNodes()
        self._ramp = Event()
        self._stopped = Event()
        self._has_quit = False
        self._run = 0
        self._misunderstood: set[str] = set()
        self._asked = 0
        self._answered: dict[str, int] = {}
        """The newest question for a report that each worker has answered."""
        self._node = _core.ClusterMaster(
            host=self.master_bind_host,
            port=master_bind_port,
            version=version,
            stats=environment.stats,
            **key_of(environment.parsed_options),
        )
        self.server = Server(self._node)
        self._adjust()
        environment.events.quitting.add_listener(self._on_quitting)
        environment.events.reset_stats.add_listener(self._on_reset_stats)
        self._spawn_own(self._hear_forever)
        self._spawn_own(self._keep_adjusted)

    def _adjust(self) -> None:
        """Follow the module's constants, which locustfiles assign to, and who listens to what."""
        events = self.environment.events
        self._node.want(
            heartbeats=bool(events.heartbeat_sent._handlers), reports=bool(events.worker_report._handlers)
        )
        self._node.adjust(
            heartbeat_interval=runners.HEARTBEAT_INTERVAL,
            liveness=max(0, runners.HEARTBEAT_LIVENESS),
            forgotten_after=abs(runners.HEARTBEAT_DEAD_INTERNAL) * runners.HEARTBEAT_INTERVAL,
            report_wait=_report_wait(),
        )

    def _keep_adjusted(self) -> None:
        while True:
            gevent.sleep(1)
            self._adjust()
            if self.is_paused:
                self._tell_own(PAUSE, True)  # who has joined meanwhile does not know

    def record_anew(self) -> None:
        """Add reports to what the environment has as its statistics now."""
        super().record_anew()
        self._node.set_stats(self.stats)

    # The workers

    @property
    def clients(self) -> WorkerNodes:
        """The workers by id, as they are now."""
        self._clients.follow(self._node.workers())
        return self._clients

    @property
    def worker_count(self) -> int:
        """How many workers are there."""
        return sum(state != STATE_MISSING for _, _, state, *_ in self._node.workers())

    @property
    def worker_indexes(self) -> dict[str, int]:
        """The numbers of all workers that ever were here."""
        return self._node.indexes()

    def get_worker_index(self, client_id: str) -> int:
        """The number of a worker; one that never was here would get the next."""
        indexes = self._node.indexes()
        return indexes.get(client_id, len(indexes))

    @property
    def user_count(self) -> int:
        """How many users run on all workers, as they report."""
        return sum(self._node.reported_users().values())

    @property
    def reported_user_classes_count(self) -> dict[str, int]:
        """How many users of each class run on all workers, as they report."""
        return {**dict.fromkeys(self.user_classes_by_name, 0), **self._node.reported_users()}

    @property
    def user_classes_count(self) -> dict[str, int]:
        """The same."""
        return self.reported_user_classes_count

    def cpu_log_warning(self) -> bool:
        """Say at the end of a test that CPU ran short, here or on a worker, if it did."""
        is_short = super().cpu_log_warning()
        if self.worker_cpu_warning_emitted:
            logger.warning("CPU was short on a worker (see above): response times may include waiting for it")
        return is_short or self.worker_cpu_warning_emitted

    def pause(self) -> None:
        """Let the users of all workers finish their task and begin no other. Stock workers cannot."""
        super().pause()
        stock = [id for id, *_, is_ours in self._node.workers() if not is_ours]
        if stock:
            logger.warning("workers of stock Locust cannot pause and go on: %s", ", ".join(stock))
        self._tell_own(PAUSE, True)

    def resume(self) -> None:
        """Let the users of all workers begin tasks again."""
        if self.is_paused:
            super().resume()
            self._tell_own(PAUSE, False)

    def _tell_own(self, kind: str, data: Any, only: str | None = None) -> None:
        """Send katydid's workers, or one of them, a message that stock's would not understand."""
        for id, *_, is_ours in self._node.workers():
            if is_ours and only in (None, id):
                self._node.send(kind, data, id)

    def _catch_up(self) -> None:
        """Have in the statistics all that katydid's workers have measured, or what comes within a second."""
        self._asked = number = self._asked + 1
        workers = self._node.workers()
        asked = [id for id, _, state, *_, is_ours in workers if is_ours and state != STATE_MISSING]
        self._tell_own(REPORT, number)
        self._wait(lambda: all(self._answered.get(id, 0) >= number for id in asked), _ANSWER_S)

    def send_message(self, msg_type: str, data: Any = None, client_id: str | None = None) -> None:
        """Send a custom message to one worker, or to all."""
        self._node.send(msg_type, data, client_id)

    # A test

    def start(
        self,
        user_count: int,
        spawn_rate: float,
        wait: bool = False,
        user_classes: list[type[User]] | None = None,
    ) -> None:
        """Start a test, or change the number of users of the present one. Returns when all users are there.

        Args:
            user_count: how many users there should be in the end, on all workers.
            spawn_rate: how many come or go per second.
            wait: without effect here.
            user_classes: spawn only users of these classes.
        """
        if not self.worker_count:
            logger.warning("no worker is connected, so there is no test: start one with --worker")
            return
        self.target_user_count = user_count
        self.target_spawn_rate = self.spawn_rate = spawn_rate
        self.target_user_classes_count = {}
        self._ramp.set()
        ramp = self._ramp = Event()
        if self.state not in (STATE_RUNNING, STATE_SPAWNING):
            self._begin_test()
        self.update_state(STATE_SPAWNING)
        workers = self.worker_count
        logger.info(
            "spawning up to %d users at %.2f per second on %d workers", user_count, spawn_rate, workers
        )
        self._kill_own(self.spawning_greenlet)
        self.spawning_greenlet = None
        try:
            self._order(user_count, spawn_rate, user_classes)
        except RuntimeError as fault:  # the last worker left a moment ago
            logger.warning("%s", fault)
            self.stop()
            return
        ramp.wait()

    def _begin_test(self) -> None:
        self.record_anew()
        self._run = self._node.begin()
        self._misunderstood.clear()
        self.stats.clear_all()
        self.exceptions = {}
        self.cpu_warning_emitted = self.worker_cpu_warning_emitted = False
        self.environment._filter_tasks_by_tags()
        self.environment.events.test_start.fire(environment=self.environment)
        self.record_anew()  # a listener may have put other statistics in place
        self._users_dispatcher = None

    def _order(self, user_count: int, spawn_rate: float, user_classes: list[type[User]] | None) -> None:
        if self.environment.dispatcher_class is not UsersDispatcher:
            self._spread(user_count, spawn_rate, user_classes)
            return
        classes = class_fields(self.user_classes if user_classes is None else user_classes)
        self._node.start(max(0, int(user_count)), spawn_rate, classes, **self._setup())

    def _setup(self) -> dict[str, Any]:
        """What goes to the workers with each order."""
        environment = self.environment
        options = {} if environment.parsed_options is None else vars(environment.parsed_options)
        return {
            "host": environment.host,
            "stop_timeout": environment.stop_timeout,
            "parsed_options": {k: v for k, v in options.items() if k not in _NOT_FOR_WORKERS},
        }

    def _spread(self, user_count: int, spawn_rate: float, user_classes: list[type[User]] | None) -> None:
        """Do what a dispatcher of the environment's own says, step by step."""
        dispatcher = self._users_dispatcher
        if dispatcher is None:
            workers = [node for node in self.clients.all if node.state != STATE_MISSING]
            dispatcher = self.environment.dispatcher_class(workers, self.user_classes)
            self._users_dispatcher = dispatcher
        dispatcher.new_dispatch(user_count, spawn_rate, user_classes)
        self.spawning_greenlet = self._spawn_own(self._follow_dispatcher, dispatcher)

    def _follow_dispatcher(self, dispatcher: UsersDispatcher) -> None:
        for step in dispatcher:
            self._node.assign(step, **self._setup())
        self._wait(lambda: self.user_count == dispatcher.get_current_user_count(), _report_wait())
        self._node.finish_assignment()

    def _spread_anew(self, client_id: str, is_there: bool) -> None:
        """A worker came or went: a dispatcher of the environment's own gets to know."""
        dispatcher = self._users_dispatcher
        if dispatcher is None or self.state not in (STATE_SPAWNING, STATE_RUNNING):
            return
        node = self._clients.get(client_id)
        clients = self.clients
        if is_there:
            dispatcher.add_worker(clients[client_id])
        elif node is not None:
            dispatcher.remove_worker(node)
        if self.spawning_greenlet is None or self.spawning_greenlet.dead:
            dispatcher.new_dispatch(self.target_user_count, self.spawn_rate)
            self.spawning_greenlet = self._spawn_own(self._follow_dispatcher, dispatcher)

    def stop(self, send_stop_to_client: bool = True) -> None:
        """Stop the test. Returns when the workers have stopped their users, or time is up.

        Args:
            send_stop_to_client: false ends the workers together with the test.
        """
        if self.state in (STATE_INIT, STATE_STOPPED, STATE_STOPPING):
            return
        self.environment.events.test_stopping.fire(environment=self.environment)
        self.final_user_classes_count = {**self.reported_user_classes_count}
        self.update_state(STATE_STOPPING)
        self._kill_own(self.spawning_greenlet)
        self._kill_own(self.shape_greenlet)
        self.spawning_greenlet = self.shape_greenlet = self.shape_last_tick = None
        self._ramp.set()
        self.resume()
        self._stopped.clear()
        (self._node.stop if send_stop_to_client else self._node.quit)()
        if self._node.state == STATE_STOPPING:
            self._stopped.wait(self.environment.stop_timeout + _GRACE_S)
        self._users_dispatcher = None
        self.update_state(STATE_STOPPED)
        self.cpu_log_warning()
        self.environment.events.test_stop.fire(environment=self.environment)

    def quit(self) -> None:
        """Stop the test, end all workers, and end."""
        if self._has_quit:
            return
        self.stop(send_stop_to_client=False)
        self._wait(lambda: self.state != STATE_STOPPING, self.environment.stop_timeout + _GRACE_S)
        self._has_quit = True
        self._node.quit()
        self._wait(lambda: not self.worker_count, _GOODBYE_S)
        self.greenlet.kill(block=True)
        self._node.close()

    @staticmethod
    def _wait(is_so: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not is_so() and time.monotonic() < until:
            gevent.sleep(0.02)

    def _on_quitting(self, **_: Any) -> None:
        self.quit()

    # What the native half tells

    def _hear_connected(self, client_id: str, index: int, was_there: bool) -> None:
        self.environment.events.worker_connect.fire(client_id=client_id)
        if was_there:
            self._tell_own(PAUSE, self.is_paused, client_id)  # it may have missed the last word
        else:
            for settings in self.environment._user_settings:
                self._node.send("update_user_class", settings, client_id)
        self._spread_anew(client_id, is_there=True)

    def _hear_heartbeat(self, client_id: str) -> None:
        self.environment.events.heartbeat_sent.fire(client_id=client_id, timestamp=time.time())

    def _hear_busy(self, client_id: str) -> None:
        self.worker_cpu_warning_emitted = True
        logger.warning(
            "worker %s is short of CPU (above %d %%): it may be too slow for its users", client_id, 90
        )

    def _hear_missing(self, client_id: str) -> None:
        self._spread_anew(client_id, is_there=False)

    def _hear_quit(self, client_id: str) -> None:
        self._spread_anew(client_id, is_there=False)

    def _hear_none_left(self, has_quit: bool) -> None:
        if self.state in (STATE_SPAWNING, STATE_RUNNING):
            logger.error("the last worker %s, so the test ends", "has quit" if has_quit else "is missing")
            gevent.spawn(self._end_test)

    def _hear_report(self, client_id: str, data: Any = None) -> None:
        self.environment.events.worker_report.fire(client_id=client_id, data=data)

    def _hear_exception(self, client_id: str, msg: str, traceback: str) -> None:
        self.log_exception(client_id, msg, traceback)

    def _hear_logs(self, client_id: str, data: Any) -> None:
        self.environment.update_worker_logs(data)

    def _hear_locustfile_wanted(self, client_id: str, version: str) -> None:
        self._node.send("locustfile", self._locustfiles(), client_id)

    def _locustfiles(self) -> dict[str, Any]:
        paths = self.environment.parsed_locustfiles
        if not paths:
            return {"error": "the master has no locustfile to send"}
        try:
            return {"locustfiles": [_file(path) for path in paths]}
        except (OSError, UnicodeDecodeError) as fault:
            logger.error("the locustfile cannot be sent to a worker: %s", fault)
            return {"error": f"the master cannot read its locustfile: {fault}"}

    def _hear_custom(self, client_id: str, type: str, data: Any) -> None:
        if type == SAMPLES:
            self._keep_samples(client_id, data)
        elif type == REPORT:
            self._answered[client_id] = data if isinstance(data, int) else 0
        else:
            self._deliver(type, data, client_id)

    def _keep_samples(self, client_id: str, data: Any) -> None:
        told = data if isinstance(data, dict) else {}
        if told.get("run") != self._run:
            return  # it was in another run
        try:
            samples.of(self.environment).hear(told.get("exchanges"))
        except ValueError as fault:
            if client_id not in self._misunderstood:
                logger.warning("%s has sent failed exchanges that cannot be read: %s", client_id, fault)
            self._misunderstood.add(client_id)

    def _on_reset_stats(self, **_: Any) -> None:
        self._tell_own(SAMPLES, None)

    def _hear_spawning_complete(self, user_count: int, is_reported: bool, is_takeover: bool) -> None:
        if self.state not in (STATE_SPAWNING, STATE_RUNNING) or self._node.state == STATE_SPAWNING:
            return  # a new target was set meanwhile
        self.target_user_classes_count = counts = self._node.ordered_users()
        if is_takeover:
            self.update_state(STATE_RUNNING)
        else:
            logger.info("all users spawned: %s (%d in total)", runners.counts_text(counts), user_count)
            self.environment.events.spawning_complete.fire(user_count=user_count)
        self._ramp.set()

    def _hear_run_stopped(self, is_late: bool) -> None:
        self._stopped.set()


def _address(wanted: str, is_keyed: bool) -> str:
    """Where to listen. Warns if strangers can reach that and there is no key to keep them out."""
    if not wanted:
        return _EVERYWHERE if is_keyed else _LOOPBACK
    if not is_keyed and not _is_loopback(wanted):
        logger.warning(
            "whoever reaches this master at %s can take part in the test and read its options: give the "
            "cluster a key with --cluster-key",
            "any of its addresses" if wanted == _EVERYWHERE else wanted,
        )
    return wanted


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _file(path: str) -> dict[str, str]:
    with open(path, encoding="utf-8") as file:
        return {"filename": os.path.basename(path), "contents": file.read()}


def _report_wait() -> float:
    """How long, after the last user was ordered, to wait for the workers' numbers."""
    text = os.environ.get(_WAIT_VARIABLE, "")
    number, times, unit = (part.strip() for part in text.partition("*"))
    try:
        seconds = float(number) if number else _REPORT_WAIT_S
    except ValueError:
        return _REPORT_WAIT_S
    return seconds * runners.WORKER_REPORT_INTERVAL if times and unit == "WORKER_REPORT_INTERVAL" else seconds
