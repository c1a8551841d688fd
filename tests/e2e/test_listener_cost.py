"""The benchmark of a listener's cost runs and prints its figures; what they are is a benchmark's business."""

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benches" / "micro" / "listener_cost.py"


def test_the_benchmark_tells_the_cost_with_each_client() -> None:
    options = ["--pairs", "4", "--window", "0.05", "--users", "5"]
    run = subprocess.run(
        [sys.executable, str(BENCHMARK), *options], capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr
    rows = [line.split() for line in run.stdout.splitlines()[2:]]
    assert [row[0] for row in rows] == ["fast", "plain"]
    assert all(float(without) > 0 for _, without, *_ in rows)
