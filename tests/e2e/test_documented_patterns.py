"""What Locust's documentation shows, as files of our own: each runs on stock Locust and on katydid alike.

Both meet the practice servers of `katydid target`. What is compared: the rows of the statistics, whether all,
some or none of a row failed, the failure texts, the lines that begin with `fact`, the exit code.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import katydid, target

PATTERNS = Path(__file__).parents[2] / "examples" / "patterns"
RESULT = "result.json"
_PATIENCE = 60

# A locustfile beside each pattern: CSV files of stock Locust lack a short run's last second. And stock Locust
# counts the run time from when its loop last looked at the clock, on a busy machine before a long start-up.
OBSERVER = f"""
import json
import gevent
from locust import events

@events.init.add_listener
def observe(environment, **kwargs):
    gevent.get_hub().loop.update_now()
    stats = environment.stats

    @events.quit.add_listener
    def write(**kwargs):
        rows = {{}}
        for (name, method), entry in stats.entries.items():
            failed = entry.num_failures
            share = "none" if failed == 0 else "all" if failed == entry.num_requests else "some"
            rows[f"{{method}} {{name}}"] = share
        failures = [str(error.to_name()).partition(": ")[2] for error in stats.errors.values()]
        with open({RESULT!r}, "w") as file:
            json.dump({{"rows": rows, "failures": failures}}, file)
