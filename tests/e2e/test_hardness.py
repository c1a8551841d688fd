"""Locustfiles that treat the generator badly: it behaves as stock Locust does beside it, and never hangs.

Each name is a class of `locustfiles/hardness.py`. What katydid does otherwise than stock has tests of its own
and rows in docs/differences.md.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hard_server import HardServer

LOCUSTFILE = Path(__file__).parent / "locustfiles" / "hardness.py"
OBSERVER = Path(__file__).parents[1] / "compat" / "observer.py"
KATYDID = shlex.split(os.environ.get("KATYDID") or f"{sys.executable} -m katydid")
TIME_LIMIT = 60

CLIENTS = [
    "KillsRequests",
    "KillsItself",
    "TimesOutInSilence",
    "RaisesOwnTimeout",
    "Concurrent",
    "KilledInBlock",
    "Huge",
    "Deep",
    "DeepByMistake",
    "Closes",
    "ForkedChildAsks",
]
ALONE = [
    "PlainTimesOut",
    "RaisesInBody",
    "ExitsInTask",
    "ExitsHardInTask",
    "ExitsWithText",
    "ExitsInGreenlet",
    "ExitsInListener",
    "ExitsInOnStart",
    "ExitsInOnStop",
    "ExitsInTestStart",
    "ExitsInInit",
    "ExitsInQuitting",
    "RaisesInQuitting",
    "Interrupts",
    "KillsGreenlet",
    "KillsAllUsers",
    "QuitsInOnStart",
    "QuitsTwice",
    "StopsInOnStop",
    "RaisesInOnStop",
    "BlocksInOnStop",
    "SwallowsKill",
    "RegistersExit",
    "RunsProcess",
    "Forks",
    "ForksAndSleeps",
    "Multiprocesses",
    "PoolOfThreads",
    "LogsFromThreads",
    "Signals",
    "Sleeps",
    "Computes",
    "TalksDirectly",
    "RunsAsyncio",
    "Locks",
]


@dataclass
class Outcome:
    """How a run ended and what it told."""

    exit: int
    facts: list[str]
    rows: dict[str, int]
    failures: set[str]
    exceptions: set[str]
    log: str


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """The server's address."""
    with HardServer() as server:
        yield server.url


def begin(command: list[str], user_class: str, host: str, folder: Path) -> subprocess.Popen[str]:
    """Start a run of one class; at the end it leaves what its statistics hold in `folder`."""
    folder.mkdir(parents=True)
    options = ["--headless", "--only-summary", "-u", "1", "-t", "15s", "-H", host, user_class]
    return subprocess.Popen(
        [*command, "-f", f"{LOCUSTFILE},{OBSERVER}", *options],
        cwd=folder,
        env={**os.environ, "HARDNESS": user_class, "COMPAT_RESULT": str(folder / "result.json")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], folder: Path, host: str) -> Outcome:
    """Wait for the end of a run; one that does not come is a failure."""
    try:
        output, log = process.communicate(timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"the run hung: {process.communicate()[1][-4000:]}")
    result = folder / "result.json"
    seen = json.loads(result.read_text().replace(host, "HOST")) if result.exists() else {}
    return Outcome(
        process.returncode,
        [line.removeprefix("fact ") for line in output.splitlines() if line.startswith("fact ")],
        seen.get("rows", {}),
        set(seen.get("failures", [])),
        set(seen.get("exceptions", [])),
        log,
    )


def beside(user_class: str, host: str, folder: Path) -> tuple[Outcome, Outcome]:
    """The outcomes of one class on stock Locust and on katydid, run at the same time."""
    stock = [os.environ["STOCK_PYTHON"], "-m", "locust"]
    folders = folder / "stock", folder / "katydid"
    runs = [
        begin(command, user_class, host, place)
        for command, place in zip((stock, KATYDID), folders, strict=True)
    ]
    try:
        theirs, ours = (finish(run, place, host) for run, place in zip(runs, folders, strict=True))
    finally:
        for run in runs:
            run.kill()
    return theirs, ours


@pytest.mark.parametrize(
    "user_class", [f"{kind}{name}" for name in CLIENTS for kind in ("Plain", "Fast")] + ALONE
)
def test_survives_as_stock_does(user_class: str, host: str, tmp_path: Path) -> None:
    theirs, ours = beside(user_class, host, tmp_path)
    assert theirs.facts or theirs.exit, theirs.log
    assert ours.facts == theirs.facts, ours.log
    assert ours.exit == theirs.exit, ours.log
    assert ours.rows == theirs.rows
    assert ours.failures == theirs.failures
    assert ours.exceptions == theirs.exceptions


def test_half_an_answer_is_none_when_a_timeout_of_the_tasks_own_cuts_it(host: str, tmp_path: Path) -> None:
    theirs, ours = beside("FastTimesOut", host, tmp_path)
    assert "answered /drip 200" in theirs.facts, theirs.log
    assert ours.facts == [line.replace("/drip 200", "/drip 0") for line in theirs.facts], ours.log
    assert (ours.exit, ours.rows) == (theirs.exit, theirs.rows)


@pytest.mark.parametrize("user_class", ["PlainLoneThread", "FastLoneThread"])
def test_a_thread_of_the_system_may_use_the_client(user_class: str, host: str, tmp_path: Path) -> None:
    _, ours = beside(user_class, host, tmp_path)
    assert ours.facts == ["asked 200", "after 200", "acted", "quit 0"], ours.log
    assert (ours.exit, ours.rows) == (0, {"GET /": 2, "GET from a thread": 1})


def test_two_interrupts_end_a_task_that_never_yields(host: str, tmp_path: Path) -> None:
    run = begin(KATYDID, "Burns", host, tmp_path / "run")
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == "fact burning\n"
        for _ in range(2):
            run.send_signal(signal.SIGINT)
            time.sleep(0.5)
        assert run.wait(10) == 130
    finally:
        run.kill()
