"""--check tells what would run and what would keep it from running; exit code 0, 1 or 2."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
from locust import HttpUser, LoadTestShape, TaskSet, User, events, tag, task

print("imported")

class Nested(TaskSet):
    @task(3)
    def deep(self): ...

    @task
    def deeper(self): ...

class Visitor(HttpUser):
    weight = 3
    tasks = {Nested: 1}

    @tag("quick")
    @task(3)
    def look(self): ...

class Admin(User):
    fixed_count = 2

    def __init__(self, environment):
        raise AssertionError("--check creates no user")

    @tag("quick")
    @task
    def tidy(self): ...

@events.init_command_line_parser.add_listener
def extend(parser):
    parser.add_argument("--token", is_secret=True, default="geheim")
    parser.add_argument("--shop", choices=["north", "south"], default="north", is_required=True)

@events.test_start.add_listener
def start(**kwargs):
    raise AssertionError("--check starts nothing")
"""

SHAPE = """
class Steps(LoadTestShape):
    def tick(self):
        return None
"""

TOLD = """imported
Locustfiles: PLACE/locustfile.py
Load: 5 users, 2.5 per second, for 60 s
User classes:
  Visitor: weight 3, host http://h
    Nested: 25.0%
      deep: 75.0%
      deeper: 25.0%
    look: 75.0%
  Admin: fixed count 2, host http://h
    tidy: 100.0%
Arguments of the locustfile:
  --token: ***
  --shop: 'south', one of north, south, required by the web page
"""


def check(place: Path, line: str = "", suite: str = SUITE) -> subprocess.CompletedProcess[str]:
    (place / "locustfile.py").write_text(suite)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))}
    return subprocess.run(
        [sys.executable, "-m", "katydid", "--check", *shlex.split(line)],
        cwd=place,
        env={**kept, "HOME": str(place)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_tells_what_would_run(tmp_path: Path) -> None:
    done = check(tmp_path, "-H http://h -u 5 -r 2.5 -t 1m --shop south")
    assert done.returncode == 0, done.stderr
    assert done.stdout == TOLD.replace("PLACE", str(tmp_path))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Admin", "Load: 1 users, 1 per second, until interrupted"),
        ("-H http://h -T quick", "  Visitor: weight 3, host http://h\n    look: 100.0%\n"),
        ("-H http://h --equal-weights", "    deep: 33.3%\n    deeper: 33.3%\n    look: 33.3%\n"),
        (
            """--config-users '{"user_class_name": "Visitor", "host": "http://c"}'""",
            "weight 3, host http://c",
        ),
        ("-H http://h --web-port 1", "Visitor"),
    ],
)
def test_options_are_applied(tmp_path: Path, line: str, told: str) -> None:
    done = check(tmp_path, line)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout


def test_a_shape_is_told(tmp_path: Path) -> None:
    done = check(tmp_path, "-H http://h", SUITE + SHAPE)
    assert done.returncode == 0, done.stderr
    assert "Load: as the shape Steps decides\n" in done.stdout
    assert "Load shapes:\n  Steps (this one decides)\n" in done.stdout


@pytest.mark.parametrize(
    ("line", "suite", "code", "problem"),
    [
        ("", SUITE, 1, "Visitor has no host: give --host, or set the class's host"),
        ("-H http://h -T slow", SUITE, 1, "Admin has no task that the tags leave"),
        ("", "from locust import User\nclass Idle(User): ...", 1, "Idle has no task"),
        ("Nobody", SUITE, 1, "unknown user class: Nobody"),
        ("", "x = 1", 1, "no user class"),
        ("", "import no_such_module", 1, "ModuleNotFoundError"),
        ("-f missing.py", SUITE, 1, "missing.py"),
        ("--no-such", SUITE, 2, "--no-such"),
        ("-t soon", SUITE, 2, "--run-time"),
        ("--shop west", SUITE, 2, "--shop"),
        ("""--config-users '{"user_class_name": "Nobody"}'""", SUITE, 255, "Nobody"),
    ],
)
def test_problems_end_with_a_line_and_a_code(
    tmp_path: Path, line: str, suite: str, code: int, problem: str
) -> None:
    done = check(tmp_path, line, suite)
    assert done.returncode == code, done.stderr
    assert problem in done.stderr.splitlines()[-1], done.stderr


def test_a_locustfiles_own_check_is_its_own(tmp_path: Path) -> None:
    """Locust has no such option, so a suite may have taken the name, and -q too."""
    suite = """
from locust import User, events, task

@events.init_command_line_parser.add_listener
def extend(parser):
    parser.add_argument("-q", "--check", default="none")

@events.init.add_listener
def show(environment, **kwargs):
    print(environment.parsed_options.check, environment.parsed_options.katydid_check)

class Idle(User):
    @task
    def idle(self): ...
"""
    done = check(tmp_path, "mine --headless -u 0 -t 1s --quiet", suite)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "mine False\n"


def test_ratios_of_equal_weights_are_those_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(SUITE)
    shown = subprocess.run(
        [sys.executable, "-m", "katydid", "--show-task-ratio", "--equal-weights", "Visitor"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    assert [line.split() for line in shown.splitlines() if line.startswith("   ")][:3] == [
        ["33.3", "deep"],
        ["33.3", "deeper"],
        ["33.3", "look"],
    ]
