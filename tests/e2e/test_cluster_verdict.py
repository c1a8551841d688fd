"""A run on workers is judged where its statistics are: on the master, with what workers measure for that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import Cluster, cluster_in

SUITE = """
from locust import User, constant, task

class Visitor(User):
    wait_time = constant(0.05)
    milliseconds = 10

    @task
    def visit(self):
        self.environment.events.request.fire(
            request_type="GET", name="/a", response_time=self.milliseconds, response_length=1,
            exception=OSError("conflict") if type(self) is Slow else None, context={}
        )

class Slow(Visitor):
    milliseconds = 900
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_in(tmp_path, SUITE) as cluster:
        yield cluster


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--threshold", "p95<2s", "--threshold", "fail_ratio<60%"], 0, "Verdict: passed"),
        (["--threshold", "p95<500ms"], 3, "FAIL  p95<500ms  900"),
        (["--threshold", "max<500ms abort"], 3, "the run is ended early: max<500ms abort is broken"),
        (
            [
                "--threshold",
                "max<50ms on user:Visitor",
                "--threshold",
                "min>500ms on user:Slow",
                "--expect",
                "conflict",
            ],
            0,
            "Verdict: passed",
        ),
        (
            ["--threshold", "max<50ms on user:Slow", "--expect", '"*conflict*"'],
            3,
            "FAIL  max<50ms on user:Slow  900",
        ),
    ],
)
def test_the_master_judges(cluster: Cluster, options: list[str], code: int, said: str) -> None:
    options = ['"*conflict*"' if option == "conflict" else option for option in options]
    seconds = "60s" if "ended early" in said else "4s"
    master = cluster.headless(
        "katydid", "--expect-workers", "2", "-u", "4", "-r", "50", "-t", seconds, "--only-summary", *options
    )
    workers = [cluster.worker("katydid") for _ in range(2)]
    assert master.ended(45) == code, master.log
    assert master.said(said), master.log
    assert [worker.ended() for worker in workers] == [0, 0]


def test_rules_of_the_master_reach_the_workers_that_can_obey(cluster: Cluster) -> None:
    load = ("-u", "4", "-r", "50", "-t", "6s", "--only-summary", "--expect-workers", "2")
    master = cluster.headless("katydid", *load, "--expect", '"*conflict*" on *', "Slow")
    own, stock = cluster.worker("katydid"), cluster.worker("stock")
    assert master.ended(45) == 1, "what the stock worker sends has failed"
    assert master.said("is stock Locust: no rule and no threshold of a user class judges its requests")
    (row,) = [line.split() for line in master.lines if '"*conflict*" on *' in line]
    assert int(row[0]) > 0 and row[1] == "expected", row
    assert (own.ended(), stock.ended()) == (0, 0)
