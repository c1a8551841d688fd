"""The statistics as CSV files."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

import gevent

from katydid import _core
from katydid.locust import stats as settings

from .failure import writable

if TYPE_CHECKING:
    from katydid.locust.env import Environment


class StatsCSV:
    """Writes the statistics as CSV to writers of the csv module."""

    def __init__(self, environment: Environment, percentiles_to_report: list[float]) -> None:
        self.environment = environment
        self.percentiles_to_report = percentiles_to_report

    def requests_csv(self, csv_writer: Any) -> None:
        """A row for each entry, then one for all."""
        csv_writer.writerows(_core.stats_request_rows(self.environment.stats, self.percentiles_to_report))

    def failures_csv(self, csv_writer: Any) -> None:
        """A row for each kind of failure."""
        csv_writer.writerows(_core.stats_failure_rows(self.environment.stats))

    def exceptions_csv(self, csv_writer: Any) -> None:
        """A row for each exception of the user's code."""
        runner = self.environment.runner
        exceptions = [] if runner is None else list(runner.exceptions.values())
        rows = [
            (item["count"], writable(item["msg"]), writable(item["traceback"]), sorted(item["nodes"]))
            for item in exceptions
        ]
        csv_writer.writerows(_core.stats_exception_rows(rows))

    def close_files(self) -> None:
        """Nothing is open here."""


class StatsCSVFileWriter(StatsCSV):
    """Keeps the four CSV files of a run up to date: stats, stats_history, failures and exceptions.

    The history grows by the second; the other three are written anew whenever files are flushed, and all are
    complete when the writer is closed.
    """

    def __init__(
        self,
        environment: Environment,
        percentiles_to_report: list[float],
        base_filepath: str,
        full_history: bool = False,
    ) -> None:
        super().__init__(environment, percentiles_to_report)
        self.base_filepath = base_filepath
        self.full_history = full_history
        self._is_closed = False
        self._last_counts: tuple[int, int] | None = None
        self.requests_csv_filehandle = self._open("stats")
        self.stats_history_csv_filehandle = self._open("stats_history")
        self.failures_csv_filehandle = self._open("failures")
        self.exceptions_csv_filehandle = self._open("exceptions")
        self.stats_history_csv_writer = csv.writer(self.stats_history_csv_filehandle)
        self.stats_history_csv_writer.writerow(_core.stats_history_head(percentiles_to_report))
        if full_history:
            environment.stats._keep_windows(settings.CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW, True)

    def _open(self, kind: str) -> IO[str]:
        return open(f"{self.base_filepath}_{kind}.csv", "w", encoding="utf-8", newline="")

    def __call__(self) -> None:
        self.stats_writer()

    def stats_writer(self) -> None:
        """Write again and again."""
        flushed_at = 0.0
        while True:
            now = time.time()
            self._write_history(now)
            if now - flushed_at > settings.CSV_STATS_FLUSH_INTERVAL_SEC:
                self._flush()
                flushed_at = now
            gevent.sleep(settings.CSV_STATS_INTERVAL_SEC)

    def write_final(self) -> None:
        """Bring all files up to the present. Safe to call more than once."""
        total = self.environment.stats.total
        if self._last_counts != (total.num_requests, total.num_failures):
            self._write_history(time.time())
        self._flush()

    def close_files(self) -> None:
        """Bring all files up to the present and close them."""
        if self._is_closed:
            return
        self.write_final()
        self._is_closed = True
        for file in (
            self.requests_csv_filehandle,
            self.stats_history_csv_filehandle,
            self.failures_csv_filehandle,
            self.exceptions_csv_filehandle,
        ):
            file.close()

    def close(self) -> None:
        """The same as `close_files`."""
        self.close_files()

    def stats_history_file_name(self) -> str:
        """The name of the history's file."""
        return f"{self.base_filepath}_stats_history.csv"

    def _write_history(self, now: float) -> None:
        stats = self.environment.stats
        runner = self.environment.runner
        user_count = 0 if runner is None else runner.user_count
        self._last_counts = (stats.total.num_requests, stats.total.num_failures)
        rows = _core.stats_history_rows(stats, self.percentiles_to_report, now, user_count, self.full_history)
        self.stats_history_csv_writer.writerows(rows)

    def _flush(self) -> None:
        self.stats_history_csv_filehandle.flush()
        _rewrite(self.requests_csv_filehandle, self.requests_csv)
        _rewrite(self.failures_csv_filehandle, self.failures_csv)
        _rewrite(self.exceptions_csv_filehandle, self.exceptions_csv)
        self._write_expectations()

    def _write_expectations(self) -> None:
        """A file of its own, where there are rules: Locust's files stay as they are."""
        from katydid.verdict.expect import expectations_of

        if expectations := expectations_of(self.environment):
            with open(f"{self.base_filepath}_expectations.csv", "w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(expectations.rows())


def _rewrite(file: IO[str], write: Callable[[Any], None]) -> None:
    file.seek(0)
    write(csv.writer(file))
    file.truncate()
    file.flush()
