"""Which keys were pressed while the test runs? Polled, in a terminal only.

Keys are read one by one, so the terminal is taken out of its line mode. Whatever ends the process must call
`restore_terminals` first, unless it lets Python's exit handlers run.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
from collections.abc import Callable

import gevent

logger = logging.getLogger("locust.input_events")

_POLL_INTERVAL = 0.2


class InitError(Exception):
    """There is no terminal to read keys from, or not any more."""


def _require_terminal() -> None:
    # Without any stdin there is no object; a locustfile may have closed it.
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        raise InitError("stdin is not a terminal")


class UnixKeyPoller:
    """Reads keys one by one from a Unix terminal, which it leaves as it was."""

    def __init__(self) -> None:
        _require_terminal()
        import termios
        import tty

        self._file = sys.stdin.fileno()
        if not self._is_in_foreground():
            raise InitError("the process runs in the background")
        self._settings = termios.tcgetattr(self._file)
        tty.setcbreak(self._file)
        _changed_terminals.append(self)
        atexit.register(self.cleanup)

    def cleanup(self) -> None:
        """Give the terminal back its settings. In the background it is the shell's, which has seen to it."""
        import termios

        if self._is_in_foreground():
            with contextlib.suppress(termios.error):  # it may be gone
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._settings)
        if self in _changed_terminals:
            _changed_terminals.remove(self)
        atexit.unregister(self.cleanup)

    def poll(self) -> str | None:
        """The next key, if one was pressed.

        Raises:
            InitError: the terminal is gone.
        """
        import select

        if not self._is_in_foreground():
            return None
        try:
            ready, _, _ = select.select([self._file], [], [], 0)
            pressed = os.read(self._file, 1) if ready else None
        except (OSError, ValueError) as fault:
            raise InitError(f"the terminal is gone: {fault}") from fault
        if pressed == b"":
            raise InitError("the terminal is gone")
        return pressed.decode("utf-8", "ignore") if pressed else None

    def _is_in_foreground(self) -> bool:
        """May we use the terminal? The system stops a background process that does."""
        try:
            return os.tcgetpgrp(self._file) == os.getpgrp()
        except OSError:
            return True  # no job control on this one: everybody may


_changed_terminals: list[UnixKeyPoller] = []


def restore_terminals() -> None:
    """Give every terminal back its settings, for an end without exit handlers."""
    for poller in list(_changed_terminals):
        poller.cleanup()


class WindowsKeyPoller:
    """Reads keys one by one from a Windows console."""

    def __init__(self) -> None:
        _require_terminal()

    def cleanup(self) -> None:
        """Nothing was changed."""

    def poll(self) -> str | None:
        """The next key, if one was pressed."""
        import msvcrt

        if not msvcrt.kbhit():  # type: ignore[attr-defined,unused-ignore]
            return None
        return str(msvcrt.getwch())  # type: ignore[attr-defined,unused-ignore]


def get_poller() -> UnixKeyPoller | WindowsKeyPoller:
    """The poller for this system.

    Raises:
        InitError: there is no terminal.
    """
    return WindowsKeyPoller() if os.name == "nt" else UnixKeyPoller()


def input_listener(key_to_func_map: dict[str, Callable[[], None]]) -> Callable[[], None]:
    """A function, for a greenlet, that calls the function of each pressed key."""

    def listen() -> None:
        try:
            poller = get_poller()
        except InitError as reason:
            logger.debug("keys are not read: %s", reason)
            return
        try:
            while True:
                try:
                    key = poller.poll()
                except InitError as reason:
                    logger.debug("keys are not read any more: %s", reason)
                    return
                if key in key_to_func_map:
                    key_to_func_map[key]()
                elif key is None:
                    gevent.sleep(_POLL_INTERVAL)
        finally:
            poller.cleanup()

    return listen
