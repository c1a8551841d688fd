"""The forms in which statistics leave the process, and what takes them: for annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from .run import RequestStats


class StatsBaseDict(TypedDict):
    """What an entry and a failure have in common."""

    name: str
    method: str


class StatsEntryDict(StatsBaseDict):
    """An entry as `StatsEntry.serialize` gives it."""

    last_request_timestamp: float | None
    start_time: float
    num_requests: int
    num_none_requests: int
    num_failures: int
    total_response_time: float
    max_response_time: float
    min_response_time: float | None
    total_content_length: int
    response_times: dict[float, int]
    num_reqs_per_sec: dict[int, int]
    num_fail_per_sec: dict[int, int]


class StatsErrorDict(StatsBaseDict):
    """A failure as `StatsError.serialize` gives it."""

    error: str
    occurrences: int
    first_seen: float | None
    last_seen: float | None


class StatsHolder(Protocol):
    """Whatever has statistics: an environment, a runner."""

    stats: RequestStats


class CSVWriter(Protocol):
    """Whatever takes rows, such as a writer of the csv module."""

    def writerow(self, columns: Iterable[Any]) -> None:
        """Take one row."""


class RequestStatsAdditionError(Exception):
    """Kept for programs that catch it; statistics can always be added."""
