"""One kind of failure, with Locust's names: a free-standing one, or a view of the statistics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from katydid import _core
from katydid.locust.exception import CatchResponseError

if TYPE_CHECKING:
    from .run import RequestStats


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
        return f"{self.method} {self.name}: {shown_text(self.error)}"

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


def shown_text(error: Exception | str | None) -> str:
    """A failure that a locustfile declared is shown as what the locustfile said."""
    if isinstance(error, CatchResponseError) and error.args:
        return writable(str(error.args[0]))
    if isinstance(error, str) and error.startswith(_CATCH_RESPONSE):
        return writable(error[len(_CATCH_RESPONSE) : -1])
    return _core.stats_error_text(error)


def writable(text: str) -> str:
    """The text, with question marks for what UTF-8 cannot write: halves of characters."""
    return text.encode("utf-8", "replace").decode()


class RecordedError(StatsError):
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

    def detach(self) -> None:
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
