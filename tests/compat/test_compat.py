"""Every case of `cases/` runs on stock Locust and on katydid, and both keep what its header promises.

STOCK_PYTHON names the interpreter that has stock Locust; without it these tests fail. KATYDID may name the
command to test, else it is this interpreter's.
"""

import os
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from facts import Facts, read_facts
from recorder import RecordingServer
from runs import Result, Run

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))

# How far counts of two timed runs may lie apart: the share of the larger, and the number for small counts.
# Stock Locust's run time begins during its start-up, so that its short runs are up to a second shorter.
_TOLERANCE_SHARE = 0.6
_TOLERANCE_COUNT = 4
_STORY_LENGTH = 4000


@pytest.fixture(scope="session")
def stock() -> list[str]:
    python = os.environ.get("STOCK_PYTHON")
    if not python:
        pytest.fail("STOCK_PYTHON must name a Python with stock Locust 2.46.3 installed (make test sets it)")
    return [python, "-m", "locust"]


@pytest.fixture(scope="session")
def katydid() -> list[str]:
    command = os.environ.get("KATYDID")
    return shlex.split(command) if command else [sys.executable, "-m", "katydid"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_same_facts_on_both(case: Path, stock: list[str], katydid: list[str], tmp_path: Path) -> None:
    facts = read_facts(case)
    with RecordingServer() as server_of_stock, RecordingServer() as server_of_ours:
        runs = (
            Run.begin(stock, case, facts, server_of_stock, tmp_path / "stock"),
            Run.begin(katydid, case, facts, server_of_ours, tmp_path / "katydid"),
        )
        with ThreadPoolExecutor() as side_by_side:
            theirs, ours = side_by_side.map(Run.finish, runs)
    _assert_promises(facts, theirs, "stock Locust")
    _assert_promises(facts, ours, "katydid")
    _assert_alike(facts, theirs, ours)


def test_every_case_promises_something() -> None:
    assert CASES
    for case in CASES:
        facts = read_facts(case)
        assert facts.exit or facts.facts != "same" or facts.rows or '"fact' in case.read_text(), case.name


def _assert_promises(facts: Facts, result: Result, who: str) -> None:
    story = f"{who} ended with:\n{result.log[-_STORY_LENGTH:]}"
    assert result.exit == facts.exit, story
    if facts.facts != "same":
        assert result.facts == facts.facts, story
    if facts.failures != "same":
        assert result.failures == set(facts.failures), story
    if facts.exceptions != "any":
        assert result.exceptions == set(facts.exceptions), story
    for row, (fewest, most) in facts.rows.items():
        assert fewest <= result.rows.get(row, 0) <= most, f"{row}: {result.rows}\n{story}"


def _assert_alike(facts: Facts, theirs: Result, ours: Result) -> None:
    assert ours.facts == theirs.facts, ours.log
    assert ours.failures == theirs.failures
    assert ours.tables == theirs.tables
    if facts.ordered:
        assert ours.rows == theirs.rows
        assert [str(asked) for asked in ours.asked] == [str(asked) for asked in theirs.asked]
    else:
        _assert_similar_counts(theirs.rows, ours.rows)
        _assert_similar_counts(theirs.paths, ours.paths)
        assert _kinds(ours) == _kinds(theirs)


def _kinds(result: Result) -> set[str]:
    """The different requests of a run."""
    return {str(asked) for asked in result.asked}


def _assert_similar_counts(theirs: dict[str, int], ours: dict[str, int]) -> None:
    assert set(ours) == set(theirs)
    for name, count in theirs.items():
        allowed = max(_TOLERANCE_COUNT, _TOLERANCE_SHARE * max(count, ours[name]))
        assert abs(ours[name] - count) <= allowed, f"{name}: {count} on stock Locust, {ours[name]} on katydid"
