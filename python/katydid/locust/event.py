"""How do a test's own functions learn what happens in a run?

They listen to hooks. A listener that raises is logged and does not keep the others from hearing, except for
the exceptions by which a user is steered: those go to whoever fired.

The native clients look at ``EventHook._handlers``, a plain list: where it holds nothing but the native
recorder they record without firing.
"""

import logging
import time
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, ClassVar, get_type_hints

from katydid.fault import place_of, story_of

from . import log
from .exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser

STEERING = (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet)
"""What a listener may raise on purpose; it goes to whoever fired."""


class EventHook:
    """One kind of event, and the functions that want to hear of it."""

    _native_methods: ClassVar[dict[str, Any]]
    """What the native clients take the place of, as long as nobody else has."""

    _expectations: Any = None
    """The rules by which requests are judged before listeners hear of them; see `katydid.verdict.expect`."""

    def __init__(self) -> None:
        self._handlers: list[Callable[..., Any]] = []

    def add_listener(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Have `handler` called with each event's keyword arguments. Returns it, so it can decorate."""
        self._handlers.append(handler)
        return handler

    def remove_listener(self, handler: Callable[..., Any]) -> None:
        """Stop calling `handler`.

        Raises:
            ValueError: it is not a listener.
        """
        self._handlers.remove(handler)

    def replace_listener(self, handler: Callable[..., Any], other: Callable[..., Any]) -> None:
        """Put `other` in the place of `handler`, if that is a listener."""
        if handler in self._handlers:
            self._handlers[self._handlers.index(handler)] = other

    def fire(self, *, reverse: bool = False, **kwargs: Any) -> None:
        """Call the listeners in the order of their registration, or in the reverse of it."""
        if self._expectations is not None:
            self._expectations.hear(kwargs)
        for handler in reversed(self._handlers) if reverse else self._handlers:
            try:
                handler(**kwargs)
            except STEERING:
                raise
            except Exception as fault:
                report_fault(handler, fault)

    @contextmanager
    def measure(
        self, request_type: str, name: str, response_length: int = 0, context: dict[str, Any] | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """Time a block and fire one request event for it.

        Yields the event's arguments, which the block may change. An exception in the block is recorded as the
        request's failure and goes no further.
        """
        meta: dict[str, Any] = {
            "request_type": request_type,
            "name": name,
            "response_length": response_length,
            "context": context or {},
            "exception": None,
            "start_time": time.time(),
        }
        begun = time.perf_counter()
        try:
            yield meta
        except Exception as fault:
            meta["exception"] = fault
        finally:
            meta["response_time"] = (time.perf_counter() - begun) * 1000
            self.fire(**meta)


EventHook._native_methods = {"fire": EventHook.fire}


def report_fault(handler: Callable[..., Any], fault: Exception) -> None:
    """Log what a listener raised; the exit code will tell of it, too."""
    name = getattr(handler, "__qualname__", repr(handler))
    logging.error("listener %s failed at %s: %r\n%s", name, place_of(fault), fault, story_of(fault))
    log.unhandled_greenlet_exception = True


class DeprecatedEventHook(EventHook):
    """A hook that still works and tells those who use it what to use instead."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__()

    def add_listener(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """The same, and a warning."""
        warnings.warn(self.message, DeprecationWarning, stacklevel=2)
        return super().add_listener(handler)


class Events:
    """All hooks of a run. A subclass adds its own by annotating further attributes as EventHook."""

    request: EventHook
    """A request completed: request_type, name, response_time (ms), response_length, response, context,
    exception (None on success), start_time, url."""

    user_error: EventHook
    """A task raised: user_instance (the TaskSet that ran it), exception, tb."""

    report_to_master: EventHook
    """A worker is about to report: client_id, data (may be added to)."""

    worker_report: EventHook
    """A worker's report arrived at the master: client_id, data."""

    worker_connect: EventHook
    """A worker joined the master: client_id."""

    spawning_complete: EventHook
    """All users exist: user_count."""

    quitting: EventHook
    """The process begins to end: environment. Last registered hears first."""

    quit: EventHook
    """The process is about to end: exit_code."""

    init: EventHook
    """Environment and runner exist: environment, runner, web_ui (None without a page)."""

    init_command_line_parser: EventHook
    """A parser for the command line was built and may be extended: parser."""

    test_start: EventHook
    """A test begins: environment."""

    test_stopping: EventHook
    """A test is about to stop: environment."""

    test_stop: EventHook
    """A test has stopped: environment."""

    reset_stats: EventHook
    """The statistics are about to be reset by hand."""

    cpu_warning: EventHook
    """This process is short of CPU: environment, cpu_usage (percent)."""

    heartbeat_sent: EventHook
    """The master answered a worker: client_id, timestamp."""

    heartbeat_received: EventHook
    """A worker heard from the master: client_id, timestamp."""

    usage_monitor: EventHook
    """This process was measured: environment, cpu_usage (percent), memory_usage (bytes)."""

    def __init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            if kind is EventHook:
                setattr(self, name, EventHook())
