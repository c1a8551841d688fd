"""Everything that was measured in a run, as Locust arranges it: entries, failures, the total.

Entries and failures are views of native numbers; they are made when somebody looks at them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from katydid import _core

from .entry import StatsEntry
from .failure import RecordedError, StatsError
from .view import View

Key = tuple[str, str]

_NATIVE_WAYS = (StatsEntry.log, StatsEntry.log_error)


def entries_record_natively() -> bool:
    """Has nobody put other functions in the place of those by which an entry records?"""
    return (StatsEntry.log, StatsEntry.log_error) == _NATIVE_WAYS


class EntriesDict(View[Key, StatsEntry]):
    """The entries by name and method. A missing one is made when it is asked for."""

    def __init__(self, request_stats: RequestStats) -> None:
        self._stats = request_stats
        self._views: dict[Key, StatsEntry] = {}

    def __getitem__(self, key: Key) -> StatsEntry:
        view = self._views.get(key)
        if view is not None:
            return view
        name, method = self._stats._make(*key, time.time())
        view = StatsEntry._of_run(self._stats, name, method)
        self._views[name, method] = view
        return view

    def __setitem__(self, key: Key, entry: StatsEntry) -> None:
        view = self[key]
        if view is entry:
            return
        view._reset(entry.start_time)
        view._merge(entry)
        if entry.stats is self._stats and (entry.name, entry.method) == key:
            entry._join()  # from now on it is the one that records
            self._views[key] = entry

    def __delitem__(self, key: Key) -> None:
        if key not in self:
            raise KeyError(key)
        if view := self._views.pop(key, None):
            view._part()
        self._stats._remove(*key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and len(key) == 2 and self._stats._has(*key)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._stats._keys())

    def __len__(self) -> int:
        return len(self._stats._keys())

    def _contents(self) -> dict[Key, StatsEntry]:
        return {key: self[key] for key in self._stats._keys()}

    def replace(self, entries: Mapping[Key, StatsEntry]) -> None:
        """Put other entries in the place of all these; the total stays."""
        new = dict(entries)
        for key in [key for key in self if key not in new]:
            del self[key]
        self.update(new)

    def _forget(self) -> None:
        self._views.clear()


class ErrorsDict(View[str, StatsError]):
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

    def _contents(self) -> dict[str, StatsError]:
        views = self.views()
        for index in range(len(self._keys), len(views)):
            self._keys.append(self._stats._error_key(index))
        return dict(zip(self._keys, views, strict=True))

    def __getitem__(self, key: str) -> StatsError:
        return self._contents()[key]

    def __setitem__(self, key: str, error: StatsError) -> None:
        kept = {**self._contents(), key: error}
        self.replace(kept.values())

    def __delitem__(self, key: str) -> None:
        kept = self._contents()
        del kept[key]
        self.replace(kept.values())

    def __len__(self) -> int:
        return self._stats._error_count()

    def clear(self) -> None:
        """Forget all failures; the counts of the entries stay."""
        self._forget()
        self._stats._clear_errors()

    def replace(self, errors: Iterable[StatsError]) -> None:
        """Put other failures in the place of all these; the counts of the entries stay."""
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
        self._entries = EntriesDict(self)
        self._errors = ErrorsDict(self)
        self._total = StatsEntry._of_all(self)
        self.history: list[dict[str, Any]] = []
        self.parts: list[RequestStats] = []
        """Statistics of some of the requests, kept beside these and emptied with them."""

    @property
    def entries(self) -> Any:
        """The entries by name and method. A dict can be assigned."""
        return self._entries

    @entries.setter
    def entries(self, entries: Mapping[Key, StatsEntry]) -> None:
        if not isinstance(entries, EntriesDict) or entries._stats is not self:
            self._entries.replace(entries)

    @property
    def errors(self) -> Any:
        """The failures by key. A dict can be assigned."""
        return self._errors

    @errors.setter
    def errors(self, errors: Mapping[str, StatsError]) -> None:
        if not isinstance(errors, ErrorsDict) or errors._stats is not self:
            self._errors.replace(errors.values())

    @property
    def total(self) -> StatsEntry:
        """All requests together. Another entry can be assigned."""
        return self._total

    @total.setter
    def total(self, entry: StatsEntry) -> None:
        if entry is self._total:
            return
        self._total._reset(entry.start_time)
        self._total._merge(entry)
        if entry.stats is self:
            entry._join_total()
            self._total = entry

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
        if entries_record_natively():
            self._record(method, name, response_time, max(0, content_length or 0), time.time())
            return
        for entry in (self.total, self.get(name, method)):
            entry.log(response_time, content_length)

    def log_error(self, method: str, name: str, error: Exception | str | None) -> None:
        """Record that a request failed; the request itself is logged on its own."""
        if entries_record_natively():
            self._record_failure(method, name, error, time.time())
            return
        for entry in (self.total, self.get(name, method)):
            entry.log_error(error)
        now = time.time()
        self._add_errors(method, name, error, 1, (now, now))

    def get(self, name: str, method: str) -> StatsEntry:
        """The entry of a name and method, made if there is none."""
        return self.entries[name, method]

    def reset_all(self) -> None:
        """Empty all entries and forget all failures and the history of charts; the names stay."""
        self._errors._forget()
        self._reset(time.time())
        self.history = []
        for part in self.parts:
            part.reset_all()

    def clear_all(self) -> None:
        """Forget everything."""
        self._errors._forget()
        self._entries._forget()
        self._clear(time.time())
        self.history = []

    def serialize_stats(self) -> list[dict[str, Any]]:
        """What was recorded since this was called last, entry by entry."""
        entries = self.entries.values()
        return [entry.get_stripped_report() for entry in entries if entry.num_requests or entry.num_failures]

    def serialize_errors(self) -> dict[str, dict[str, Any]]:
        """All failures as plain values."""
        return {key: error.serialize() for key, error in self._errors.items()}
