"""How far is the run, and how long will it still take? One line at the foot of the terminal."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, TextIO

import gevent

if TYPE_CHECKING:
    from katydid.locust.runners import Runner

_INTERVAL = 0.5
_BAR_WIDTH = 24
_ERASE = "\r\x1b[K"


class Progress:
    """Draws the line twice a second and keeps it below whatever is logged."""

    def __init__(
        self, runner: Runner, run_time: float, stream: TextIO, clock: Callable[[], float] = monotonic
    ) -> None:
        self._runner = runner
        self._run_time = run_time
        self._stream = stream
        self._clock = clock
        self._drawn = False

    def run(self) -> None:
        """Draw until the greenlet is ended, then leave the line empty."""
        handlers = _console_handlers()
        for handler in handlers:
            handler.addFilter(self._make_room)
        begun = self._clock()
        try:
            while True:
                self.draw(self._clock() - begun)
                gevent.sleep(_INTERVAL)
        finally:
            self.erase()
            for handler in handlers:
                handler.removeFilter(self._make_room)

    def draw(self, elapsed: float) -> None:
        """Show the state after so many seconds."""
        total = self._runner.stats.total
        line = progress_line(
            elapsed,
            self._run_time,
            self._runner.user_count,
            total.num_requests,
            total.num_failures,
            shutil.get_terminal_size().columns,
        )
        self._stream.write(_ERASE + line)
        self._stream.flush()
        self._drawn = True

    def erase(self) -> None:
        """Empty the line."""
        if self._drawn:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._drawn = False

    def _make_room(self, record: logging.LogRecord) -> bool:
        self.erase()
        return True


def progress_line(
    elapsed: float, run_time: float, users: int, requests: int, failures: int, columns: int
) -> str:
    """The line's text, no wider than the terminal."""
    share = min(1.0, elapsed / run_time) if run_time else 1.0
    filled = round(share * _BAR_WIDTH)
    bar = "#" * filled + "-" * (_BAR_WIDTH - filled)
    left = clock_text(max(0.0, run_time - elapsed))
    line = f"[{bar}] {share:4.0%}  {left} left  {users} users  {requests} requests  {failures} failed"
    return line[: max(0, columns - 1)]


def clock_text(seconds: float) -> str:
    """Seconds as 1:05 or 2:00:00, rounded up: it is 0:00 only when nothing is left."""
    whole = -int(-seconds // 1)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def wants_progress(run_time: float | None, quiet: bool) -> bool:
    """Is there a time to count down and a terminal to do it on?"""
    return bool(run_time) and not quiet and sys.stderr is not None and sys.stderr.isatty()


def _console_handlers() -> list[logging.Handler]:
    """The handlers of ours that write to the terminal."""
    names = ("", "locust", "locust.stats_logger")
    found = {
        handler: None
        for name in names
        for handler in logging.getLogger(name).handlers
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler)
    }
    return list(found)
