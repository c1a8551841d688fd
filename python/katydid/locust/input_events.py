"""Which keys were pressed while the test runs? Polled, in a terminal only."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Callable

import gevent

logger = logging.getLogger("locust.input_events")

_POLL_INTERVAL = 0.2


class InitError(Exception):
    """There is no terminal to read keys from."""


class UnixKeyPoller:
    """Reads keys one by one from a Unix terminal, which it leaves as it was."""

    def __init__(self) -> None:
        if not sys.stdin.isatty():
            raise InitError("stdin is not a terminal")
        import termios
        import tty

        self._file = sys.stdin.fileno()
        self._settings = termios.tcgetattr(self._file)
        tty.setcbreak(self._file)
        atexit.register(self.cleanup)

    def cleanup(self) -> None:
        """Give the terminal back its settings."""
        import termios

        termios.tcsetattr(self._file, termios.TCSADRAIN, self._settings)
        atexit.unregister(self.cleanup)

    def poll(self) -> str | None:
        """The next key, if one was pressed."""
        import select

        ready, _, _ = select.select([self._file], [], [], 0)
        return os.read(self._file, 1).decode("utf-8", "ignore") if ready else None


class WindowsKeyPoller:
    """Reads keys one by one from a Windows console."""

    def __init__(self) -> None:
        if not sys.stdin.isatty():
            raise InitError("stdin is not a terminal")

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
                key = poller.poll()
                if key in key_to_func_map:
                    key_to_func_map[key]()
                elif key is None:
                    gevent.sleep(_POLL_INTERVAL)
        finally:
            poller.cleanup()

    return listen
