"""`run_single_user` prints what stock Locust prints, and can be called again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("single_user.py")


def output_of(python: str, *arguments: str) -> list[str]:
    command = [python, str(SCRIPT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()


def test_one_user_by_itself():
    ours = output_of(sys.executable, "--katydid")
    assert ours == output_of(os.environ["STOCK_PYTHON"])
    assert ours[-1] == "same True"
    assert any(line.endswith("\tValueError('x')\t{'a': 1}\t") for line in ours)
