"""What was measured, with Locust's names.

The numbers live in the native half: entries and errors here are views of them. Percentiles and medians are exact to
its histogram, which keeps three digits; Locust's coarse buckets appear only where a format consists of them
(`response_times`, JSON, the protocol).

Constants in capital letters may be assigned by a locustfile at any time: they are read where they are used.
"""

from __future__ import annotations

import csv
import json
import logging
import os
import sys
import time
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from html import escape
from typing import IO, TYPE_CHECKING, Any, TypeVar

import gevent

from katydid import _core

from .exception import CatchResponseError
from .util.date import format_utc_timestamp
from .util.rounding import proper_round

if TYPE_CHECKING:
    from .env import Environment
    from .event import Events
    from .runners import Runner

logger = logging.getLogger(__name__)
console_logger = logging.getLogger("locust.stats_logger")

S = TypeVar("S")
Key = tuple[str, str]
CachedResponseTimes = namedtuple(
    "CachedResponseTimes", ["response_times", "num_requests", "num_none_requests"]
)

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


def _layout() -> tuple[int, int]:
    """The widths of name and type; a terminal that changed is noticed unless a locustfile chose the width."""
    global STATS_NAME_WIDTH, _width_seen
    if STATS_AUTORESIZE and _width_seen == STATS_NAME_WIDTH:
        STATS_NAME_WIDTH = _width_seen = _width_of_terminal()
    return STATS_NAME_WIDTH, STATS_TYPE_WIDTH


def bucket_response_time(response_time: float) -> int:
    """The bucket of a response time in milliseconds; a locustfile may assign a function of its own."""
    return _core.stats_bucket(response_time)


_standard_bucket = bucket_response_time


