"""Used as a library, the package does what stock Locust does: the same script runs on both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("library_script.py")

# A program of one's own as the package's documentation shows it, under our own name.
DOCUMENTED = """
import katydid

katydid.patch()

import gevent
from katydid.locust import User, constant, task
from katydid.locust.env import Environment


class Mine(User):
    wait_time = constant(0.01)

    @task
    def work(self):
        with self.environment.events.request.measure("WORK", "sleep"):
            gevent.sleep(0.001)


environment = Environment(user_classes=[Mine])
runner = environment.create_local_runner()
runner.start(2, spawn_rate=10)
while environment.stats.total.num_requests < 5:
    gevent.sleep(0.01)
runner.quit()
entry = environment.stats.get("sleep", "WORK")
print(entry.num_requests >= 5, entry.num_failures, entry.avg_response_time >= 1)
"""


def output_of(python: str, *arguments: str) -> list[str]:
    command = [python, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=90).stdout.splitlines()


def test_a_script_sees_what_it_sees_with_stock_locust():
    theirs = output_of(os.environ["STOCK_PYTHON"], str(SCRIPT))
    ours = output_of(sys.executable, str(SCRIPT), "--katydid")
    assert ours[-1] == "end"
    assert ours == theirs


def test_the_documented_way():
    assert output_of(sys.executable, "-c", DOCUMENTED) == ["True 0 True"]
