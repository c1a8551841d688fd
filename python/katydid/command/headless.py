"""How does one run of the command go, from the runner to the exit code?"""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING, Any

import gevent

from katydid.history.collector import export
from katydid.history.keeper import keep, keeper_of
from katydid.locust import log
from katydid.locust.runners import WorkerRunner
from katydid.results import samples
from katydid.verdict.expect import expect, expectations_of
from katydid.verdict.watch import verdict_to_keep, watch_of

from .cluster import EXIT_NO_RUN, NoRunner, begin_load, create_node, wait_for_workers
from .outputs import CannotWrite, Outputs
from .signals import Interrupted, Signals

if TYPE_CHECKING:
    from katydid.locust.env import Environment
    from katydid.locust.runners import Runner

logger = logging.getLogger("locust.main")

_EXIT_LISTENER_RAISED = 2
_EXIT_NOT_WRITTEN = 1
_EXIT_VERDICT = 3


def run_headless(environment: Environment, options: Any) -> int:
    """Run the test until it ends or is interrupted. Returns the process's exit code."""
    signals = Signals()
    signals.install()
    try:
        runner = create_runner(environment, options, signals)
        keep(environment, options)
        export(environment, options)
        outputs = Outputs(environment, runner, options)
    except NoRunner as fault:
        log.complain(str(fault))
        return fault.code
    except CannotWrite as fault:
        log.complain(str(fault))
        return EXIT_NO_RUN
    environment.events.init.fire(environment=environment, runner=runner, web_ui=None)
    if log.unhandled_greenlet_exception:
        log.complain("an init listener raised an exception (see above), so there is no run")
        return EXIT_NO_RUN
    if options.equal_weights:
        environment.assign_equal_weights()
    outputs.begin()
    try:
        signals.wait_for(lambda: _run_test(environment, runner, outputs, options))
    except (Interrupted, KeyboardInterrupt) as reason:
        logger.info("%s, shutting down", str(reason) or "interrupted")
    return shut_down(environment, runner, outputs, options)


def create_runner(environment: Environment, options: Any, signals: Signals) -> Runner:
    """The runner for the part that this process plays, and what belongs to every run.

    Raises:
        NoRunner: a node of a cluster that cannot take part.
    """
    expect(environment, options.katydid_expect or ())
    samples.keep(environment)
    return create_node(environment, options, signals)


def fill_in_load(options: Any) -> None:
    """One user and one per second, where the options do not say: a listener to test_start can read it."""
    if options.num_users is None:
        options.num_users = 1
    if options.spawn_rate is None:
        options.spawn_rate = 1


def _run_test(environment: Environment, runner: Runner, outputs: Outputs, options: Any) -> None:
    """Start the load and wait for its end."""
    if not wait_for_workers(runner, options):
        environment.process_exit_code = EXIT_NO_RUN
        return
    if environment.shape_class is not None:
        runner.start_shape()
    else:
        fill_in_load(options)
        begin_load(runner, options.num_users, options.spawn_rate)
        if options.run_time:
            gevent.get_hub().loop.update_now()  # the start-up has made the loop's idea of now old
            gevent.spawn_later(options.run_time, _end_by_time, runner).link_exception(
                log.greenlet_exception_logger(logger)
            )
            outputs.begin_progress()
    runner.greenlet.join()


def _end_by_time(runner: Runner) -> None:
    logger.info("the run time is over, shutting down")
    runner.quit()


def shut_down(environment: Environment, runner: Runner, outputs: Outputs, options: Any) -> int:
    """End the run in order and write what was asked for. Returns the process's exit code."""
    environment.events.quitting.fire(environment=environment, reverse=True)
    if watch_of(environment) is not None:
        runner.stop()  # what is judged has ended, so that nothing is told that was not judged
    code = exit_code(environment, runner, options)
    outputs.end()
    runner.quit()
    keeper, watch = keeper_of(environment), watch_of(environment)
    if watch is not None:
        watch.add_findings()  # before the verdict is kept, of which they are a part
    if keeper is not None:
        code = keeper.conclude(code, verdict_to_keep(environment))
        if watch is not None and keeper.finding is not None:
            watch.judge.add("baseline", *keeper.finding)
    logger.info("shutting down with exit code %s", code)
    if not outputs.conclude():
        code = code or _EXIT_NOT_WRITTEN
    if keeper is not None:
        keeper.tell()
    environment.events.quit.fire(exit_code=code)
    outputs.close()
    return code


def exit_code(environment: Environment, runner: Runner, options: Any) -> int:
    """What the process ends with: the locustfile's wish, else the verdict, else whether anything failed."""
    if environment.process_exit_code is not None:
        return environment.process_exit_code
    watch = watch_of(environment)
    if watch is not None and watch.has_failed:
        return _EXIT_VERDICT
    is_judged = watch is not None and watch.judge.judges_failures
    expectations = expectations_of(environment)
    is_broken = expectations is not None and bool(expectations.broken)
    if (runner.errors and not is_judged) or is_broken or runner.exceptions:
        return int(options.exit_code_on_error)
    return _EXIT_LISTENER_RAISED if log.unhandled_greenlet_exception else 0


def run_worker(environment: Environment, options: Any) -> int:
    """Run what a master orders until it says that all is over. Returns the process's exit code."""
    signals = Signals()
    signals.install()
    if getattr(options, "katydid_obeys_parent", False):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells all: it is the master's to obey
    try:
        runner = create_runner(environment, options, signals)
    except NoRunner as fault:
        log.complain(str(fault))
        return fault.code
    assert isinstance(runner, WorkerRunner), "the options say so"
    environment.events.init.fire(environment=environment, runner=runner, web_ui=None)
    if log.unhandled_greenlet_exception:
        log.complain("an init listener raised an exception (see above), so this worker takes no part")
        runner.quit()
        return EXIT_NO_RUN
    if options.equal_weights:
        environment.assign_equal_weights()
    try:
        signals.wait_for(runner.greenlet.join)
    except (Interrupted, KeyboardInterrupt) as reason:
        logger.info("%s, shutting down", str(reason) or "interrupted")
    environment.events.quitting.fire(environment=environment, reverse=True)
    code = exit_code(environment, runner, options)
    runner.quit()
    logger.info("shutting down with exit code %s", code)
    environment.events.quit.fire(exit_code=code)
    runner.close()
    return code
