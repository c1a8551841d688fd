"""What is asked of a run is judged on the master, where the statistics of all workers are."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import Cluster, cluster_in

SUITE = """
from locust import User, constant, constant_throughput, events, task

class Shopper(User):
    wait_time = constant(0.02)

    @task
    def look(self):
        self.environment.events.request.fire(
            request_type="GET", name="/a", response_time=50, response_length=1, exception=None, context={}
        )

class Steady(Shopper):
    wait_time = constant_throughput(10)

class Broken(User):
    wait_time = constant(0.02)

    @task
    def miss(self):
        failure = ValueError("it's broken")
        self.environment.events.request.fire(
            request_type="GET", name="/b", response_time=5, response_length=1, exception=failure, context={}
        )
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_in(tmp_path, SUITE) as cluster:
        yield cluster


CLASSES = ("--threshold", "min>20ms on user:Shopper", "--threshold")

CASES = [
    (("Shopper", "--threshold", "p95<20s", "--threshold", "fail_ratio<1%"), 0, "Verdict: passed"),
    (("Shopper", "--threshold", "p95<10ms"), 3, "Verdict: failed (1 of 1 thresholds broken)"),
    (("Broken", "--threshold", "fail_ratio<1%"), 3, "FAIL  fail_ratio<1%  100.00 %"),
    (("Broken", "--threshold", "fail_ratio<1% after 1s abort"), 3, "the run is ended early"),
    (("Broken", "--expect", '"*broken*" on GET /b'), 0, "expected"),
    ((*CLASSES, "max<20ms on user:Broken", "--expect", '"*broken*"'), 0, "Verdict: passed"),
    ((*CLASSES, "max<2ms on user:Broken", "--expect", '"*broken*"'), 3, "1 of 2 thresholds broken"),
]


@pytest.mark.parametrize(
    ("options", "code", "said"), CASES, ids=[" ".join(options) for options, _, _ in CASES]
)
def test_a_cluster_has_one_verdict(cluster: Cluster, options: tuple[str, ...], code: int, said: str) -> None:
    load = ("-u", "4", "-r", "100", "-t", "60s" if "abort" in options[-1] else "2s", "--only-summary")
    node = cluster.start(
        "katydid", "--headless", "--processes", "2", "--master-bind-port", "0", *load, *options
    )
    assert node.ended(50) == code, node.log
    assert node.said(said)


@pytest.mark.parametrize("kind", ["katydid", "stock"])
def test_workers_of_both_kinds_are_judged(cluster: Cluster, kind: str) -> None:
    load = ("-u", "2", "-r", "100", "-t", "2s", "--only-summary", "--threshold", "p95<10ms on GET /a")
    master = cluster.headless("katydid", *load)
    worker = cluster.worker(kind)
    assert (master.ended(), worker.ended()) == (3, 0)


def test_rules_of_the_master_reach_the_workers_that_can_obey(cluster: Cluster) -> None:
    load = ("-u", "4", "-r", "50", "-t", "6s", "--only-summary", "--expect-workers", "2")
    master = cluster.headless("katydid", *load, "--expect", '"*broken*" on *', "Broken")
    own, stock = cluster.worker("katydid"), cluster.worker("stock")
    assert master.ended(45) == 1, "what the stock worker sends has failed"
    assert master.said("is stock Locust: no rule and no threshold of a user class judges its requests")
    (row,) = [line.split() for line in master.lines if '"*broken*" on *' in line]
    assert int(row[0]) > 0 and row[1] == "expected", row
    assert (own.ended(), stock.ended()) == (0, 0)


RATES = [
    (
        "-u 4 -r 100 -t 9s",
        ("rps>35 over 2s abort", "rps<45 over 2s", "requests>70 over 2s", "rps>35 over 5s"),
    ),
    (
        "--stages '2@100 for 4s, 4@100 for 4s'",
        ("rps>17 on level:1", "rps<23 on level:1", "rps>35 on level:2", "rps<45 on level:2"),
    ),
]


@pytest.mark.parametrize(("load", "asked"), RATES, ids=["windows", "levels"])
def test_windows_and_levels_hold_what_was_measured_in_them(
    cluster: Cluster, load: str, asked: tuple[str, ...]
) -> None:
    """Each user asks ten times a second, and a worker reports by itself every three seconds."""
    thresholds = [word for threshold in asked for word in ("--threshold", threshold)]
    many = ("--headless", "--processes", "2", "--master-bind-port", "0", "--only-summary")
    node = cluster.start("katydid", *many, *shlex.split(load), *thresholds, "Steady")
    assert node.ended(50) == 0, node.log
    assert node.said("Verdict: passed")


def test_levels_are_held_by_workers_and_told_apart(cluster: Cluster) -> None:
    levels = ("--stages", "2@100 for 2s, 4@100 for 2s", "--threshold", "failures==0 on level:2")
    many = ("--headless", "--processes", "2", "--master-bind-port", "0", "--only-summary")
    node = cluster.start("katydid", *many, *levels, "Shopper")
    assert node.ended(50) == 0, node.log
    assert node.said("spawning up to 2 users") and node.said("spawning up to 4 users")
    assert node.said("Verdict: passed")
