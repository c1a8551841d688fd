"""Functions written for pytest, run as users; what stock Locust can do with them beside it."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import RUN_TIME_BEGINS_NOW
from scripted import Peer, Received, Server, answer

FILE = """
import time
import pytest

@pytest.fixture
def own(session):
    print("made", flush=True)
    yield session
    print("cleaned up", flush=True)

def test_session(session):
    time.sleep(0.05)
    session.get("/session")

def test_fast(fastsession):
    time.sleep(0.05)
    fastsession.get("/fast")

def test_missing(session):
    time.sleep(0.05)
    session.get("/missing").raise_for_status()
    raise RuntimeError("the line before raises")

def test_judged(session):
    time.sleep(0.05)
    with session.get("/judged", catch_response=True) as response:
        response.failure("looks wrong")
        response.raise_for_status()

class TestGroup:
    def test_method(self, session):
        time.sleep(0.05)
        session.get("/method")
"""

OURS = """
def test_own(own, beside, user):
    time.sleep(0.05)
    assert beside == ("beside", own) and own.user is user
    own.get("/own")

def test_assertion(session):
    time.sleep(0.05)
    assert 1 == 2

def test_nothing():
    time.sleep(0.05)
"""

CONFTEST = """
import pytest

@pytest.fixture
def beside(session):
    return "beside", session
"""

NAMES = ["test_session", "test_fast", "test_missing", "test_judged", "test_method"]


def script(request: Received, peer: Peer) -> bytes:
    return answer("404 Not Found" if request.path == "/missing" else "200 OK", b"{}")


@pytest.fixture
def server() -> Server:
    return Server(script)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "test_visits.py"
    path.write_text(FILE)
    return path


def run(python: str, file: Path, *options: str, beside: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command on a file, and what is named beside it, to its end."""
    package = "katydid" if python == sys.executable else "locust"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    return subprocess.run(
        [python, "-m", package, "-f", f"{file}{beside}", *options],
        cwd=file.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
    )


def load(url: str, *more: str) -> list[str]:
    """Options of a short run."""
    return ["--headless", "--only-summary", "-H", url, "-u", "5", "-r", "5", "-t", "2s", *more]


def table(path: Path) -> set[tuple[str, str, bool]]:
    """Rows of statistics: type, name, whether all or none failed."""
    with path.open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["Type"]]
    for row in rows:
        assert row["Failure Count"] in ("0", row["Request Count"])
    return {(row["Type"], row["Name"], row["Failure Count"] != "0") for row in rows}


def test_each_function_becomes_a_class_of_users(file: Path) -> None:
    theirs = run(os.environ["STOCK_PYTHON"], file, "--list")
    ours = run(sys.executable, file, "--list")
    assert ours.stdout == theirs.stdout
    assert ours.stdout.split() == ["Available", "Users:", *NAMES]


def test_a_run_records_what_stock_locust_does(file: Path, server: Server) -> None:
    clock = file.with_name("clock.py")
    clock.write_text(RUN_TIME_BEGINS_NOW)
    tables, codes, failures = [], [], []
    for python in (os.environ["STOCK_PYTHON"], sys.executable):
        done = run(python, file, *load(server.url, "--csv", "run", "-t", "3s"), beside=f",{clock}")
        tables.append(table(file.with_name("run_stats.csv")))
        codes.append(done.returncode)
        with file.with_name("run_failures.csv").open(newline="") as lines:
            failures.append({(row["Name"], row["Error"]) for row in csv.DictReader(lines)})
    assert (
        tables[0]
        == tables[1]
        == {
            ("GET", "/session", False),
            ("GET", "/fast", False),
            ("GET", "/missing", True),
            ("GET", "/judged", True),
            ("GET", "/method", False),
        }
    )
    assert codes == [1, 1]
    assert failures[0] == failures[1]


def test_one_function_may_be_chosen(file: Path, server: Server) -> None:
    done = run(sys.executable, file, *load(server.url, "test_method"))
    assert done.returncode == 0, done.stderr
    assert {request.path for request in server.requests} == {"/method"}


def test_fixtures_of_the_file_and_beside_it(file: Path, server: Server) -> None:
    file.write_text(FILE + OURS)
    file.with_name("conftest.py").write_text(CONFTEST)
    done = run(sys.executable, file, *load(server.url, "-u", "2", "test_own", "test_nothing"))
    assert done.returncode == 0, done.stderr
    assert {request.path for request in server.requests} == {"/own"}
    assert done.stdout.split("\n") == ["made", "cleaned up", ""]


def test_a_failed_assertion_is_counted(file: Path, server: Server) -> None:
    file.write_text(FILE + OURS)
    file.with_name("conftest.py").write_text(CONFTEST)
    done = run(sys.executable, file, *load(server.url, "-u", "1", "--csv", "run", "test_assertion"))
    assert done.returncode == 1
    with file.with_name("run_exceptions.csv").open(newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert int(row["Count"]) > 1
    assert "assert 1 == 2" in row["Traceback"]


def test_a_fixture_that_is_not_there_is_named(file: Path) -> None:
    file.write_text("def test_this(elsewhere): pass\n")
    done = run(sys.executable, file, "--headless")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert (
        "test_this asks for 'elsewhere', which is no fixture here: there are fastsession, session, user"
        in last
    )


def test_pytest_need_not_be_installed(tmp_path: Path, server: Server) -> None:
    path = tmp_path / "test_plain.py"
    path.write_text(
        "import sys\nassert 'pytest' not in sys.modules\n"
        "def test_it(session):\n    session.get('/plain')\n    assert 'pytest' not in sys.modules\n"
    )
    done = run(sys.executable, path, *load(server.url, "-u", "1", "-t", "1s"))
    assert done.returncode == 0, done.stderr
    assert {request.path for request in server.requests} == {"/plain"}
