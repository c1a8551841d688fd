"""The requests of one name, with Locust's names for their numbers."""

from __future__ import annotations

import time
from collections import defaultdict
from html import escape
from typing import TYPE_CHECKING, Any

from katydid import _core
from katydid.locust import stats as settings
from katydid.locust.util.rounding import proper_round

if TYPE_CHECKING:
    from .run import RequestStats


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
        """How often each bucket of response times was hit: a copy, which may be assigned as a whole."""
        if settings.bucket_response_time is settings.standard_bucket:
            return defaultdict(int, self._buckets())
        buckets: defaultdict[float, int] = defaultdict(int)
        for response_time, count in self._cells():
            buckets[settings.bucket_response_time(response_time)] += count
        return buckets

    @response_times.setter
    def response_times(self, value: dict[float, int]) -> None:
        self._set_cells(list(value.items()))

    @property
    def num_reqs_per_sec(self) -> dict[int, int]:
        """Requests by second: a copy, which may be assigned as a whole."""
        return defaultdict(int, self._requests_by_second())

    @num_reqs_per_sec.setter
    def num_reqs_per_sec(self, value: dict[int, int]) -> None:
        self._set_requests_by_second(_whole(value))

    @property
    def num_fail_per_sec(self) -> dict[int, int]:
        """Failures by second: a copy, which may be assigned as a whole."""
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
        return self._window_percentile(percent, settings.CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW, time.time())

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
        return self._row(current, settings.layout())

    def __str__(self) -> str:
        return self.to_string()

    def percentile(self) -> str:
        """This entry's row of the table of percentiles."""
        if not self.num_requests:
            raise ValueError("there are no percentiles without a request")
        return self._percentile_row(settings.PERCENTILES_TO_REPORT, settings.layout())

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
                for share in settings.PERCENTILES_TO_STATISTICS
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
