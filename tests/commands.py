"""The commands that tests start: katydid, and the practice servers of `katydid target`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import SystemRandom

import pytest

# For a suite that stock Locust runs for seconds: it counts the run time from when its loop last looked at the
# clock, which is before a start-up that takes seconds on a busy machine.
RUN_TIME_BEGINS_NOW = """
import gevent
from locust import events

@events.init.add_listener
def begin_now(**kwargs):
    gevent.get_hub().loop.update_now()
"""

_READY = re.compile(r"listening on (http://\S+) \(\w+\)")


def katydid() -> list[str]:
    """The command under test, which KATYDID names."""
    return _command("KATYDID", "katydid")


def free_port() -> int:
    """A port that nobody listens on now, and that the system gives to no connection until somebody does."""
    while True:
        port = SystemRandom().randrange(10_000, 32_768)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def target(kind: str, *options: str) -> Iterator[str]:
    """Runs a practice server on a free port and yields its address; it must end cleanly.

    KATYDID_TARGET is the program of the practice servers.
    """
    words = [*_command("KATYDID_TARGET", "katydid target"), kind, "--port", "0", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            ready = _READY.match(line)
            assert ready, f"{shlex.join(words)} said {line!r}"
            yield ready[1]
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(20)
    assert code == 0, f"{shlex.join(words)} ended with {code}"


def _command(variable: str, default: str) -> list[str]:
    """The command in an environment variable, checked: a missing one is a failure, not a reason to skip."""
    words = shlex.split(os.environ.get(variable) or default)
    if shutil.which(words[0]) is None:
        pytest.fail(f"{words[0]} is not there: install katydid, or set {variable}", pytrace=False)
    return words
