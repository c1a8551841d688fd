"""The requests of one name, with Locust's names for their numbers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from katydid import _core
from katydid.locust import stats as settings
from katydid.locust.util.rounding import proper_round

from .view import Counts, CountsBySecond
from .window import CachedTimes, in_buckets

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
    ) -> StatsEntry:
        return super().__new__(cls, stats, name, method, use_response_times_cache, now=time.time())

    def __init__(
        self,
        stats: RequestStats,
        name: str,
        method: str,
        use_response_times_cache: bool = False,
    ) -> None:
        self.stats = stats
        self.use_response_times_cache = use_response_times_cache

    @classmethod
    def _of_run(cls, stats: RequestStats, name: str, method: str) -> StatsEntry:
        """The view of a run's entry, which exists."""
        entry = cls(stats, name, method, stats.use_response_times_cache)
        entry._join()
        return entry

    @classmethod
    def _of_all(cls, stats: RequestStats) -> StatsEntry:
        """The view of a run's total."""
        entry = cls(stats, "Aggregated", "", stats.use_response_times_cache)
        entry._join_total()
        return entry

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
        """How often each bucket of response times was hit. What is written into it is recorded."""
        return ResponseTimes(self)

    @response_times.setter
    def response_times(self, value: Mapping[float, int]) -> None:
        self._set_cells(list(value.items()))

    @property
    def num_reqs_per_sec(self) -> dict[int, int]:
        """Requests by second. What is written into it counts."""

        def write(counts: Mapping[int, int]) -> None:
            self._set_requests_by_second(_whole(counts))

        return CountsBySecond(self._requests_by_second, write, self._requests_in, self._put_requests)

    @num_reqs_per_sec.setter
    def num_reqs_per_sec(self, value: Mapping[int, int]) -> None:
        self._set_requests_by_second(_whole(value))

    @property
    def num_fail_per_sec(self) -> dict[int, int]:
        """Failures by second. What is written into it counts."""

        def write(counts: Mapping[int, int]) -> None:
            self._set_failures_by_second(_whole(counts))

        return CountsBySecond(self._failures_by_second, write, self._failures_in, self._put_failures)

    @num_fail_per_sec.setter
    def num_fail_per_sec(self, value: Mapping[int, int]) -> None:
        self._set_failures_by_second(_whole(value))

    @property
    def response_times_cache(self) -> dict[int, Any] | None:
        """What `response_times` was at the ends of the last seconds; None for an entry that does not keep it.

        An entry other than the total begins to keep it when it is asked for the first time.
        """
        return CachedTimes(self) if self.use_response_times_cache else None

    @response_times_cache.setter
    def response_times_cache(self, value: Mapping[int, Any] | None) -> None:
        self.use_response_times_cache = value is not None
        if value is not None:
            CachedTimes(self).replace(value)

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


class ResponseTimes(Counts):
    """How often each bucket of an entry's response times was hit.

    The entry keeps more than buckets: writing one leaves all others as exact as they are.
    """

    __slots__ = ("_entry",)

    def __init__(self, entry: StatsEntry) -> None:
        self._entry = entry
        super().__init__(self._buckets, self._replace)

    def _buckets(self) -> list[tuple[float, int]]:
        if settings.bucket_response_time is settings.standard_bucket:
            return list(self._entry._buckets())
        return list(in_buckets(self._entry._cells()).items())

    def _replace(self, counts: Mapping[float, int]) -> None:
        self._entry._set_cells(list(counts.items()))

    def __setitem__(self, key: float, value: int) -> None:
        self._entry._set_cells([*self._others(key), (key, value)])

    def __delitem__(self, key: float) -> None:
        if key not in self:
            raise KeyError(key)
        self._entry._set_cells(self._others(key))

    def _others(self, bucket: float) -> list[tuple[float, int]]:
        cells = self._entry._cells()
        return [(time, count) for time, count in cells if settings.bucket_response_time(time) != bucket]


def _whole(counts: Mapping[int, int]) -> list[tuple[int, int]]:
    return [(int(second), int(count)) for second, count in counts.items()]
