"""Is a threshold met by what was measured? For programs and for listeners to `quitting`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from katydid import _core


@dataclass(frozen=True, slots=True)
class Check:
    """What became of a threshold. True where it is met."""

    threshold: str
    """The threshold as it was written."""
    passed: bool
    """Is it met? What was not measured is not."""
    value: float | None
    """What was measured: milliseconds, a share of one, a count, or a number per second; None for nothing."""
    shown: str
    """The same for readers, such as `1.234 s`."""

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        return f"{'pass' if self.passed else 'FAIL'}  {self.threshold}  {self.shown}"


def check(threshold: str, environment: Any) -> Check:
    """Hold what an environment, or its statistics, measured until now against a threshold.

    ::

        @events.quitting.add_listener
        def judge(environment, **kwargs):
            if not katydid.check("p95<2s on GET /items", environment):
                environment.process_exit_code = 3

    Rates are per second from the beginning until the last request. Windows, levels and user classes are known
    only to thresholds that watch the run: those of `--threshold` and of a suite file.

    Raises:
        ValueError: the text is no threshold, or one that has to watch the run.
    """
    stats = getattr(environment, "stats", environment)
    judge = _core.Judge(None, None, [threshold])
    if judge.users or (judge.needs_ticks and not _only_aborts(threshold)):
        raise ValueError(
            f"{threshold!r} has to watch the run: give it to --threshold, or leave the scope out"
        )
    nothing = type(stats)() if isinstance(stats, _core.RequestStats) else stats
    judge.begin(nothing, [], stats.start_time)
    judge.finish(stats, [], stats.last_request_timestamp or time.time())
    outcome = json.loads(judge.json() or "{}")["thresholds"][0]
    return Check(outcome["text"], outcome["passed"], outcome["value"], outcome["shown"])


def _only_aborts(threshold: str) -> bool:
    """Is it `abort` alone that would have it watch the run?"""
    head, _, last = threshold.strip().rpartition(" ")
    return last == "abort" and not _core.Judge(None, None, [head]).needs_ticks
