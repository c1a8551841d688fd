"""Who tells the judge of a run's beginning and end, and asks it once a second? Listeners and one greenlet.

All that is judged are statistics objects, so that it works wherever they are: in one process, or on a master.
A master's lag behind by what its workers have not reported: these are asked before a level or a window ends.
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import gevent

from katydid import _core
from katydid.locust.runners import MasterRunner
from katydid.results.clock import RunClock

from .classes import StatsByClass
from .expect import expectations_of

if TYPE_CHECKING:
    from gevent import Greenlet

    from katydid.locust.env import Environment
    from katydid.locust.stats import RequestStats

logger = logging.getLogger("locust.main")

_INTERVAL_S = 1.0

NOTHING_ASKED: dict[str, Any] = {
    **{"is_over": False, "is_asked": False, "passed": True, "aborted": None},
    **{"thresholds": [], "levels": []},
}
"""How things stand where nothing is asked."""


class Watch:
    """Brings a judge together with the runs of an environment."""

    def __init__(self, environment: Environment, judge: _core.Judge) -> None:
        self.environment = environment
        self.judge = judge
        self._by_class = StatsByClass(judge.users)
        self._level: int | None = None
        self._is_running = False
        self._asking: Greenlet | None = None
        self._passed: bool | None = None
        self._seen: tuple[float, Any] | None = None
        self._clock = RunClock()
        self._master: MasterRunner | None = None
        """Who has what workers measure; None where nothing is measured elsewhere."""
        self._whole_until = 0.0
        """Until when a master has everything."""
        environment.events.test_start.add_listener(self._on_start)
        environment.events.test_stopping.add_listener(self._on_stopping)
        environment.events.test_stop.add_listener(self._on_stop)
        if judge.users:
            environment.events.request.add_listener(self._by_class.record)
            environment.events.worker_report.add_listener(self._by_class.merge)
        _watches[environment] = self

    @property
    def asks(self) -> bool:
        """Is anything asked of the run?"""
        return self.judge.asks

    @property
    def passed(self) -> bool | None:
        """Was all met that was asked? None before the end."""
        return self._passed

    @property
    def has_failed(self) -> bool:
        """Is there a verdict on what was asked, and is it a bad one?"""
        return self.asks and self._passed is False

    def document(self) -> Any:
        """The verdict as plain values; None before the end."""
        text = self.judge.json()
        return None if text is None else json.loads(text)

    def standing(self) -> Any:
        """How things stand, as plain values, at most a second old; once the run is over, its verdict."""
        now = time.monotonic()
        if self._seen is None or now - self._seen[0] >= _INTERVAL_S:
            at = self._clock.now() if self._master is None else self._whole_until
            self._seen = (now, json.loads(self.judge.standing(*self._measured(at))))
        return self._seen[1]

    def close(self) -> None:
        """Watch no more: another one takes its place."""
        self.finish()
        events = self.environment.events
        events.test_start.remove_listener(self._on_start)
        events.test_stopping.remove_listener(self._on_stopping)
        events.test_stop.remove_listener(self._on_stop)
        if self.judge.users:
            events.request.remove_listener(self._by_class.record)
            events.worker_report.remove_listener(self._by_class.merge)
        _watches.pop(self.environment, None)

    def add_findings(self) -> None:
        """Say what else decided on the run that is over: rules, and exceptions of tasks."""
        for finding in _findings_of_rules(self.environment):
            self.judge.add(*finding)
        runner = self.environment.runner
        if runner is not None and runner.exceptions:
            count = sum(int(exception["count"]) for exception in runner.exceptions.values())
            self.judge.add("tasks", "no task raises an exception", f"{count} raised", passed=False)

    def _on_start(self, **_: Any) -> None:
        self._is_running, self._passed, self._seen = True, None, None
        self._clock = RunClock()
        self._whole_until = now = self._clock.now()
        runner = self.environment.runner
        self._master = runner if isinstance(runner, MasterRunner) else None
        self._by_class.clear()
        self.environment.stats.parts = self._by_class.stats
        self.judge.begin(*self._measured(now))
        if self._level is not None:
            self.judge.begin_level(self._level, *self._measured(now))
        if self.judge.needs_ticks or self._master is not None:
            self._asking = gevent.spawn(self._ask_forever)

    def _on_stopping(self, **_: Any) -> None:
        if self._is_running:
            self.judge.stop(self._clock.now())

    def _on_stop(self, **_: Any) -> None:
        self.finish()

    def finish(self) -> None:
        """Judge the run that goes on, if there is one."""
        if self._asking is not None:
            self._asking.kill(block=False)
            self._asking = None
        if self._is_running:
            self._is_running, self._level, self._seen = False, None, None
            self._passed = self.judge.finish(*self._measured(self._clock.now()))

    def begin_level(self, index: int) -> None:
        """A level begins; that of a run that is about to begin is told with its beginning."""
        at = self._catch_up()
        self._level, self._seen = index, None
        if self._is_running:
            self.judge.begin_level(index, *self._measured(at))

    def end_level(self) -> None:
        """The level has lasted as long as it should."""
        at = self._catch_up()
        self._level = None
        if self._is_running:
            self.judge.end_level(*self._measured(at))

    def _catch_up(self) -> float:
        """Returns now, and has in the statistics all that was measured until then, also by workers."""
        at = self._clock.now()
        if self._is_running and self._master is not None:
            self._master._catch_up()
            self._whole_until = at
        return at

    def _measured(self, at: float) -> tuple[RequestStats, list[RequestStats], float]:
        return self.environment.stats, self._by_class.stats, at

    def _ask_forever(self) -> None:
        while True:
            gevent.sleep(_INTERVAL_S)
            reason = self.judge.tick(*self._measured(self._catch_up()))
            if reason is not None:
                logger.error("the run is ended early: %s", reason)
                gevent.spawn(self._end_run)  # which ends this greenlet
                return

    def _end_run(self) -> None:
        if self.environment.runner is not None:
            self.environment.runner._end_test()


_watches: WeakKeyDictionary[Environment, Watch] = WeakKeyDictionary()


def watch_of(environment: Environment) -> Watch | None:
    """Who watches the runs of an environment; None if nothing is asked of them."""
    return _watches.get(environment)


def _findings_of_rules(environment: Environment) -> list[tuple[str, str, str, bool]]:
    """What each rule found, as a judge takes it."""
    findings = []
    expectations = expectations_of(environment)
    for outcome in () if expectations is None else expectations.outcomes:
        of_limit = "" if outcome.limit is None else f", {outcome.limit:.2%} at most"
        kept = f", {outcome.kept} failures kept" if outcome.kept else ""
        said = f"{outcome.requests} of {outcome.covered} {outcome.verdict}{of_limit}{kept}"
        findings.append(("rule", outcome.rule, said, not outcome.is_broken))
    return findings


def verdict_to_keep(environment: Environment) -> Any:
    """The verdict on a run that is over; where nothing else was asked, that rules were broken, or None."""
    watch = watch_of(environment)
    if watch is not None:
        return watch.document()
    keys = ("kind", "name", "said", "passed")
    findings = [dict(zip(keys, found, strict=True)) for found in _findings_of_rules(environment)]
    if all(found["passed"] for found in findings):
        return None
    return {**NOTHING_ASKED, "is_over": True, "passed": False, "findings": findings}


def verdict_document(environment: Environment) -> Any:
    """What `/api/v1/verdict` answers, also where nothing is asked."""
    watch = watch_of(environment)
    return NOTHING_ASKED if watch is None else watch.standing()
