"""How does a run tell an OpenTelemetry collector what it measures? Every few seconds, by OTLP.

As for stored runs the users' thread only copies the entries that changed; all else happens on a thread of the
native half. A collector that does not answer is told of once and never stops a run.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import gevent

from katydid import _core

from .keeper import CannotKeep

if TYPE_CHECKING:
    from gevent import Greenlet

    from katydid.locust.env import Environment

logger = logging.getLogger("katydid.history")


def check(options: Any) -> None:
    """See whether numbers can be sent where the options say; nothing is sent.

    Raises:
        CannotKeep: no address, or a variable that is misread.
    """
    if options.katydid_otlp is None:
        return
    try:
        _core.OtlpExporter.check(options.katydid_otlp)
    except ValueError as fault:
        raise CannotKeep(f"--otlp: {fault}") from fault


def export(environment: Environment, options: Any) -> None:
    """Have the runs of an environment told to the collector that the options name, if they name one."""
    url = getattr(options, "katydid_otlp", None)
    if url is not None and not getattr(options, "worker", False):  # a worker's master has everything
        _Exports(environment, url)


class _Exports:
    """Tells a collector of the runs of one environment."""

    def __init__(self, environment: Environment, url: str) -> None:
        self._environment = environment
        self._url = url
        self._exporter: _core.OtlpExporter | None = None
        self._telling: Greenlet | None = None
        self._users = 0
        environment.events.test_start.add_listener(self._on_start)
        environment.events.test_stop.add_listener(self._on_stop)

    def _on_start(self, **_: Any) -> None:
        self._end()
        self._users = 0
        try:
            self._exporter = _core.OtlpExporter(self._url, time.time())
        except ValueError as fault:
            logger.warning("this run is not told to a collector: %s", fault)
            return
        self._telling = gevent.spawn(self._tell_forever, self._exporter)

    def _on_stop(self, **_: Any) -> None:
        self._end()

    def _tell_forever(self, exporter: _core.OtlpExporter) -> None:
        while True:
            gevent.sleep(exporter.interval_s)
            self._tell(exporter)
            self._warn(exporter.complaint())

    def _tell(self, exporter: _core.OtlpExporter, must: bool = False) -> None:
        runner = self._environment.runner
        self._users = (runner.user_count if runner is not None else 0) or self._users
        exporter.observe(self._environment.stats, time.time(), self._users, must)

    def _end(self) -> None:
        """Tell what the present run amounts to at its end."""
        if self._telling is not None:
            self._telling.kill()
            self._telling = None
        exporter, self._exporter = self._exporter, None
        if exporter is not None:
            self._tell(exporter, must=True)
            self._warn(exporter.finish())

    def _warn(self, complaint: str | None) -> None:
        if complaint:
            logger.warning("the collector does not take what is measured, the run goes on: %s", complaint)
