"""How does a run with the page go, from the server to the exit code?"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import gevent

from katydid.control.page import NotBuilt
from katydid.control.recording import recording_of
from katydid.history.collector import export
from katydid.history.keeper import keep
from katydid.locust import log

from .cluster import EXIT_NO_RUN, NoRunner, begin_load, wait_for_workers
from .headless import create_runner, fill_in_load, shut_down
from .outputs import CannotWrite, Outputs
from .signals import Interrupted, Signals

if TYPE_CHECKING:
    from katydid.locust.env import Environment
    from katydid.locust.runners import Runner
    from katydid.locust.web import WebUI

logger = logging.getLogger("locust.main")

_EXIT_CANNOT_LISTEN = 2
"""Locust's, for a server that fails as it starts."""

_NEVER = -1


def run(environment: Environment, options: Any) -> int:
    """Serve the page until the process is asked to end. Returns its exit code."""
    if options.web_base_path and not options.web_base_path.startswith("/"):
        logger.error("--web-base-path %s: the path must begin with a slash", options.web_base_path)
        return EXIT_NO_RUN
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
    page = _create_page(environment, options, outputs)
    environment.events.init.fire(environment=environment, runner=runner, web_ui=page)
    if log.unhandled_greenlet_exception:
        log.complain("an init listener raised an exception (see above), so there is no page")
        return EXIT_NO_RUN
    if options.equal_weights:
        environment.assign_equal_weights()
    try:
        page.start()
    except (OSError, ImportError, NotBuilt) as fault:
        log.complain(f"the page cannot be served: {fault}")
        return _EXIT_CANNOT_LISTEN
    _announce(page)
    outputs.begin()
    return _serve(environment, runner, page, outputs, signals, options)


def _create_page(environment: Environment, options: Any, outputs: Outputs) -> WebUI:
    return environment.create_web_ui(
        host=options.web_host,
        port=options.web_port,
        web_base_path=options.web_base_path,
        web_login=options.web_login,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        stats_csv_writer=outputs.csv_writer,
        delayed_start=True,
        userclass_picker_is_active=options.class_picker,
        build_path=options.build_path,
    )


def _announce(page: WebUI) -> None:
    logger.info("Starting web interface at %s, press enter to open your default browser.", page.url)
    if page.is_open_to_strangers:
        logger.warning(
            "whoever reaches port %s of %s can start load from here: ask for a password with --web-auth "
            "user:password, or listen on this machine alone with --web-host 127.0.0.1",
            page.server.server_port,
            page.server.server_host,
        )


def _serve(
    environment: Environment, runner: Runner, page: WebUI, outputs: Outputs, signals: Signals, options: Any
) -> int:
    """Wait for the end, then end everything in order."""
    if options.autostart:
        starting = gevent.spawn(_autostart, environment, runner, outputs, options)
        starting.link_exception(log.greenlet_exception_logger(logger))
    try:
        signals.wait_for(runner.greenlet.join)
    except (Interrupted, KeyboardInterrupt) as reason:
        logger.info("%s, shutting down", str(reason) or "interrupted")
    try:
        return shut_down(environment, runner, outputs, options)
    finally:
        page.stop()


def _autostart(environment: Environment, runner: Runner, outputs: Outputs, options: Any) -> None:
    """Run one test as the options describe it; with --autoquit the process ends some time after it."""
    if not wait_for_workers(runner, options):
        environment.process_exit_code = EXIT_NO_RUN
        gevent.spawn(runner.quit)
        return
    if environment.shape_class is not None:
        runner.start_shape()
        if runner.shape_greenlet is not None:
            runner.shape_greenlet.join()
    else:
        fill_in_load(options)
        recording_of(environment).starter.run_time = options.run_time
        begin_load(runner, options.num_users, options.spawn_rate)
        if not options.run_time:
            return
        outputs.begin_progress()
        gevent.get_hub().loop.update_now()  # the start-up has made the loop's idea of now old
        gevent.sleep(options.run_time)
        logger.info("the run time is over, stopping the test")
    runner.stop()
    if options.autoquit != _NEVER:
        logger.info("the test is over, the process ends in %d s", options.autoquit)
        gevent.sleep(options.autoquit)
        gevent.spawn(runner.quit)