class StatsEntry(_core.StatsEntry):
    """The requests of one name and method, or all of them together."""

    stats: RequestStats
    use_response_times_cache: bool

    def __new__(
        cls,
        stats: RequestStats,
        name: str,
        method: str,
        use_response_times_cache: bool = False,
        *,
        place: str = "own",
    ) -> StatsEntry:
        return super().__new__(
            cls, stats, name, method, use_response_times_cache, place=place, now=time.time()
        )

    def __init__(
        self,
        stats: RequestStats,
        name: str,
        method: str,
        use_response_times_cache: bool = False,
        *,
        place: str = "own",
    ) -> None:
        self.stats = stats
        self.use_response_times_cache = use_response_times_cache

    def reset(self) -> None:
        """Forget everything but the name."""
        self._reset(time.time())

    def log(self, response_time: float | None, content_length: int) -> None:
        """Record one request that ended now."""
        self._record(response_time, max(0, content_length or 0), time.time())

    def log_error(self, error: Exception | str | None) -> None:
        """Record that a request failed; the request itself is logged on its own."""
        self._record_failure(time.time())

    @property
    def response_times(self) -> dict[float, int]:
        """How often each bucket of response times was hit: a copy, to be assigned but not changed in place."""
        if bucket_response_time is _standard_bucket:
            return defaultdict(int, self._buckets())
        buckets: defaultdict[float, int] = defaultdict(int)
        for response_time, count in self._cells():
            buckets[bucket_response_time(response_time)] += count
        return buckets

    @response_times.setter
    def response_times(self, value: dict[float, int]) -> None:
        self._set_cells(list(value.items()))

    @property
    def num_reqs_per_sec(self) -> dict[int, int]:
        """Requests by second: a copy, which can be assigned but not changed in place."""
        return defaultdict(int, self._requests_by_second())

    @num_reqs_per_sec.setter
    def num_reqs_per_sec(self, value: dict[int, int]) -> None:
        self._set_requests_by_second(_whole(value))

    @property
    def num_fail_per_sec(self) -> dict[int, int]:
        """Failures by second: a copy, which can be assigned but not changed in place."""
        return defaultdict(int, self._failures_by_second())

    @num_fail_per_sec.setter
    def num_fail_per_sec(self, value: dict[int, int]) -> None:
        self._set_failures_by_second(_whole(value))

    def get_current_response_time_percentile(self, percent: float) -> float | None:
        """The response time at a share of the requests of the last seconds; None when there was none.

        An entry other than the total begins to keep these numbers when it is asked for the first time.
        """
        if not self.use_response_times_cache:
            raise ValueError("current percentiles are kept only by an entry with use_response_times_cache")
        return self._window_percentile(percent, CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW, time.time())

    def extend(self, other: StatsEntry) -> None:
        """Add everything that another entry recorded."""
        self._merge(other)

    def serialize(self) -> dict[str, Any]:
        """All numbers as plain values, as the protocol has them."""
        return {
            "name": self.name,
            "method": self.method,
            "last_request_timestamp": self.last_request_timestamp,
            "start_time": self.start_time,
            "num_requests": self.num_requests,
            "num_none_requests": self.num_none_requests,
            "num_failures": self.num_failures,
            "total_response_time": self.total_response_time,
            "max_response_time": self.max_response_time,
            "min_response_time": self.min_response_time,
            "total_content_length": self.total_content_length,
            "response_times": dict(self.response_times),
            "num_reqs_per_sec": dict(self.num_reqs_per_sec),
            "num_fail_per_sec": dict(self.num_fail_per_sec),
        }

    @classmethod
    def unserialize(cls, data: dict[str, Any], stats: RequestStats) -> StatsEntry:
        """A free-standing entry from `serialize`'s numbers; missing ones keep their defaults."""
        entry = cls(stats, data["name"], data["method"])
        for name, value in data.items():
            if name not in ("name", "method") and name in _SERIALIZED:
                setattr(entry, name, value)
        return entry

    def get_stripped_report(self) -> dict[str, Any]:
        """Serialize and begin anew."""
        report = self.serialize()
        self.reset()
        return report

    def to_string(self, current: bool = True) -> str:
        """This entry's row of the table of requests."""
        return self._row(current, _layout())

    def __str__(self) -> str:
        return self.to_string()

    def percentile(self) -> str:
        """This entry's row of the table of percentiles."""
        if not self.num_requests:
            raise ValueError("there are no percentiles without a request")
        return self._percentile_row(PERCENTILES_TO_REPORT, _layout())

    def to_dict(self, escape_string_values: bool = False) -> dict[str, Any]:
        """The numbers that the web interface and the HTML report show."""
        text = escape if escape_string_values else str
        minimum = self.min_response_time
        return {
            "method": text(self.method),
            "name": text(self.name),
            "num_requests": self.num_requests,
            "num_failures": self.num_failures,
            "min_response_time": 0 if minimum is None else proper_round(minimum),
            "max_response_time": proper_round(self.max_response_time),
            "current_rps": self.current_rps,
            "current_fail_per_sec": self.current_fail_per_sec,
            "avg_response_time": self.avg_response_time,
            "median_response_time": self.median_response_time,
            "total_rps": self.total_rps,
            "total_fail_per_sec": self.total_fail_per_sec,
            **{
                f"response_time_percentile_{share}": self.get_response_time_percentile(share)
                for share in PERCENTILES_TO_STATISTICS
            },
            "avg_content_length": self.avg_content_length,
        }


_SERIALIZED = frozenset(
    (
        "last_request_timestamp",
        "start_time",
        "num_requests",
        "num_none_requests",
        "num_failures",
        "total_response_time",
        "max_response_time",
        "min_response_time",
        "total_content_length",
        "response_times",
        "num_reqs_per_sec",
        "num_fail_per_sec",
    )
)


def _whole(counts: dict[int, int]) -> list[tuple[int, int]]:
    return [(int(second), int(count)) for second, count in counts.items()]


