"""What had been measured at the ends of the last seconds, in the form in which Locust keeps it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from katydid.locust import stats as settings

from .view import View

if TYPE_CHECKING:
    from .entry import StatsEntry

CachedResponseTimes = namedtuple(
    "CachedResponseTimes", ["response_times", "num_requests", "num_none_requests"]
)
"""The buckets of one moment, how many requests there had been, and how many of them without a time."""

Copies = list[tuple[int, list[tuple[float, int]]]]


def in_buckets(times: Iterable[tuple[float, int]]) -> dict[float, int]:
    """Response times and their counts, as a locustfile's own function puts them into buckets."""
    buckets: dict[float, int] = {}
    for time, count in times:
        bucket = settings.bucket_response_time(time)
        buckets[bucket] = buckets.get(bucket, 0) + count
    return buckets


class CachedTimes(View[int, Any]):
    """By second, the buckets of an entry when that second was over; newest last."""

    __slots__ = ("_entry",)

    def __init__(self, entry: StatsEntry) -> None:
        self._entry = entry
        self._fill({0: _cached([])})

    def _copies(self) -> Copies:
        return self._entry._copies(settings.CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW)

    def _assign(self, copies: Copies) -> None:
        self._entry._set_copies(settings.CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW, copies)

    def _contents(self) -> dict[int, Any]:
        return {second: _cached(times) for second, times in self._copies()}

    def __getitem__(self, key: int) -> Any:
        return self._contents()[key]

    def __setitem__(self, key: int, value: Any) -> None:
        self._assign([*self._without(key), (key, list(value.response_times.items()))])

    def __delitem__(self, key: int) -> None:
        if key not in self:
            raise KeyError(key)
        self._assign(self._without(key))

    def _without(self, second: int) -> Copies:
        return [copy for copy in self._copies() if copy[0] != second]

    def replace(self, value: Mapping[int, Any]) -> None:
        """Put all of `value` in the place of what is here."""
        self._assign([(second, list(cached.response_times.items())) for second, cached in value.items()])


def _cached(times: list[tuple[float, int]]) -> Any:
    return CachedResponseTimes(in_buckets(times), sum(count for _, count in times), 0)
