"""What do Ctrl-C and SIGTERM do? The first ends the run in order, a further Ctrl-C ends the process at once.

The handlers are Python's own, not gevent's: they run between two bytecodes of whatever greenlet is busy, so a
task that computes without ever yielding cannot keep the second Ctrl-C from working.

However the process ends, the terminal is left as it was.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

import gevent

from katydid.locust.input_events import restore_terminals

_SHELL_OFFSET = 128
_DEADLY = ("SIGHUP", "SIGQUIT")
_NOTICE = b"\nkatydid: ending the run in order; Ctrl-C again ends it at once\n"


class Interrupted(BaseException):
    """Thrown into the waiting main greenlet when the run shall end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def _die_of(number: int, frame: FrameType | None) -> None:
    """Have the system's default effect, after the terminal is put in order."""
    restore_terminals()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


class Signals:
    """Turns signals into an orderly end, and impatience into an immediate one."""

    def __init__(self) -> None:
        self._main = gevent.getcurrent()
        self._loop = gevent.get_hub().loop
        self._received: int | None = None
        self._waiting = False

    def install(self) -> None:
        """Handle SIGINT and SIGTERM from now on."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        for name in _DEADLY:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
                signal.signal(number, _die_of)

    def wait_for(self, wait: Callable[[], Any]) -> None:
        """Call `wait`, which blocks the main greenlet; a signal cuts it short.

        Raises:
            Interrupted: a signal came, before or while waiting.
        """
        if self._received is not None:
            raise Interrupted(self._received)
        self._waiting = True
        try:
            wait()
        finally:
            self._waiting = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._received is None:
            self._received = number
            if number == signal.SIGINT:
                os.write(2, _NOTICE)
            self._loop.run_callback_threadsafe(self._interrupt)
        elif number == signal.SIGINT:
            restore_terminals()
            os._exit(_SHELL_OFFSET + number)

    def _interrupt(self) -> None:
        """Runs in the hub, so the main greenlet is not running."""
        if self._waiting:
            self._waiting = False
            self._main.throw(Interrupted(self._received or signal.SIGINT))