class StatsError:
    """One kind of failure."""

    def __init__(
        self,
        method: str,
        name: str,
        error: Exception | str | None,
        occurrences: int = 0,
        first_seen: float | None = None,
        last_seen: float | None = None,
    ) -> None:
        self.method = method
        self.name = name
        self.error = error
        self.occurrences = occurrences
        self.first_seen = first_seen
        self.last_seen = last_seen

    @classmethod
    def parse_error(cls, error: Exception | str | None) -> str:
        """The text of an error, without memory addresses."""
        return _core.stats_error_text(error)

    @classmethod
    def create_key(cls, method: str, name: str, error: Exception | str | None) -> str:
        """The key that equal failures share, here and on other nodes."""
        return _core.stats_error_key(method, name, cls.parse_error(error))

    def occurred(self) -> None:
        """Count one more, now."""
        self.occurrences += 1
        self.last_seen = time.time()
        if self.first_seen is None:
            self.first_seen = self.last_seen

    def to_name(self) -> str:
        """Where and what, as the error report shows it."""
        return f"{self.method} {self.name}: {_shown_text(self.error)}"

    def serialize(self) -> dict[str, Any]:
        """All fields as plain values, as the protocol has them."""
        return self.to_dict()

    @classmethod
    def unserialize(cls, data: dict[str, Any]) -> StatsError:
        """An error from `serialize`'s values."""
        fields = ("method", "name", "error", "occurrences", "first_seen", "last_seen")
        return cls(*(data[field] for field in fields))

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain values."""
        return {
            "method": self.method,
            "name": self.name,
            "error": self.parse_error(self.error),
            "occurrences": self.occurrences,
            "first_seen": self.first_seen,
            "last_seen": self.last_seen,
        }


_CATCH_RESPONSE = "CatchResponseError("


def _shown_text(error: Exception | str | None) -> str:
    """A failure that a locustfile declared is shown as what the locustfile said."""
    if isinstance(error, CatchResponseError) and error.args:
        return str(error.args[0])
    if isinstance(error, str) and error.startswith(_CATCH_RESPONSE):
        return error[len(_CATCH_RESPONSE) : -1]
    return _core.stats_error_text(error)


class _RecordedError(StatsError):
    """A view of a failure in the statistics."""

    def __init__(self, stats: RequestStats, index: int) -> None:
        self._stats: RequestStats | None = stats
        self._index = index
        self.method, self.name, text, cause, *_ = stats._error(index)
        self.error = text if cause is None else cause

    def _numbers(self) -> tuple[int, float, float]:
        if self._stats is None:
            return self._last_numbers
        _, _, _, _, occurrences, first_seen, last_seen = self._stats._error(self._index)
        return occurrences, first_seen, last_seen

    def _assign(self, occurrences: int, first_seen: float, last_seen: float) -> None:
        if self._stats is None:
            self._last_numbers = (occurrences, first_seen, last_seen)
        else:
            self._stats._set_error(self._index, occurrences, first_seen, last_seen)

    def _detach(self) -> None:
        """Keep the numbers as they are: the statistics are about to forget them."""
        self._last_numbers = self._numbers()
        self._stats = None

    @property
    def occurrences(self) -> int:
        """How often."""
        return self._numbers()[0]

    @occurrences.setter
    def occurrences(self, value: int) -> None:
        _, first_seen, last_seen = self._numbers()
        self._assign(value, first_seen, last_seen)

    @property
    def first_seen(self) -> float:
        """The first time, in Unix seconds."""
        return self._numbers()[1]

    @first_seen.setter
    def first_seen(self, value: float) -> None:
        occurrences, _, last_seen = self._numbers()
        self._assign(occurrences, value, last_seen)

    @property
    def last_seen(self) -> float:
        """The last time, in Unix seconds."""
        return self._numbers()[2]

    @last_seen.setter
    def last_seen(self, value: float) -> None:
        occurrences, first_seen, _ = self._numbers()
        self._assign(occurrences, first_seen, value)


class EntriesDict(MutableMapping[Key, StatsEntry]):
    """The entries by name and method. A missing one is made when it is asked for."""

    def __init__(self, request_stats: RequestStats) -> None:
        self._stats = request_stats
        self._views: dict[Key, StatsEntry] = {}

    def __getitem__(self, key: Key) -> StatsEntry:
        view = self._views.get(key)
        if view is not None:
            return view
        name, method = self._stats._make(*key, time.time())
        cache = self._stats.use_response_times_cache
        view = StatsEntry(self._stats, name, method, cache, place="named")
        self._views[name, method] = view
        return view

    def __setitem__(self, key: Key, entry: StatsEntry) -> None:
        view = self[key]
        if view is not entry:
            view._reset(entry.start_time)
            view._merge(entry)

    def __delitem__(self, key: Key) -> None:
        if key not in self:
            raise KeyError(key)
        self._stats._remove(*key)
        self._views.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and len(key) == 2 and self._stats._has(*key)

    def get(self, key: Key, default: Any = None) -> Any:
        """The entry if there is one; none is made."""
        return self[key] if key in self else default  # noqa: SIM401 - this is the definition of get

    def __iter__(self) -> Iterator[Key]:
        return iter(self._stats._keys())

    def __len__(self) -> int:
        return len(self._stats._keys())

    def __repr__(self) -> str:
        return repr(dict(self))

    def _forget(self) -> None:
        self._views.clear()


class ErrorsDict(MutableMapping[str, StatsError]):
    """The failures by key, oldest first."""

    def __init__(self, request_stats: RequestStats) -> None:
        self._stats = request_stats
        self._views: list[_RecordedError] = []
        self._keys: list[str] = []

    def _look(self) -> list[_RecordedError]:
        for index in range(len(self._views), self._stats._error_count()):
            self._views.append(_RecordedError(self._stats, index))
        return self._views

    def _index(self) -> dict[str, _RecordedError]:
        views = self._look()
        for index in range(len(self._keys), len(views)):
            self._keys.append(self._stats._error_key(index))
        return dict(zip(self._keys, views, strict=True))

    def __getitem__(self, key: str) -> StatsError:
        return self._index()[key]

    def __setitem__(self, key: str, error: StatsError) -> None:
        kept = {**self._index(), key: error}
        self._replace(kept.values())

    def __delitem__(self, key: str) -> None:
        kept: dict[str, StatsError] = dict(self._index())
        del kept[key]
        self._replace(kept.values())

    def __iter__(self) -> Iterator[str]:
        return iter(self._index())

    def __len__(self) -> int:
        return self._stats._error_count()

    def __repr__(self) -> str:
        return repr(dict(self))

    def clear(self) -> None:
        """Forget all failures; the counts of the entries stay."""
        self._forget()
        self._stats._clear_errors()

    def _replace(self, errors: Iterable[StatsError]) -> None:
        errors = list(errors)
        self.clear()
        for error in errors:
            first_seen = time.time() if error.first_seen is None else error.first_seen
            last_seen = first_seen if error.last_seen is None else error.last_seen
            seen = (first_seen, last_seen)
            self._stats._add_errors(error.method, error.name, error.error, error.occurrences, seen)

    def _forget(self) -> None:
        for view in self._look():
            view._detach()
        self._views.clear()
        self._keys.clear()


class RequestStats(_core.RequestStats):
    """Everything that was measured in a run."""

    def __new__(cls, use_response_times_cache: bool = True) -> RequestStats:
        return super().__new__(cls, use_response_times_cache, started_at=time.time())

    def __init__(self, use_response_times_cache: bool = True) -> None:
        self.use_response_times_cache = use_response_times_cache
        self.entries = EntriesDict(self)
        self._errors = ErrorsDict(self)
        self.total = StatsEntry(self, "Aggregated", "", use_response_times_cache, place="total")
        self.history: list[dict[str, Any]] = []

    @property
    def errors(self) -> Any:
        """The failures by key. A dict can be assigned."""
        return self._errors

    @errors.setter
    def errors(self, errors: MutableMapping[str, StatsError]) -> None:
        if errors is not self._errors:
            self._errors._replace(errors.values())

    @property
    def num_requests(self) -> int:
        """Requests, failed ones included."""
        return self.total.num_requests

    @property
    def num_none_requests(self) -> int:
        """Requests without a response time."""
        return self.total.num_none_requests

    @property
    def num_failures(self) -> int:
        """Failed requests."""
        return self.total.num_failures

    @property
    def last_request_timestamp(self) -> float | None:
        """When the last request ended, in Unix seconds."""
        return self.total.last_request_timestamp

    @property
    def start_time(self) -> float:
        """When recording began, in Unix seconds."""
        return self.total.start_time

    def log_request(self, method: str, name: str, response_time: float | None, content_length: int) -> None:
        """Record one request that ended now."""
        self._record(method, name, response_time, max(0, content_length or 0), time.time())

    def log_error(self, method: str, name: str, error: Exception | str | None) -> None:
        """Record that a request failed; the request itself is logged on its own."""
        self._record_failure(method, name, error, time.time())

    def get(self, name: str, method: str) -> StatsEntry:
        """The entry of a name and method, made if there is none."""
        return self.entries[name, method]

    def reset_all(self) -> None:
        """Empty all entries and forget all failures; names and history of charts stay as they are."""
        self._errors._forget()
        self._reset(time.time())

    def clear_all(self) -> None:
        """Forget everything."""
        self._errors._forget()
        self.entries._forget()
        self._clear(time.time())
        self.history = []

    def serialize_stats(self) -> list[dict[str, Any]]:
        """What was recorded since this was called last, entry by entry."""
        entries = self.entries.values()
        return [entry.get_stripped_report() for entry in entries if entry.num_requests or entry.num_failures]

    def serialize_errors(self) -> dict[str, dict[str, Any]]:
        """All failures as plain values."""
        return {key: error.serialize() for key, error in self._errors.items()}


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
    return _core.stats_table(stats, current, _layout())


def get_percentile_stats_summary(stats: RequestStats) -> list[str]:
    """The table of percentiles."""
    return _core.stats_percentile_table(stats, PERCENTILES_TO_REPORT, _layout())


def get_error_report_summary(stats: RequestStats) -> list[str]:
    """The table of failures."""
    texts = [_shown_text(error.error) for error in stats._errors._look()]
    return _core.stats_error_table(stats, texts, _layout())


def get_truth_summary(stats: RequestStats) -> list[str]:
    """How late this process was and where the time of the requests went."""
    return _core.stats_truth_lines(stats)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        console_logger.info(line)


def print_stats(stats: RequestStats, current: bool = True) -> None:
    """Show the table of requests."""
    _say([*get_stats_summary(stats, current), ""])


def print_percentile_stats(stats: RequestStats) -> None:
    """Show the table of percentiles."""
    _say([*get_percentile_stats_summary(stats), ""])


def print_error_report(stats: RequestStats) -> None:
    """Show the table of failures if there are any."""
    if stats.errors:
        _say(get_error_report_summary(stats))


def print_truth(stats: RequestStats) -> None:
    """Show how late this process was and where the time of the requests went."""
    if lines := get_truth_summary(stats):
        _say([*lines, ""])


def _as_json(stats: RequestStats) -> str:
    if bucket_response_time is _standard_bucket:
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
        rows = [(item["count"], item["msg"], item["traceback"], sorted(item["nodes"])) for item in exceptions]
        csv_writer.writerows(_core.stats_exception_rows(rows))

    def close_files(self) -> None:
        """Nothing is open here."""


class StatsCSVFileWriter(StatsCSV):
    """Keeps the four CSV files of a run up to date: `_stats`, `_stats_history`, `_failures` and `_exceptions`.

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
            environment.stats._keep_windows(CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW, True)

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
            if now - flushed_at > CSV_STATS_FLUSH_INTERVAL_SEC:
                self._flush()
                flushed_at = now
            gevent.sleep(CSV_STATS_INTERVAL_SEC)

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


def _rewrite(file: IO[str], write: Callable[[Any], None]) -> None:
    file.seek(0)
    write(csv.writer(file))
    file.truncate()
    file.flush()


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
