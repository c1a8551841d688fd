"""Remembering what is expensive to compute."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

_NOTHING = object()


def memoize(timeout: float, dynamic_timeout: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """A decorator: the function is called again only when its last result is `timeout` seconds old.

    The result is the same whatever the arguments are. With `dynamic_timeout` a result is kept twice as long
    as it took to compute, if that is longer. The decorated function's `clear_cache()` forgets the result.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        result: Any = _NOTHING
        keep_until = 0.0

        @functools.wraps(function)
        def remembered(*args: Any, **kwargs: Any) -> Any:
            nonlocal result, keep_until
            begun = time.time()
            if result is not _NOTHING and begun < keep_until:
                return result
            result = function(*args, **kwargs)
            ended = time.time()
            took = ended - begun
            keep_until = ended + (max(timeout, 2 * took) if dynamic_timeout else timeout)
            return result

        def clear_cache() -> None:
            nonlocal result
            result = _NOTHING

        remembered.clear_cache = clear_cache  # type: ignore[attr-defined]
        return remembered

    return decorate
