"""Where is every single request of a run written down? In a CSV file with one row a request::

@events.init.add_listener
def log_requests(environment, **kwargs):
    CsvRequestLogger("requests.csv").register(environment)
"""

from __future__ import annotations

import csv
import logging
import time
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..env import Environment

logger = logging.getLogger("locust.contrib.csv_request_logger")

CSV_COLUMNS = (
    "timestamp",
    "request_type",
    "name",
    "response_time_ms",
    "response_length",
    "status_code",
    "exception",
)
"""The columns, in order. The timestamp is the request's start in epoch seconds."""

_TIMESTAMP_DIGITS = 6
_MILLISECOND_DIGITS = 2


def _status_code(response: Any) -> int:
    """The status of an answer; 0 where there is none."""
    try:
        return int(getattr(response, "status_code", 0))
    except (TypeError, ValueError):
        return 0


class CsvRequestLogger:
    """Writes a row for every request of an environment.

    Args:
        filepath: the file, which is overwritten.
        flush_interval: after how many rows what was written must be in the file.
    """

    def __init__(self, filepath: str, *, flush_interval: int = 1) -> None:
        self.filepath = filepath
        self.flush_interval = max(1, flush_interval)
        self._file: TextIOWrapper | None = None
        self._writer: Any = None
        self._pending = 0

    def register(self, environment: Environment) -> None:
        """Open the file, and listen to the requests and to the end of this environment.

        Raises:
            OSError: the file cannot be written.
        """
        self.close()
        # line ends are the CSV writer's
        self._file = open(self.filepath, "w", newline="", encoding="utf-8")  # noqa: SIM115
        self._writer = csv.writer(self._file)
        self._writer.writerow(CSV_COLUMNS)
        self._file.flush()
        logger.debug("every request is written to %s", self.filepath)
        environment.events.request.add_listener(self._on_request)
        environment.events.quitting.add_listener(self._on_quitting)

    def close(self) -> None:
        """Complete the file. Requests after that are not written; calling it twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = self._writer = None
            self._pending = 0

    def _on_request(
        self,
        *,
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int,
        exception: Any = None,
        response: Any = None,
        start_time: float | None = None,
        **kwargs: Any,
    ) -> None:
        if self._file is None:
            return
        self._writer.writerow(
            (
                round(time.time() if start_time is None else start_time, _TIMESTAMP_DIGITS),
                request_type,
                name,
                None if response_time is None else round(response_time, _MILLISECOND_DIGITS),
                response_length,
                _status_code(response),
                "" if exception is None else str(exception),
            )
        )
        self._pending += 1
        if self._pending >= self.flush_interval:
            self._file.flush()
            self._pending = 0

    def _on_quitting(self, **kwargs: Any) -> None:
        self.close()
