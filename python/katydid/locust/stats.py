"""What was measured, with Locust's names.

The numbers live in the native half: entries and errors are views of them. Percentiles and medians are exact
to its histogram, which keeps three digits; Locust's coarse buckets appear only where a format consists of
them (`response_times`, JSON, the protocol).

Constants in capital letters may be assigned by a locustfile at any time: they are read where they are used.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar

import gevent

from katydid import _core
from katydid.results.entry import StatsEntry
from katydid.results.failure import StatsError, shown_text
from katydid.results.files import StatsCSV, StatsCSVFileWriter  # noqa: F401 - users import them from here
from katydid.results.forms import (  # noqa: F401 - the same
    CSVWriter,
    RequestStatsAdditionError,
    StatsBaseDict,
    StatsEntryDict,
    StatsErrorDict,
    StatsHolder,
)
from katydid.results.run import EntriesDict, ErrorsDict, RequestStats  # noqa: F401 - the same
from katydid.results.window import CachedResponseTimes  # noqa: F401 - the same

from .util.date import format_utc_timestamp
from .util.rounding import proper_round

if TYPE_CHECKING:
    from .event import Events
    from .runners import Runner

logger = logging.getLogger("locust.stats")
console_logger = logging.getLogger("locust.stats_logger")

S = TypeVar("S")

STATS_TYPE_WIDTH = 8
STATS_AUTORESIZE = True
CONSOLE_STATS_INTERVAL_SEC = 2
HISTORY_STATS_INTERVAL_SEC = 5
CSV_STATS_INTERVAL_SEC = 1
CSV_STATS_FLUSH_INTERVAL_SEC = 5
CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW = 10
PERCENTILES_TO_REPORT = [0.50, 0.66, 0.75, 0.80, 0.90, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0]
PERCENTILES_TO_STATISTICS = [0.95, 0.99]
PERCENTILES_TO_CHART = [0.5, 0.95]

_WIDEST_NAME = 80
_COLUMNS_BESIDE_NAME = 80
_MOST_CHART_PERCENTILES = 6


def _width_of_terminal() -> int:
    """How many columns a name may have."""
    try:
        columns = os.get_terminal_size().columns
    except (OSError, ValueError):
        return _WIDEST_NAME
    return max(0, min(_WIDEST_NAME, columns - _COLUMNS_BESIDE_NAME))


STATS_NAME_WIDTH = _width_seen = _width_of_terminal()


def layout() -> tuple[int, int]:
    """The widths of name and type; a terminal that changed is noticed unless a locustfile chose the width."""
    global STATS_NAME_WIDTH, _width_seen
    if STATS_AUTORESIZE and _width_seen == STATS_NAME_WIDTH:
        STATS_NAME_WIDTH = _width_seen = _width_of_terminal()
    return STATS_NAME_WIDTH, STATS_TYPE_WIDTH


def resize_handler(signum: int, frame: Any) -> None:
    """What a changed terminal calls for: names become as wide as it allows."""
    global STATS_NAME_WIDTH, _width_seen
    STATS_NAME_WIDTH = _width_seen = _width_of_terminal()


def bucket_response_time(response_time: float) -> int:
    """The bucket of a response time in milliseconds; a locustfile may assign a function of its own."""
    return _core.stats_bucket(response_time)


standard_bucket = bucket_response_time


def sort_stats(stats: MutableMapping[Any, S]) -> list[S]:
    """The values in the order of their keys."""
    return [stats[key] for key in sorted(stats)]


def calculate_response_time_percentile(
    response_times: dict[int, int], num_requests: int, percent: float
) -> int:
    """The bucket of the response time at a share of the requests; 0 without any."""
    rank = int(num_requests * percent)
    below = num_requests
    for response_time in sorted(response_times, reverse=True):
        below -= response_times[response_time]
        if below <= rank:
            return response_time
    return 0


def diff_response_time_dicts(latest: dict[int, int], old: dict[int, int]) -> dict[int, int]:
    """How often each bucket was hit between two moments; buckets that were not are left out."""
    differences = {bucket: count - old.get(bucket, 0) for bucket, count in latest.items()}
    return {bucket: count for bucket, count in differences.items() if count}


def median_from_dict(total: int, count: dict[int, int]) -> int:
    """The bucket in the middle of `total` requests, the lower one of two; 0 without any."""
    rank = (total - 1) / 2
    bucket = 0
    for bucket in sorted(count):
        if rank < count[bucket]:
            return bucket
        rank -= count[bucket]
    return bucket


def avg(values: list[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values, 0.0) / max(len(values), 1)


def get_readable_percentiles(percentile_list: list[float]) -> list[str]:
    """Shares as percentages."""
    return _core.stats_percents(percentile_list)


def get_stats_summary(stats: RequestStats, current: bool = True) -> list[str]:
    """The table of requests, with rates of the last seconds or of the run."""
    return _core.stats_table(stats, current, layout())


def get_percentile_stats_summary(stats: RequestStats) -> list[str]:
    """The table of percentiles."""
    return _core.stats_percentile_table(stats, PERCENTILES_TO_REPORT, layout())


def get_error_report_summary(stats: RequestStats) -> list[str]:
    """The table of failures."""
    texts = [shown_text(error.error) for error in stats.errors.views()]
    return _core.stats_error_table(stats, texts, layout())


def get_truth_summary(stats: RequestStats) -> list[str]:
    """How late this process was and where the time of the requests went."""
    return _core.stats_truth_lines(stats)


def print_lines(lines: Iterable[str]) -> None:
    """Show some lines where the tables are shown."""
    for line in lines:
        console_logger.info(line)


def print_stats(stats: RequestStats, current: bool = True) -> None:
    """Show the table of requests."""
    print_lines([*get_stats_summary(stats, current), ""])


def print_percentile_stats(stats: RequestStats) -> None:
    """Show the table of percentiles."""
    print_lines([*get_percentile_stats_summary(stats), ""])


def print_error_report(stats: RequestStats) -> None:
    """Show the table of failures if there are any."""
    if stats.errors:
        print_lines(get_error_report_summary(stats))


def print_truth(stats: RequestStats) -> None:
    """Show how late this process was and where the time of the requests went."""
    if lines := get_truth_summary(stats):
        print_lines([*lines, ""])


def _as_json(stats: RequestStats) -> str:
    if bucket_response_time is standard_bucket:
        return _core.stats_json(stats)
    seen = (entry for entry in stats.entries.values() if entry.num_requests or entry.num_failures)
    return json.dumps([entry.serialize() for entry in seen], indent=4)


def print_stats_json(stats: RequestStats) -> None:
    """Write all entries to standard output. Unlike Locust's, this does not reset them."""
    print(_as_json(stats))


