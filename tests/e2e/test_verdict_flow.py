"""The flow of the guide on verdicts in short: a run, the same again, and one against a slowed service."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "guide.py"


def test_a_slowed_service_is_found_and_an_unchanged_one_is_not() -> None:
    # The script fails unless every step comes to what it must; here it is held to having looked at all.
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--profile", "short"], capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    unchanged, slowed = done.stdout.split("--baseline main")[1:]
    assert re.search(r"^No regression: none of 2 is worse", unchanged, re.MULTILINE), done.stdout
    assert re.search(r"^POST query at rag: level 1: (median|p95) \+\d+", slowed, re.MULTILINE), done.stdout
    assert slowed.rstrip().endswith("exit code 3")
