"""Which listener of `events.request` keeps a run's statistics?

The native one, unless a locustfile gave the statistics another way of recording: then that way is called.
"""

from __future__ import annotations

from typing import Any

from katydid import _core

from .run import RequestStats, entries_record_natively

_NATIVE_WAYS = (RequestStats.log_request, RequestStats.log_error)


def recorder_into(stats: RequestStats) -> _core.Recorder | OwnRecorder:
    """The listener that records requests into `stats`."""
    ways = tuple(getattr(way, "__func__", None) for way in (stats.log_request, stats.log_error))
    if ways == _NATIVE_WAYS and entries_record_natively():
        return _core.Recorder(stats)
    return OwnRecorder(stats)


class OwnRecorder:
    """Calls `log_request` and `log_error` of statistics that have their own."""

    def __init__(self, stats: RequestStats) -> None:
        self._stats = stats
        self._of_lag = _core.Recorder(stats)

    @property
    def hears_lag(self) -> bool:
        """Is the time that sleeps end too late recorded, too?"""
        return self._of_lag.hears_lag

    @hears_lag.setter
    def hears_lag(self, value: bool) -> None:
        self._of_lag.hears_lag = value

    def __call__(
        self,
        *,
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int,
        exception: Exception | None = None,
        **_rest: Any,
    ) -> None:
        self._stats.log_request(request_type, name, response_time, response_length)
        if exception:
            self._stats.log_error(request_type, name, exception)
