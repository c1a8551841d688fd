"""The commands of docs/guide/from-locust.md do what the guide says, in the order in which it has them."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from commands import RUN_TIME_BEGINS_NOW, free_port
from scripted import Server
from stand_in import environment_with_stand_in

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guide/from-locust.md").read_text()
SUITE = ROOT / "examples/patterns/sequence.py"
_PORT = "8000"

VISITS = """
def test_visit(session):
    assert session.get("/health").status_code == 200

def test_quick_visit(fastsession):
    assert fastsession.get("/health").status_code == 200
"""


def commands(step: int) -> str:
    """What the guide has typed in one of its steps, but for what installs."""
    text = re.split(r"^## ", GUIDE, flags=re.MULTILINE)[step]
    assert text.startswith(f"{step}. ")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert blocks, f"step {step} has no commands"
    return "".join(blocks)


def typed(script: str, folder: Path, port: int, *programs: Path) -> str:
    """Run commands in a folder with a suite. Commands are looked for in the folders `programs` first.

    Returns what they said. All must end with code 0.
    """
    (folder / "locustfile.py").write_text(SUITE.read_text() + RUN_TIME_BEGINS_NOW)
    (folder / "test_visits.py").write_text(VISITS)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "PYTEST_"))}
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    script = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + script
    done = subprocess.run(
        ["bash", "-c", script.replace(_PORT, str(port))],
        cwd=folder,
        env={**kept, "HOME": str(folder), "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def ours() -> Path:
    """Where the command katydid is."""
    return Path(os.environ.get("KATYDID", sys.executable)).parent


@pytest.fixture
def stock() -> Path:
    """Where stock Locust's command is."""
    return Path(os.environ["STOCK_PYTHON"]).parent


def rows(file: Path) -> set[tuple[str, str]]:
    with file.open(newline="") as lines:
        return {(row["Type"], row["Name"]) for row in csv.DictReader(lines)}


def test_it_asks_whether_the_suite_would_run(ours: Path, tmp_path: Path) -> None:
    said = typed(commands(2), tmp_path, 1, ours)
    assert "User classes:" in said


def test_it_runs_the_suite_on_both(ours: Path, stock: Path, tmp_path: Path) -> None:
    typed(commands(3), tmp_path, free_port(), ours, stock)
    assert rows(tmp_path / "ours_stats.csv") == rows(tmp_path / "theirs_stats.csv")
    assert len(rows(tmp_path / "ours_stats.csv")) > 2
    for who in ("ours", "theirs"):
        assert (tmp_path / f"{who}_failures.csv").read_text().count("\n") == 1


def test_everything_that_says_locust(tmp_path: Path) -> None:
    python = environment_with_stand_in(tmp_path)
    runner = python.with_name("pytest")  # its scripts stay where it is installed
    runner.write_text(f'#!/bin/sh\nexec {python} -m pytest -p no:cacheprovider "$@"\n')
    runner.chmod(0o755)
    said = typed(commands(5), tmp_path, Server().port, python.parent)
    assert said.startswith("katydid ")
    assert "2 passed" in said


def test_what_it_has_installed_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(project["optional-dependencies"])
    named = set(re.findall(r"katydid\[(\w+)\]", GUIDE))
    assert named and named <= extras
    contrib = re.search(r"`locust\.contrib\.(mqtt.*?)` \|", GUIDE)
    assert contrib is not None
    assert set(re.findall(r"\w+", contrib[1])) == extras - {"web", "otel"}
    assert "make wheel" in GUIDE and re.search(r"^wheel:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert f"katydid-{_version()}-" in GUIDE


def _version() -> str:
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())
    version: str = cargo["workspace"]["package"]["version"]
    return version
