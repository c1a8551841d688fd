"""Everything that was measured in a run, as Locust arranges it: entries, failures, the total.

Entries and failures are views of native numbers; they are made when somebody looks at them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from katydid import _core

from .entry import StatsEntry
from .failure import RecordedError, StatsError

Key = tuple[str, str]


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
        self._views: list[RecordedError] = []
        self._keys: list[str] = []

    def views(self) -> list[RecordedError]:
        """All failures, oldest first."""
        for index in range(len(self._views), self._stats._error_count()):
            self._views.append(RecordedError(self._stats, index))
        return self._views

    def _index(self) -> dict[str, RecordedError]:
        views = self.views()
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
        for view in self.views():
            view.detach()
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
