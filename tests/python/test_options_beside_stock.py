"""The same command lines, variables and files mean the same to stock Locust and to katydid."""

import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from option_cases import PROBE, Case, all_cases

_PROBE_PROGRAM = Path(__file__).parent / "option_probe.py"

CASES = all_cases()

pytestmark = pytest.mark.timeout(900)  # the first test waits for all runs on both commands


@dataclass(frozen=True)
class Outcome:
    """What a command made of a case."""

    code: int
    seen: dict[str, Any] | None
    """What the locustfile saw; None if it was refused or answered before that."""
    stdout: str
    stderr: str


def _prepare(folder: Path, case: Case) -> dict[str, Any]:
    (folder / "home").mkdir(parents=True)
    for name, text in {"locustfile.py": PROBE, **case.files}.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    arguments = [*(["--headless"] if case.headless else []), *shlex.split(case.line)]
    return {"arguments": arguments, "env": case.env, "folder": str(folder)}


def _collect(folder: Path) -> Outcome:
    seen = folder / "seen.json"
    return Outcome(
        code=int((folder / "exit").read_text()),
        seen=json.loads(seen.read_text()) if seen.exists() else None,
        stdout=(folder / "stdout").read_text(),
        stderr=(folder / "stderr").read_text(),
    )


def _outcomes(python: str, command: str, folder: Path) -> list[Outcome]:
    """Run all cases on one of the two commands."""
    folders = [folder / command / str(number) for number in range(len(CASES))]
    prepared = [_prepare(place, case) for place, case in zip(folders, CASES, strict=True)]
    table = folder / f"{command}.json"
    table.write_text(json.dumps(prepared))
    subprocess.run([python, str(_PROBE_PROGRAM), command, str(table)], check=True, timeout=800)
    return [_collect(place) for place in folders]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Outcome, Outcome]]:
    """Of each case, what stock Locust and what katydid made of it."""
    python = os.environ.get("STOCK_PYTHON")
    if not python:
        pytest.fail("STOCK_PYTHON must name a Python with stock Locust 2.46.3 installed (make test sets it)")
    folder = tmp_path_factory.mktemp("options")
    with ThreadPoolExecutor() as side_by_side:
        theirs = side_by_side.submit(_outcomes, python, "locust", folder)
        ours = side_by_side.submit(_outcomes, sys.executable, "katydid", folder)
        return list(zip(theirs.result(), ours.result(), strict=True))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[str(case) for case in CASES])
def test_alike(number: int, outcomes: list[tuple[Outcome, Outcome]]) -> None:
    case = CASES[number]
    theirs, ours = outcomes[number]
    story = f"stock Locust said:\n{theirs.stderr}\nkatydid said:\n{ours.stderr}"
    if case.our_code is not None:
        assert ours.code == case.our_code != theirs.code, story
        return
    assert ours.code == theirs.code, story
    assert _comparable(ours.seen) == _comparable(theirs.seen), story
    if case.is_output_alike:
        assert ours.stdout == theirs.stdout


def _comparable(seen: dict[str, Any] | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    options = {name: value for name, value in seen["options"].items() if not name.startswith("katydid_")}
    # The classes that a command line names run, on stock Locust, in the order of a set: any.
    return {**seen, "options": options, "classes": sorted(seen["classes"], key=str)}


def test_refusals_are_told_in_one_line(outcomes: list[tuple[Outcome, Outcome]]) -> None:
    refused = [
        (case, ours)
        for case, (_, ours) in zip(CASES, outcomes, strict=True)
        if ours.code == 2 and not ours.seen
    ]
    assert len(refused) > 20
    for case, ours in refused:
        first = ours.stderr.splitlines()[0]
        assert first.startswith("katydid: error: "), (str(case), ours.stderr)
        assert "Traceback" not in ours.stderr
