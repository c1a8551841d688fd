"""What time is it in a run? A clock that steps of the system's clock do not reach."""

from __future__ import annotations

import time


class RunClock:
    """Unix time as it was at the start, and what has passed since."""

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()

    def now(self) -> float:
        """In Unix seconds."""
        return time.monotonic() + self._ahead