"""


@dataclass(frozen=True)
class Pattern:
    """How a file is run, and what must come of it on both."""

    rows: set[str]
    options: str = "-u 2 -r 10 -t 2s"
    target: str = "shop"
    code: int = 0
    failures: frozenset[str] = frozenset()
    fewest_facts: int = 0


LOST = frozenset({"HTTPError('404 Client Error: Not Found for url: /nothing')"})

TABLE: dict[str, Pattern] = {
    "background": Pattern({"/nothing"}, options="-u 2 -r 10 -t 20s", code=1, failures=LOST, fewest_facts=1),
    "csv_data": Pattern({"/orders of ada", "/orders of bo", "/orders of cy"}, options="-u 3 -r 10 -t 2s"),
    "custom_arguments": Pattern(
        {"/products"}, options="-u 1 -t 1s --page products --twice --tenant north", fewest_facts=1
    ),
    "custom_client": Pattern({"greeting"}),
    "dynamic_users": Pattern({"/health", "/products"}, options="-u 4 -r 10 -t 2s"),
    "event_stream": Pattern({"/api/v1/events/stream", "first event"}, target="gateway"),
    "everybody_first": Pattern({"/health"}, options="-u 4 -r 4 -t 3s", fewest_facts=1),
    "exporter": Pattern({"/health", "/nothing"}, code=1, failures=LOST, fewest_facts=2),
    "fixed_count": Pattern(
        {"Admin visits", "Admin reads orders", "Reader visits", "Buyer visits"},
        options="-u 5 -r 10 -t 3s",
        fewest_facts=1,
    ),
    "grouped_names": Pattern(
        {"/products/[id]", "/products?page=[n]", "/health, whoever asks"}, options="-u 3 -r 10 -t 3s"
    ),
    "listeners": Pattern({"/health"}, code=3, fewest_facts=3),
    "log_in": Pattern({"/auth/login", "/servers"}, target="mcp", options="-u 3 -r 10 -t 3s"),
    "manual_statistics": Pattern(
        {"import", "export"}, code=1, failures=frozenset({"disk full"}), fewest_facts=3
    ),
    "markov": Pattern({"arrive", "list", "look"}, options="-u 3 -r 10 -t 3s"),
    "measured_block": Pattern(
        {"compute", "fail"},
        code=1,
        failures=frozenset({"ValueError('no result')"}),
        options="-u 3 -r 10 -t 3s",
    ),
    "messages": Pattern({"visit of ada"}, fewest_facts=2),
    "parallel": Pattern({"/health", "/products", "/orders"}),
    "request_log": Pattern({"/health"}, fewest_facts=1),
    "rest": Pattern(
        {"/orders", "/health, expected otherwise", "/products, never cached"},
        options="-u 3 -r 10 -t 3s",
        code=1,
        failures=frozenset({"status is not bad"}),
    ),
    "sdk_session": Pattern({"/products?page=1", "buy"}),
    "sequence": Pattern({"1 look", "2 order", "3 pay"}),
    "several_hosts": Pattern(
        {
            "first",
            "second by an absolute URL",
            "by class, unless --host says otherwise",
            "second by a client of its own",
            "second by a fast client of its own",
        },
        options="-u 3 -r 10 -t 2s",
    ),
    "shape_double_wave": Pattern({"/health"}, options=""),
    "shape_stages": Pattern({"/products", "/orders"}, options=""),
    "shape_steps": Pattern({"/health"}, options="", fewest_facts=3),
    "shape_time_window": Pattern({"/health"}, options="-u 4 -r 10 -t 4s"),
    "test_functions": Pattern({"/health", "/products"}),
    "validation": Pattern(
        {"/products", "/health", "/nothing", "/health is wrong", "/health?at=[n]", "/nothing (given up)"},
        options="-u 4 -r 10 -t 4s",
        code=1,
        failures=frozenset(
            {"should have failed", "HTTPError('404 Client Error: Not Found for url: /nothing (given up)')"}
        ),
    ),
    "waits": Pattern(
        {"longer and longer", "every half second", "four a second", "now and then"},
        options="-u 4 -r 10 -t 3s",
    ),
}


@dataclass
class Outcome:
    """What a run left behind."""

    rows: dict[str, str]
    failures: set[str]
    facts: list[str]
    code: int
    log: str


def begin(words: list[str], folder: Path, **variables: str) -> subprocess.Popen[str]:
    """Start a run in a folder of its own."""
    folder.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    return subprocess.Popen(
        words,
        cwd=folder,
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[list[str], str]:
    """The facts that a run printed, and its log."""
    try:
        output, log = process.communicate(timeout=_PATIENCE)
    finally:
        process.kill()
    return [line for line in output.splitlines() if line.startswith("fact ")], log


def outcome_of(process: subprocess.Popen[str], folder: Path) -> Outcome:
    """Wait for a run of the command and read its files."""
    facts, log = finish(process)
    result = json.loads((folder / RESULT).read_text())
    return Outcome(result["rows"], set(result["failures"]), facts, process.returncode, log)


def stock_python() -> str:
    """The interpreter that has stock Locust."""
    python = os.environ.get("STOCK_PYTHON")
    assert python, "STOCK_PYTHON must name a Python with stock Locust (make test sets it)"
    return python


@pytest.mark.parametrize("name", TABLE)
def test_same_on_both(name: str, tmp_path: Path) -> None:
    pattern = TABLE[name]
    commands = {"stock": [stock_python(), "-m", "locust"], "katydid": katydid()}
    observer = tmp_path / "observer.py"
    observer.write_text(OBSERVER)
    with ExitStack() as servers:
        processes = {}
        for who, words in commands.items():
            host, second = (servers.enter_context(target(pattern.target)) for _ in range(2))
            files = f"{PATTERNS / name}.py,{observer}"
            options = ["-f", files, "--headless", "--only-summary", "-H", host]
            words = [*words, *options, *shlex.split(pattern.options)]
            processes[who] = begin(words, tmp_path / who, SECOND_HOST=second)
        theirs, mine = (outcome_of(process, tmp_path / who) for who, process in processes.items())
    for outcome in (theirs, mine):
        assert {row.partition(" ")[2] for row in outcome.rows} == pattern.rows, outcome.log
        assert outcome.code == pattern.code, outcome.log
        assert outcome.failures == pattern.failures, outcome.log
        assert len(outcome.facts) >= pattern.fewest_facts, outcome.log
        assert "Traceback" not in outcome.log, outcome.log
    assert mine.rows == theirs.rows
    assert mine.facts == theirs.facts


def test_as_a_library(tmp_path: Path) -> None:
    with target("shop") as host:
        facts = []
        for who, python in (("stock", stock_python()), ("katydid", sys.executable)):
            process = begin([python, str(PATTERNS / "library.py"), host], tmp_path / who)
            lines, log = finish(process)
            assert process.returncode == 0, log
            facts.append(lines)
    assert facts[0] == facts[1]
    assert facts[1] == [
        "fact start",
        "fact stop",
        "fact requests True failures 0 users 0",
        "fact entry True",
    ]


def test_functions_under_plain_pytest(tmp_path: Path) -> None:
    with target("shop") as host:
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
        process = begin([*words, "--host", host, str(PATTERNS / "test_functions.py")], tmp_path / "run")
        output, _ = process.communicate(timeout=_PATIENCE)
    assert "2 passed" in output, output


def test_every_pattern_is_run_and_says_what_it_shows() -> None:
    files = {path.stem: path for path in PATTERNS.glob("*.py")}
    assert set(files) == {*TABLE, "library"}
    index = (PATTERNS / "README.md").read_text()
    for name, path in files.items():
        first = path.read_text().splitlines()[0]
        assert re.fullmatch(r'""".{20,}\.("{3})?', first), f"{name}: {first}"
        assert f"| [{name}.py]({name}.py) | {first.strip(chr(34))} |" in index, name
