"""The small tools under `locust.util`: time spans, rounding, dates, memoising, as seen in stock Locust."""

from __future__ import annotations

import pytest
from katydid.locust.util import cache
from katydid.locust.util.date import format_duration, format_utc_timestamp
from katydid.locust.util.rounding import proper_round
from katydid.locust.util.timespan import parse_timespan


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("0s", 0), ("1h30m", 5400), ("3h30m10s", 12610), ("007", 7)]
)
def test_time_spans(text: str, seconds: int):
    assert parse_timespan(text) == seconds


@pytest.mark.parametrize("text", ["", "3x", "1.5h", "10s5m", " 5", "-5", "1m1m", None])
def test_what_is_no_time_span(text: str):
    with pytest.raises(ValueError, match="Invalid time span format"):
        parse_timespan(text)


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [(2.5, 0, 3.0), (145.678, 1, 145.7), (1.005, 2, 1.01), (0, 0, 0.0), (2, 0, 2.0)],
)
def test_rounding(value: float, digits: int, rounded: float):
    result = proper_round(value, digits)
    assert (type(result), result) == (float, rounded)


def test_dates():
    assert format_utc_timestamp(1_700_000_000.9) == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (63, "1 minute and 3 seconds"),
        (3600, "1 hour"),
        (90061, "1 day, 1 hour, 1 minute and 1 second"),
        (172801, "2 days and 1 second"),
        (119.6, "1 minute and 59 seconds"),
    ],
)
def test_durations(seconds: float, words: str):
    assert format_duration(1000, 1000 + seconds) == words


def test_memoising(monkeypatch: pytest.MonkeyPatch):
    now, calls = 100.0, 0
    monkeypatch.setattr("time.time", lambda: now)

    @cache.memoize(timeout=2)
    def count(_argument: int) -> int:
        nonlocal calls
        calls += 1
        return calls

    assert [count(1), count(2)] == [1, 1]
    now = 102.5
    assert count(1) == 2
    count.clear_cache()
    assert count(1) == 3
    assert count.__name__ == "count"
