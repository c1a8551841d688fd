"""What did a call to a vector database come to? A dict, which its user fires as a request and returns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..event import EventHook

Outcome = dict[str, Any]
"""`success`, `response_time` in milliseconds, and `exception` or what was found."""


def outcome_of(call: Callable[[], dict[str, Any]]) -> Outcome:
    """Time a call that returns what it found; no exception of its own goes further."""
    begun = time.perf_counter()
    try:
        found = call()
    except Exception as fault:
        return {"success": False, "response_time": _since(begun), "exception": fault}
    return {"success": not found.get("empty"), "response_time": _since(begun), **found}


def fire(event: EventHook, request_type: str, name: str, milliseconds: float, failure: Any) -> None:
    """Fire the request event of a call."""
    event.fire(
        request_type=request_type,
        name=name,
        response_time=milliseconds,
        response_length=0,
        exception=failure,
        context={},
    )


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
