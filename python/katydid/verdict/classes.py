"""How do the users of one class fare? Their requests, recorded beside those of all."""

from __future__ import annotations

from typing import Any

import gevent

from katydid import _core
from katydid.locust.stats import RequestStats

_REPORTED = "katydid_classes"
"""In a worker's report: the packed statistics of each class."""


class StatsByClass:
    """The requests of users of certain classes.

    A request belongs to the user whose greenlet sent it; that of a greenlet that a task starts to none.
    """

    def __init__(self, names: list[str]) -> None:
        self.stats = [RequestStats() for _ in names]
        self._by_name = dict(zip(names, self.stats, strict=True))
        self._recorders = {name: _core.Recorder(stats) for name, stats in self._by_name.items()}

    def record(self, **request: Any) -> None:
        """A listener to `request`."""
        arguments = getattr(gevent.getcurrent(), "args", None)
        recorder = self._recorders.get(type(arguments[0]).__name__) if arguments else None
        if recorder is not None:
            recorder(**request)

    def pack(self, data: dict[str, Any], **_: Any) -> None:
        """A worker's listener to `report_to_master`: take out what was recorded."""
        data[_REPORTED] = {name: _core.cluster_take_stats(stats) for name, stats in self._by_name.items()}

    def merge(self, data: dict[str, Any], **_: Any) -> None:
        """A master's listener to `worker_report`: add what a worker has recorded."""
        packed = data.get(_REPORTED, {})
        for name, stats in self._by_name.items():
            if name in packed:
                _core.cluster_merge_stats(stats, packed[name])

    def clear(self) -> None:
        """Begin anew."""
        for stats in self.stats:
            stats.clear_all()
