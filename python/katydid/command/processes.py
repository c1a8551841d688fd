"""How does one command use several cores? It forks workers of itself, once the locustfile is imported.

A child waits until its parent listens, so that it never joins a stranger's master. The pipe by which it hears
of that stays open: its end is the parent's, after which a child has nothing to do.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

import gevent
from gevent.os import fork_and_watch
from gevent.socket import wait_read

from katydid.locust import log

if TYPE_CHECKING:
    from katydid.locust.runners import MasterRunner

logger = logging.getLogger("locust.main")

_LOOK_S = 0.25
_PATIENCE_S = 3.0
"""How long children have to end by themselves, and again when they are told to."""

_ALL_CORES = -1
_WORST_GOOD_CODE = 1
_EXIT_IMPATIENT = 1

_PARENTS_OWN = {
    "run_time": None,
    "autostart": False,
    "csv_prefix": None,
    "stats_history_enabled": False,
    "html_file": None,
    "print_stats": False,
}
"""Options that a worker leaves to its master."""


class CannotFork(Exception):
    """The options do not fit together: one line."""


class Fleet:
    """The children of this process."""

    def __init__(self) -> None:
        self._pipes: dict[int, int] = {}
        """The end of the pipe that each child listens to."""
        self.codes: list[int] = []
        """What children have ended with; of those that a signal has killed the negative number."""
        self._is_ending = False

    def take_in(self, pid: int, pipe: int) -> None:
        """A child was born."""
        self._pipes[pid] = pipe

    def leave(self) -> None:
        """This is a child: what is told to its siblings is none of its business."""
        for pipe in self._pipes.values():
            os.close(pipe)

    def on_init(self, runner: MasterRunner, **_: Any) -> None:
        """This process listens: the children may join it, and are looked after."""
        for pipe in self._pipes.values():
            os.write(pipe, f"{runner.server.port}\n".encode())
        gevent.spawn(self._watch).link_exception(log.greenlet_exception_logger(logger))

    def _watch(self) -> None:
        while not self._is_ending:
            self.look()
            gevent.sleep(_LOOK_S)

    def look(self) -> bool:
        """Bury who has ended. Returns whether any child is left."""
        for pid in list(self._pipes):
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = pid, 0  # a suite has waited for all children, and alone knows how it ended
            if ended:
                os.close(self._pipes.pop(pid))
                self._note(pid, os.waitstatus_to_exitcode(status))
        return bool(self._pipes)

    def _note(self, pid: int, code: int) -> None:
        self.codes.append(code)
        if code < 0:
            logger.error("the worker process %d was killed by %s", pid, signal.Signals(-code).name)
        elif code > _WORST_GOOD_CODE:
            logger.error("the worker process %d has ended with exit code %d", pid, code)
        elif not self._is_ending:
            logger.warning("the worker process %d has ended before the test", pid)

    def end(self) -> None:
        """Wait for the children, which were told to end; those that do not are made to."""
        self._is_ending = True
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._wait(_PATIENCE_S):
                return
            logger.warning("worker processes that do not end get %s: %s", number.name, [*self._pipes])
            self.send(number)
        self._wait(_PATIENCE_S)

    def _wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (is_left := self.look()) and time.monotonic() < until:
            gevent.sleep(0.02)
        return is_left

    def send(self, number: int) -> None:
        """Send a signal to all children."""
        for pid in self._pipes:
            os.kill(pid, number)

    def wait_for_all(self) -> int:
        """Do nothing but wait for the children, who obey a master elsewhere. Returns the exit code.

        A terminal's Ctrl-C reaches the children by itself; the second one ends them at once.
        """
        heard = 0
        self._is_ending = True

        def on_interrupt(number: int, frame: Any) -> None:
            nonlocal heard
            heard += 1
            if heard > 1:
                self.send(signal.SIGKILL)
                os._exit(_EXIT_IMPATIENT)

        def on_terminate(number: int, frame: Any) -> None:
            self.send(signal.SIGTERM)

        signal.signal(signal.SIGINT, on_interrupt)
        signal.signal(signal.SIGTERM, on_terminate)
        while self.look():
            gevent.sleep(_LOOK_S)
        return max(code if code >= 0 else 128 - code for code in self.codes)


def fork(options: Namespace) -> Fleet | None:
    """Become a parent of workers, or one of its children: those have no fleet, and the options of a worker.

    Raises:
        CannotFork: the options do not fit together.
    """
    count = _count(options)
    if not count:
        return None
    fleet = Fleet()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    gc.freeze()
    for _ in range(count):
        reading, writing = os.pipe()
        pid = fork_and_watch()  # as for subprocesses: gevent buries all children, and must know of these
        if not pid:
            os.close(writing)
            fleet.leave()
            _become_worker(options, reading)
            return None
        os.close(reading)
        fleet.take_in(pid, writing)
    if not options.worker:
        options.master = True
        options.expect_workers = count
    return fleet


def _count(options: Namespace) -> int:
    wanted = options.processes or 0
    if not wanted:
        return 0
    if not hasattr(os, "fork"):
        raise CannotFork("--processes: this system cannot fork; start --master and --worker instead")
    if options.master:
        raise CannotFork("--processes and --master: the process that starts the others is their master")
    if wanted < _ALL_CORES:
        raise CannotFork(f"--processes {wanted}: it takes a number of processes, or -1 for one per core")
    return (os.cpu_count() or 1) if wanted == _ALL_CORES else int(wanted)


def _become_worker(options: Namespace, pipe: int) -> None:
    vars(options).update(_PARENTS_OWN)
    if not options.worker:
        options.katydid_obeys_parent = True
        port = os.read(pipe, 16)
        if not port:
            sys.exit(0)  # the master could not listen, and has said so
        options.worker = True
        host = options.katydid_bind_host
        options.master_host = "127.0.0.1" if host in ("", "*") else host
        options.master_port = int(port)
    gevent.spawn(_follow_parent, pipe).link_exception(log.greenlet_exception_logger(logger))


def _follow_parent(pipe: int) -> None:
    """Without its parent this process ends."""
    wait_read(pipe)  # nothing is told after the port: what can be read is the end
    os.kill(os.getpid(), signal.SIGTERM)
