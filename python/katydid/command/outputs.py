"""Which results does the user get, and where? Tables, one line, CSV files, JSON.

All are complete when the run is over, however it ended: CSV files get their last rows, and JSON does not
disturb the tables.
"""

from __future__ import annotations

import logging
import os
import sys
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent

from katydid.locust import stats as reports
from katydid.locust.input_events import input_listener
from katydid.verdict.expect import expectations_of
from katydid.verdict.files import VerdictFiles
from katydid.verdict.triage import triage_table
from katydid.verdict.watch import watch_of

from .progress import Progress, wants_progress

if TYPE_CHECKING:
    from gevent import Greenlet

    from katydid.control.report import ReportFile
    from katydid.locust.env import Environment
    from katydid.locust.runners import Runner

logger = logging.getLogger("locust.main")
_table_logger = logging.getLogger("locust.stats_logger")

_KEY_SPAWN_RATE = 100


class CannotWrite(Exception):
    """A file that was asked for cannot be written, which is known before the run."""


class Outputs:
    """What a run tells while it lasts and when it is over.

    Raises:
        CannotWrite: a file that the options name.
    """

    def __init__(self, environment: Environment, runner: Runner, options: Any) -> None:
        self._environment = environment
        self._runner = runner
        self._options = options
        self._csv = _csv_writer(environment, options)
        self._report = _report_file(environment, options)
        self._verdict = _verdict_files(environment, options)
        self._live: list[Greenlet] = []

    @property
    def csv_writer(self) -> Any:
        """Who writes the CSV files; None without any."""
        return self._csv

    def begin(self) -> None:
        """Start what works beside the run: tables, history, files, keys."""
        options = self._options
        if _wants_tables(options):
            self._live.append(gevent.spawn(reports.stats_printer(self._runner.stats)))
        self._live.append(gevent.spawn(reports.stats_history, self._runner))
        if self._csv is not None:
            self._live.append(gevent.spawn(self._csv.stats_writer))
        if self._report is not None and self._environment.web_ui is None:
            self._live.append(gevent.spawn(self._report.recording.publish_forever))
        self._live.append(gevent.spawn(input_listener(_key_functions(self._environment, self._runner))))

    def begin_progress(self) -> None:
        """Start to count down; the run's time begins now."""
        run_time = self._options.run_time
        if wants_progress(run_time, self._options.katydid_quiet):
            self._live.append(gevent.spawn(Progress(self._runner, run_time, sys.stderr).run))

    def end(self) -> None:
        """Stop what works beside the run, so that nothing speaks between the final tables."""
        gevent.killall(self._live)
        self._live.clear()

    def conclude(self) -> bool:
        """Write what is written once, at the end. Returns whether everything could be written."""
        stats = self._runner.stats
        writes: list[tuple[str, Callable[[], Any]]] = [("summary", self._print_summary)]
        if self._csv is not None:
            writes.append(("CSV files", self._csv.write_final))
        if self._options.json:
            writes.append(("JSON", lambda: reports.print_stats_json(stats)))
        if self._options.json_file:
            writes.append(("JSON file", lambda: reports.save_stats_json(stats, self._options.json_file)))
        if self._report is not None:
            writes.append(("report", self._report.write))
        writes.append(("verdict", self._verdict.write))
        return all([_write(name, write) for name, write in writes])  # noqa: C419 - each one is to be tried

    def close(self) -> None:
        """Close the files."""
        if self._csv is not None:
            self._csv.close_files()

    def _print_summary(self) -> None:
        stats = self._runner.stats
        watch = watch_of(self._environment)
        if self._options.katydid_quiet:
            verdict = f"; verdict: {watch.judge.line()}" if watch is not None and watch.asks else ""
            _table_logger.info("%s%s%s", summary_line(stats), self._judged_words(), verdict)
        elif not self._options.json_file:
            reports.print_stats(stats, current=False)
            reports.print_percentile_stats(stats)
            reports.print_error_report(stats)
            reports.print_lines(triage_table(self._environment))
            if expectations := expectations_of(self._environment):
                reports.print_lines(expectations.table())
            reports.print_truth(stats)
            for line in watch.judge.lines() if watch is not None else ():
                _table_logger.info("%s", line)

    def _judged_words(self) -> str:
        """How many requests rules reclassified, for a run in one line."""
        expectations = expectations_of(self._environment)
        return "" if expectations is None else expectations.words()


def _write(name: str, write: Callable[[], Any]) -> bool:
    try:
        write()
    except Exception as fault:
        logger.error("the %s could not be written: %r", name, fault)
        return False
    return True


def summary_line(stats: Any) -> str:
    """The whole run in one line."""
    total = stats.total
    quantiles = ", ".join(
        f"{share:.0%} within {total.get_response_time_percentile(share):g} ms" for share in (0.5, 0.95, 0.99)
    )
    return (
        f"{total.num_requests} requests, {total.num_failures} failed ({total.fail_ratio:.2%}), "
        f"{total.total_rps:.2f} per second, {quantiles}"
    )


def _wants_tables(options: Any) -> bool:
    if options.only_summary or options.katydid_quiet:
        return False
    return bool(options.headless or options.print_stats)


def _csv_writer(environment: Environment, options: Any) -> Any:
    if not options.csv_prefix:
        return None
    folder = os.path.dirname(options.csv_prefix)
    try:
        if folder:
            os.makedirs(folder, exist_ok=True)
        return reports.StatsCSVFileWriter(
            environment, reports.PERCENTILES_TO_REPORT, options.csv_prefix, options.stats_history_enabled
        )
    except OSError as fault:
        raise CannotWrite(f"--csv {options.csv_prefix}: {fault}") from fault


def _report_file(environment: Environment, options: Any) -> ReportFile | None:
    if not options.html_file:
        return None
    from katydid.control.page import NotBuilt
    from katydid.control.report import ReportFile

    try:
        return ReportFile(environment, options.html_file)
    except (OSError, NotBuilt) as fault:
        raise CannotWrite(f"--html {options.html_file}: {fault}") from fault


def _verdict_files(environment: Environment, options: Any) -> VerdictFiles:
    try:
        return VerdictFiles(environment, options)
    except OSError as fault:
        raise CannotWrite(f"{fault.filename}: the verdict cannot be written: {fault.strerror}") from fault


def _key_functions(environment: Environment, runner: Runner) -> dict[str, Any]:
    """What the keys of a terminal do: change the number of users, and open the page if there is one."""

    def change_by(difference: int) -> Any:
        def change() -> None:
            if environment.shape_class is not None:
                logger.warning("the load shape decides how many users there are: the key has no effect")
            elif runner.state == "spawning":
                logger.warning("users are being spawned: try the key again when that is done")
            else:
                runner.start(max(0, runner.user_count + difference), _KEY_SPAWN_RATE)

        return change

    def open_page() -> None:
        if environment.web_ui is not None:
            webbrowser.open_new_tab(environment.web_ui.url)

    return {
        "w": change_by(1),
        "W": change_by(10),
        "s": change_by(-1),
        "S": change_by(-10),
        "\r": open_page,
        "\n": open_page,
    }
