"""Keys in a terminal change the number of users, and however a run ends, the terminal is left as it was."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import eventually

_TIME_LIMIT_S = 20

IDLE = """
from locust import User, constant, task

class Idle(User):
    wait_time = constant(0.1)

    @task
    def idle(self):
        pass
"""

BURNING = """
from locust import User, task

class Burning(User):
    @task
    def burn(self):
        while True:
            pass
"""

EXITING = IDLE.replace("pass", "import sys; sys.exit(7)")

RAISING = (
    IDLE
    + """
from locust import events

@events.quitting.add_listener
def fail(**kwargs):
    raise OSError("no")
"""
)

SHAPED = (
    IDLE
    + """
from locust import LoadTestShape

class Two(LoadTestShape):
    def tick(self):
        return 2, 10
"""
)

PAGELESS = "--headless --only-summary"


class Terminal:
    """A command with a terminal of its own: what is typed there, and what the command says."""

    def __init__(self, place: Path, arguments: list[str], is_in_background: bool = False) -> None:
        self.keyboard, self.screen = pty.openpty()
        self.before = termios.tcgetattr(self.screen)
        self.said = ""
        self._out, out = os.pipe()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                _LEADER,
                *(["background"] if is_in_background else ["foreground"]),
                *arguments,
            ],
            cwd=place,
            env={**kept, "HOME": str(place)},
            stdin=self.screen,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        os.close(out)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.keyboard, keys.encode())

    def wait_until(self, pattern: str) -> str:
        """Read until the command has said this since the last call; returns what it said."""
        return self._read(lambda: re.search(pattern, self.said))

    def wait_for_end(self) -> int:
        """Read until the command ends; returns its exit code."""
        self._read(lambda: None)
        return self.process.wait(_TIME_LIMIT_S)

    def _read(self, is_enough: Callable[[], object]) -> str:
        end = time.monotonic() + _TIME_LIMIT_S
        while not is_enough():
            ready, _, _ = select.select([self._out], [], [], max(0, end - time.monotonic()))
            assert ready, f"nothing more was said after: {self.said}"
            chunk = os.read(self._out, 4096)
            if not chunk:
                break
            self.said += chunk.decode()
        told, self.said = self.said, ""
        return told

    @property
    def reads_lines(self) -> bool:
        """Is the terminal in its line mode?"""
        return bool(termios.tcgetattr(self.screen)[3] & termios.ICANON)

    def close(self) -> None:
        """End the command, if it lives, and the terminal."""
        self.process.kill()
        self.process.wait()
        for file in (self.keyboard, self.screen, self._out):
            os.close(file)


# The leader of a session takes the terminal; the command runs in it, or in a process group in the background.
# Signals that whoever runs the tests ignores are not ignored in it.
_LEADER = """
import fcntl, os, signal, sys, termios
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
if sys.argv[1] == "background":
    child = os.fork()
    if child:
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.kill(child, signal.SIGKILL)
            sys.exit("the command was stopped by the terminal")
        sys.exit(os.waitstatus_to_exitcode(status))
    os.setpgid(0, 0)
os.execv(sys.executable, [sys.executable, "-m", "katydid", *sys.argv[2:]])
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts the command on a locustfile, in a terminal."""
    started: list[Terminal] = []

    def begin(locustfile: str, line: str = PAGELESS, is_in_background: bool = False) -> Terminal:
        (tmp_path / "locustfile.py").write_text(locustfile)
        started.append(Terminal(tmp_path, line.split(), is_in_background))
        return started[-1]

    yield begin
    for terminal in started:
        terminal.close()


def test_keys_change_the_number_of_users(start: Callable[..., Terminal]) -> None:
    terminal = start(IDLE, f"{PAGELESS} -u 5 -r 100")
    terminal.wait_until(r"all users spawned.*\b5\b")
    for key, users in (("w", 6), ("W", 16), ("s", 15), ("S", 5), ("S", 0), ("s", 0), ("w", 1)):
        terminal.type(key)
        terminal.wait_until(rf"all users spawned.*\(?\b{users}\b")
    terminal.type("x?\x1b[A\n")  # other keys have no effect
    terminal.type("\x03")
    assert terminal.wait_for_end() == 0


def test_keys_leave_a_shape_alone(start: Callable[..., Terminal]) -> None:
    terminal = start(SHAPED)
    terminal.wait_until(r"all users spawned.*\b2\b")
    terminal.type("w")
    assert "spawning" not in terminal.wait_until("the load shape decides")


def _interrupt(terminal: Terminal) -> None:
    terminal.type("\x03")


def _terminate(terminal: Terminal) -> None:
    terminal.process.terminate()


def _quit(terminal: Terminal) -> None:
    terminal.type("\x1c")


def _hang_up(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGHUP)


def _interrupt_twice(terminal: Terminal) -> None:
    terminal.type("\x03")
    terminal.wait_until("again ends it at once")
    terminal.type("\x03")


def _nothing(terminal: Terminal) -> None:
    pass


@pytest.mark.parametrize(
    ("locustfile", "line", "end", "code"),
    [
        (IDLE, "-t 2s", _nothing, 0),
        (IDLE, "", _interrupt, 0),
        (IDLE, "", _terminate, 0),
        (IDLE, "", _quit, -signal.SIGQUIT),
        (IDLE, "", _hang_up, -signal.SIGHUP),
        (BURNING, "", _interrupt_twice, 130),
        (RAISING, "", _interrupt, 2),
        (EXITING.replace("import sys", "import sys, time; time.sleep(2)"), "", _nothing, 7),
    ],
    ids=["run time", "Ctrl-C", "SIGTERM", "SIGQUIT", "SIGHUP", "Ctrl-C twice", "listener raises", "sys.exit"],
)
def test_the_terminal_is_left_as_it_was(
    start: Callable[..., Terminal],
    locustfile: str,
    line: str,
    end: Callable[[Terminal], None],
    code: int,
) -> None:
    terminal = start(locustfile, f"{PAGELESS} {line}")
    assert terminal.reads_lines
    eventually("keys are read", lambda: not terminal.reads_lines)
    end(terminal)
    assert terminal.wait_for_end() == code
    assert termios.tcgetattr(terminal.screen) == terminal.before


def test_in_the_background_the_terminal_is_left_alone(start: Callable[..., Terminal]) -> None:
    terminal = start(IDLE, f"{PAGELESS} -t 1s", is_in_background=True)
    terminal.type("w")
    assert terminal.wait_for_end() == 0, terminal.said
    assert terminal.reads_lines


def test_without_a_terminal_there_are_no_keys(tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(IDLE)
    done = subprocess.run(
        [sys.executable, "-m", "katydid", "--headless", "-t", "1s", "-L", "DEBUG"],
        cwd=tmp_path,
        input="wwww",
        capture_output=True,
        text=True,
        timeout=_TIME_LIMIT_S,
    )
    assert done.returncode == 0
    assert "keys are not read" in done.stderr
    assert done.stderr.count("all users spawned") == 1
