"""Try again where a call may fail for a moment."""

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import gevent

logger = logging.getLogger("locust.util.exception_handler")

P = ParamSpec("P")
R = TypeVar("R")


def retry(
    delays: Sequence[float] = (1, 3, 5), exception: Any = Exception
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function to be called again after each of `delays` seconds while it raises `exception`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def persistent(*args: P.args, **kwargs: P.kwargs) -> R:
            for delay in delays:
                try:
                    return function(*args, **kwargs)
                except exception as fault:
                    logger.info("%s: trying again in %s s", fault, delay)
                    gevent.sleep(delay)
            return function(*args, **kwargs)

        return persistent

    return decorate
