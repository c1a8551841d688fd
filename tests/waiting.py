"""Waiting for what another process does: for a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 60.0
"""Long enough for a machine that is busy with other tests."""

T = TypeVar("T")


def eventually(
    what: str,
    condition: Callable[[], T],
    patience_s: float = PATIENCE_S,
    pause: Callable[[float], object] = time.sleep,
) -> T:
    """What the condition says as soon as that is true; a failure if it does not become so.

    Where greenlets have to go on meanwhile, `pause` is `gevent.sleep`.
    """
    end = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {patience_s:.0f} s: {what}"
        pause(0.02)
    return found
