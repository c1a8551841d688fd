"""How is a run of the command kept? From its start to its end, every few seconds.

The users' thread only copies the entries that changed; all else happens on a thread of the native half. A
store that fails is told of once and never stops a run.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import gevent
from gevent.lock import RLock

from katydid import _core
from katydid.control.recording import recording_of
from katydid.locust.runners import MasterRunner
from katydid.results import samples, secrets
from katydid.results.clock import RunClock

from .about import about

if TYPE_CHECKING:
    from gevent import Greenlet

    from katydid.locust.env import Environment

logger = logging.getLogger("katydid.history")

INTERVAL_S = 10.0
"""How much a crash can lose: a run is looked at so often."""

FIRST_INTERVAL_S = 1.0
"""So often in the first minute, so that short runs can be compared."""

FIRST_S = 60.0

KEEP = "500 runs, 2GB"
"""What is kept if nobody says how much."""

EXIT_VERDICT = 3
"""A run is worse than its baseline."""

DOCUMENTS = ("run", "config", "tasks", "exceptions", "triage", "expectations")
"""What is kept of a run beside its measurements, for its report."""


class CannotKeep(Exception):
    """A store, or a baseline in it, that was asked for cannot be used, which is known before the run."""


def check(options: Any) -> None:
    """See whether runs can be kept where the options say.

    Raises:
        CannotKeep: not there, or the baseline does not exist.
    """
    store, keep, baseline = _settings(options)
    asked = {"--store": store, "--store-keep": options.katydid_store_keep, "--baseline": baseline}
    given = ", ".join(name for name, value in asked.items() if value is not None)
    if not given:
        return  # that the standard store does not work is no reason not to run
    try:
        if _core.history_check(store, keep) is None and baseline is not None:
            raise ValueError("there is nothing to hold a run against while runs are not kept")
    except ValueError as fault:
        raise CannotKeep(f"{given}: {fault}") from fault
    except OSError as fault:
        raise CannotKeep(f"{given}: {fault}: name another store, or none to keep no run") from fault
    if baseline is not None:
        _baseline_run(store, baseline)


def _baseline_run(store: str | None, baseline: str) -> int:
    try:
        return _core.history_run(store, baseline, [])[0]
    except (OSError, ValueError) as fault:
        raise CannotKeep(f"--baseline {baseline}: {fault}") from fault


def baseline_levels(options: Any) -> list[tuple[str, int, float | None]]:
    """The levels that those of a run are held against: scenario, users, 95th percentile in milliseconds.

    Raises:
        OSError: the store cannot be read.
        ValueError: it has no such run.
    """
    store, _, baseline = _settings(options)
    return [] if baseline is None else _core.history_levels(store, baseline)


def _settings(options: Any) -> tuple[str | None, str, str | None]:
    """Store, what to keep, baseline."""
    keep = getattr(options, "katydid_store_keep", None) or KEEP
    return getattr(options, "katydid_store", None), keep, getattr(options, "katydid_baseline", None)


class Keeper:
    """Keeps the runs of one environment."""

    def __init__(self, environment: Environment, options: Any) -> None:
        self._environment = environment
        self._store, self._keep, self._baseline = _settings(options)
        if self._baseline == "last":  # which means another one when the run has begun
            self._baseline = str(_baseline_run(self._store, self._baseline))
        self._run: _core.StoredRun | None = None
        self._missing = "there was no run"
        self._number: int | None = None
        self._watching: Greenlet | None = None
        self._ended_at = 0.0
        self._clock = RunClock()
        self._ending = RLock()
        self._users = 0
        self._levels = 0
        self._level: tuple[int, str, str, int, float] | None = None
        self._next_level: tuple[str, str, int] | None = None
        self._told: list[str] = []
        self.finding: tuple[str, str, bool] | None = None
        """How the run compares with its baseline: what was asked, what was found, whether it passed."""
        self._recording = recording_of(environment)
        environment.events.test_start.add_listener(self._on_start)
        environment.events.test_stopping.add_listener(self._on_stopping)
        environment.events.test_stop.add_listener(self._on_stop)
        _keepers[environment] = self

    @property
    def store(self) -> str | None:
        """Where runs are kept, as the options say; None for the standard store."""
        return self._store

    @property
    def run(self) -> int | None:
        """The number under which the present run, or the last one, is kept."""
        return self._number

    def _on_start(self, **_: Any) -> None:
        self._begin()

    def _on_stopping(self, **_: Any) -> None:
        self._count_users()  # a short run has no other moment for it

    def _on_stop(self, **_: Any) -> None:
        self._end()

    def _begin(self) -> None:
        self._end()
        self._number, self._users, self._levels, self._level, self._missing = None, 0, 0, None, ""
        self._clock = RunClock()
        try:
            known = json.dumps(about(self._environment)).encode()
            self._run = _core.StoredRun(self._store, known, self._keep, self._baseline)
        except (OSError, ValueError) as fault:
            logger.warning("this run is not kept: %s", fault)
            self._missing = "this run is not kept"
            return
        self._number = self._run.number
        if self._next_level is not None:
            self.begin_level(*self._next_level)
        self._watching = gevent.spawn(self._watch)

    def _watch(self) -> None:
        begun = time.monotonic()
        while True:
            young = time.monotonic() - begun < FIRST_S
            gevent.sleep(FIRST_INTERVAL_S if young else INTERVAL_S)
            runner = self._environment.runner
            if isinstance(runner, MasterRunner):  # what its workers report by themselves comes in lumps
                runner._catch_up()
            self._observe()

    def _observe(self, must: bool = False) -> None:
        run = self._run
        if run is None:
            return
        self._count_users()
        run.observe(self._environment.stats, self._clock.now(), self._users, must)
        complaint = run.complaint()
        if complaint:
            logger.warning("the store does not take what is measured, the run goes on: %s", complaint)

    def _count_users(self) -> None:
        """See how many users there are; when all have ended, how many there were last."""
        runner = self._environment.runner
        self._users = (runner.user_count if runner is not None else 0) or self._users

    def begin_level(self, scenario: str, label: str, users: int) -> None:
        """A level of the load begins; the one before it ends. The first may be told before its run begins."""
        self.end_level()
        self._next_level = (scenario, label, users) if self._run is None else None
        if self._run is not None:
            self._observe(must=True)
            self._levels += 1
            self._level = (self._levels, scenario, label, users, self._clock.now())
            self._run.level(*self._level, None)

    def end_level(self) -> None:
        """The level of the load that there is ends."""
        if self._run is not None and self._level is not None:
            self._observe(must=True)
            self._run.level(*self._level, self._clock.now())
        self._level = None

    def _end(self) -> None:
        """Write the last stretch of the present run and what is known at its end."""
        with self._ending:  # whoever comes second waits for the first
            self._end_run()

    def _end_run(self) -> None:
        if self._watching is not None and self._watching is not gevent.getcurrent():
            self._watching.kill()
        self._watching = None
        run = self._run
        if run is None:
            return
        self.end_level()
        self._observe(must=True)
        self._keep_documents(run)
        self._run, self._ended_at = None, self._clock.now()
        try:
            # On a thread, so that signals and all else go on while the database is waited for.
            gevent.get_hub().threadpool.apply(run.finish, (self._ended_at,))
        except OSError as fault:
            logger.warning("the end of this run is not kept: %s", fault)
            self._missing = "the end of this run is not kept"

    def _keep_documents(self, run: _core.StoredRun) -> None:
        hidden = secrets.known_values(self._environment)
        makers: dict[str, Callable[[], Any]] = {
            name: partial(self._recording.made, name) for name in DOCUMENTS
        }
        makers["samples"] = samples.of(self._environment).all
        for name, make in makers.items():
            try:
                document = json.loads(json.dumps(make(), default=str))
                run.document(name, json.dumps(secrets.without(document, hidden)).encode())
            except Exception:
                logger.exception("%s of this run is not kept", name)

    def conclude(self, code: int, verdict: Any = None) -> int:
        """The process is about to end with an exit code: compare the run with its baseline, keep the outcome.

        Returns the exit code, which becomes that of a verdict unless the locustfile has set one. What could
        not be compared has not passed.
        """
        self._end()
        outcome: dict[str, Any] = {} if verdict is None else {"thresholds": verdict}
        if self._baseline is not None:
            has_passed = self._compare(self._baseline, outcome)
            is_free = self._environment.process_exit_code is None
            code = EXIT_VERDICT if is_free and not has_passed else code
        if self._number is None or self._missing:
            return code
        try:
            kept = json.dumps(outcome, default=str).encode() if outcome else None
            _core.history_conclude(self._store, self._number, self._ended_at, code, kept)
        except OSError as fault:
            logger.warning("the outcome of this run is not kept: %s", fault)
        return code

    def _compare(self, baseline: str, outcome: dict[str, Any]) -> bool:
        """Hold the run against its baseline. Returns whether it has passed."""
        try:
            if self._missing:
                raise ValueError(self._missing)
            compared = _core.history_compare(self._store, baseline, str(self._number))
        except (OSError, ValueError) as fault:
            self._told = ["", f"Not held against the baseline {baseline}, so not passed: {fault}"]
            self.finding = (f"no slower than {baseline}", f"not compared: {fault}", False)
            return False
        lines, has_passed, whole, worse = compared
        outcome["comparison"] = json.loads(whole)
        self._told = ["", *lines]
        self.finding = (f"no slower than {baseline}", "\n".join([lines[-1], *worse]), has_passed)
        return has_passed

    def comparison(self) -> Any:
        """How the run compares with its baseline; None without one, and before the end."""
        if self._number is None or self._missing or self._baseline is None:
            return None
        try:
            text = _core.history_comparison(self._store, self._number)
        except (OSError, ValueError) as fault:
            logger.warning("the comparison with the baseline is not in the report: %s", fault)
            return None
        return None if text is None else json.loads(text)

    def tell(self) -> None:
        """Say how the run compares with its baseline, if it was asked."""
        for line in self._told:
            logging.getLogger("locust.stats_logger").info("%s", line)
        self._told = []


_keepers: WeakKeyDictionary[Environment, Keeper] = WeakKeyDictionary()


def keep(environment: Environment, options: Any) -> Keeper | None:
    """Keep the runs of an environment, unless the options say that none is to be."""
    store = getattr(options, "katydid_store", None)
    if store is not None and store.strip().lower() == "none":
        return None
    if getattr(options, "worker", False):
        return None  # its master has everything
    return Keeper(environment, options)


def keeper_of(environment: Environment) -> Keeper | None:
    """Who keeps the runs of an environment; None if nobody does."""
    return _keepers.get(environment)
