"""The progress line says how far the run is, and leaves the terminal as it was."""

import io
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from katydid.command.progress import Progress, clock_text, progress_line, wants_progress


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (0.1, "0:01"), (59.2, "1:00"), (65, "1:05"), (3600, "1:00:00"), (7325, "2:02:05")],
)
def test_time_left_is_rounded_up(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


@pytest.mark.parametrize(
    ("elapsed", "begins"),
    [
        (0, "[------------------------]   0%  1:00 left"),
        (15, "[######------------------]  25%  0:45 left"),
        (60, "[########################] 100%  0:00 left"),
        (90, "[########################] 100%  0:00 left"),
    ],
)
def test_line(elapsed: float, begins: str) -> None:
    line = progress_line(elapsed, 60, users=3, requests=20, failures=1, columns=200)
    assert line == f"{begins}  3 users  20 requests  1 failed"


def test_line_fits_the_terminal() -> None:
    assert len(progress_line(1, 60, 3, 20, 1, columns=30)) == 29


def test_drawing_and_erasing() -> None:
    total = SimpleNamespace(num_requests=2, num_failures=0)
    runner: Any = SimpleNamespace(user_count=1, stats=SimpleNamespace(total=total))
    screen = io.StringIO()
    progress = Progress(runner, 10, screen)
    progress.erase()
    assert screen.getvalue() == ""
    progress.draw(5)
    assert "50%" in screen.getvalue()
    assert progress._make_room(logging.makeLogRecord({}))
    assert screen.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("run_time", "quiet", "is_terminal", "wanted"),
    [(10, False, True, True), (None, False, True, False), (10, True, True, False), (10, False, False, False)],
)
def test_it_needs_a_run_time_and_a_terminal(
    run_time: float | None, quiet: bool, is_terminal: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", SimpleNamespace(isatty=lambda: is_terminal))
    assert wants_progress(run_time, quiet) is wanted