def save_stats_json(stats: RequestStats, filename: str) -> None:
    """Write all entries to the file `<filename>.json`. Unlike Locust's, this does not reset them."""
    with open(f"{filename}.json", "w", encoding="utf-8") as file:
        file.write(_as_json(stats))


def stats_printer(stats: RequestStats) -> Callable[[], None]:
    """A function that shows the table of requests again and again."""

    def show_forever() -> None:
        while True:
            print_stats(stats)
            gevent.sleep(CONSOLE_STATS_INTERVAL_SEC)

    return show_forever


def stats_history(runner: Runner) -> None:
    """Note again and again what charts show, while a test runs."""
    while runner.stats.total.use_response_times_cache:
        if runner.state not in ("ready", "stopped"):
            update_stats_history(runner)
        gevent.sleep(HISTORY_STATS_INTERVAL_SEC)


def update_stats_history(runner: Runner, timestamp: str | None = None) -> None:
    """Note what charts show at one moment."""
    stats = runner.stats
    total = stats.total
    moment = timestamp or format_utc_timestamp(time.time())
    values: dict[str, float] = {
        f"response_time_percentile_{share}": total.get_current_response_time_percentile(share) or 0
        for share in PERCENTILES_TO_CHART
    }
    values["current_rps"] = total.current_rps or 0
    values["current_fail_per_sec"] = total.current_fail_per_sec or 0
    values["total_avg_response_time"] = proper_round(total.avg_response_time, digits=2)
    values["user_count"] = runner.user_count or 0
    sample: dict[str, Any] = {name: [moment, value] for name, value in values.items()}
    stats.history.append({**sample, "time": moment})


def setup_distributed_stats_event_listeners(events: Events, stats: RequestStats) -> None:
    """Let a worker's reports carry its statistics, and a master add them to its own."""

    def on_report_to_master(client_id: str, data: dict[str, Any]) -> None:
        data["stats"] = stats.serialize_stats()
        data["stats_total"] = stats.total.get_stripped_report()
        data["errors"] = stats.serialize_errors()
        stats.errors = {}

    def on_worker_report(client_id: str, data: dict[str, Any]) -> None:
        for report in data["stats"]:
            entry = StatsEntry.unserialize(report, stats)
            stats.entries[entry.name, entry.method].extend(entry)
        for report in data["errors"].values():
            error = StatsError.unserialize(report)
            seen = (error.first_seen or time.time(), error.last_seen or time.time())
            stats._add_errors(error.method, error.name, error.error, error.occurrences, seen)
        stats.total.extend(StatsEntry.unserialize(data["stats_total"], stats))

    events.report_to_master.add_listener(on_report_to_master)
    events.worker_report.add_listener(on_worker_report)


def validate_stats_configuration() -> None:
    """End the process if a locustfile chose percentiles that make no sense."""
    if len(PERCENTILES_TO_CHART) > _MOST_CHART_PERCENTILES:
        count = len(PERCENTILES_TO_CHART)
        _refuse(f"PERCENTILES_TO_CHART may have {_MOST_CHART_PERCENTILES} values, not {count}")
    for name, shares in (
        ("PERCENTILES_TO_CHART", PERCENTILES_TO_CHART),
        ("PERCENTILES_TO_STATISTICS", PERCENTILES_TO_STATISTICS),
    ):
        for share in shares:
            if not (isinstance(share, float) and 0 < share < 1):
                _refuse(f"{name} contains {share!r}: use floats between 0 and 1, such as 0.95")


def _refuse(complaint: str) -> None:
    sys.stderr.write(f"locust.stats.{complaint}\n")
    sys.exit(1)
