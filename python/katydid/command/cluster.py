"""What is different when a run is spread over nodes? Who plays which part, and waiting for workers."""

from __future__ import annotations

import logging
import os
import platform
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gevent
from gevent.socket import wait_read

from katydid import _core
from katydid.locust import log
from katydid.locust._distributed import key_of
from katydid.locust._version import version
from katydid.locust.runners import MasterRunner
from katydid.verdict.workers import ask_workers, obey_master

from .signals import Interrupted, Signals

if TYPE_CHECKING:
    from argparse import Namespace

    from gevent import Greenlet

    from katydid.locust.env import Environment
    from katydid.locust.runners import Runner

logger = logging.getLogger("locust.main")

EXIT_NO_RUN = 1
EXIT_NO_MASTER = 255
"""Locust's, for a worker that finds no master."""

_LOCUSTFILE_PATIENCE_S = 300.0
_ASK_AGAIN_S = 1.0
_QUIET_S = 5.0
"""After so long it is said that workers are waited for."""


class NoRunner(Exception):
    """A node that cannot take part: one line, and what the process ends with."""

    def __init__(self, message: str, code: int = EXIT_NO_RUN) -> None:
        super().__init__(message)
        self.code = code


def create_node(environment: Environment, options: Namespace, signals: Signals) -> Runner:
    """The runner for the part that this process plays: master, worker, or all of the test.

    Raises:
        NoRunner: it cannot listen, finds no master, or was interrupted meanwhile.
    """
    made: list[Runner] = []
    try:
        signals.wait_for(lambda: made.append(_node(environment, options)))
    except Interrupted as reason:
        raise NoRunner(f"{reason} before a master answered" if options.worker else str(reason)) from None
    except ConnectionError as fault:
        raise NoRunner(str(fault), EXIT_NO_MASTER) from fault
    except OSError as fault:
        is_of_file = fault.filename is not None or not options.master
        raise NoRunner(
            str(fault)
            if is_of_file
            else f"the master cannot listen on port {options.master_bind_port}: {fault}"
        ) from fault
    except ValueError as fault:
        raise NoRunner(str(fault)) from fault
    return made[0]


def _node(environment: Environment, options: Namespace) -> Runner:
    if options.master:
        ask_workers(environment)
        return environment.create_master_runner(options.katydid_bind_host, options.master_bind_port)
    if options.worker:
        obey_master(environment)
        return environment.create_worker_runner(options.master_host, options.master_port)
    return environment.create_local_runner()


def wait_for_workers(runner: Runner, options: Namespace) -> bool:
    """Wait until a master has the workers that it expects. Returns false if they have not come in time."""
    if not isinstance(runner, MasterRunner):
        return True
    begun = time.monotonic()
    told = -1
    while (count := len(runner.clients.ready)) < options.expect_workers:
        waited = time.monotonic() - begun
        if 0 < options.expect_workers_max_wait <= waited:
            logger.error("gave up waiting for workers: %d of %d are there", count, options.expect_workers)
            return False
        if waited > _QUIET_S and count != told:
            logger.info("waiting for workers: %d of %d are there", count, options.expect_workers)
            told = count
        gevent.sleep(0.1)
    return True


def begin_load(runner: Runner, users: int, rate: float) -> Greenlet | None:
    """Start the load without waiting for the users. A master's start waits for them: it gets a greenlet."""
    if not isinstance(runner, MasterRunner):
        runner.start(users, rate)
        return None
    starting = gevent.spawn(runner.start, users, rate)
    starting.link_exception(log.greenlet_exception_logger(logger))
    return starting


def fetch_locustfiles(options: Namespace) -> list[dict[str, str] | str]:
    """The master's locustfiles: each with name and contents, or the URL of one.

    Raises:
        NoRunner: the master has none, cannot be reached, or does not let us in.
    """
    node = _core.ClusterWorker(
        host=options.master_host,
        port=options.master_port,
        client_id=f"{platform.node()}_download_locustfile_{uuid4().hex}",
        version=version,
        **key_of(options),
    )
    try:
        data = _locustfile_message(node, f"{options.master_host}:{options.master_port}")
    finally:
        node.close()
    if "error" in data:
        raise NoRunner(f"the master sends no locustfile: {data['error']}")
    return list(data.get("locustfiles", []))


def _locustfile_message(node: _core.ClusterWorker, place: str) -> dict[str, Any]:
    until = time.monotonic() + _LOCUSTFILE_PATIENCE_S
    while time.monotonic() < until:
        node.ask_for_locustfile(version)
        asked = time.monotonic()
        while (left := asked + _ASK_AGAIN_S - time.monotonic()) > 0:
            try:
                wait_read(node.descriptor, timeout=left, timeout_exc=TimeoutError())
            except TimeoutError:
                break
            for event in node.take():
                if event.kind == "refused":
                    raise NoRunner(event.data["reason"], EXIT_NO_MASTER)
                if event.kind == "custom" and event.data["type"] == "locustfile":
                    return dict(event.data["data"])
    raise NoRunner(f"no master at {place} sends a locustfile", EXIT_NO_MASTER)


def base_name(filename: str) -> str:
    """The name under which a file from a master is kept: no path, whatever it says.

    Raises:
        NoRunner: it is no Python file.
    """
    name = os.path.basename(filename.replace("\\", "/"))
    if not name.endswith(".py") or name == ".py":
        raise NoRunner(f"the master sends a locustfile of the name {filename!r}, which is not a Python file")
    return name
