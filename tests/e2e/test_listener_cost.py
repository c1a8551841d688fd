"""The benchmark of a listener's cost runs, and what it finds is a small share of a request."""

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benches" / "micro" / "listener_cost.py"

# Of the CPU time of a request without one: a busy machine moves both, unlike microseconds.
_MOST = 0.6


def test_a_listener_adds_a_small_share_of_a_request() -> None:
    options = ["--pairs", "40", "--window", "0.05", "--users", "20"]
    run = subprocess.run(
        [sys.executable, str(BENCHMARK), *options], capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr
    rows = [line.split() for line in run.stdout.splitlines()[2:]]
    assert [row[0] for row in rows] == ["fast", "plain"]
    for _, without, _, of_the_best, of_the_median in rows:
        added = min(float(of_the_best), float(of_the_median))
        assert added < _MOST * float(without), run.stdout
