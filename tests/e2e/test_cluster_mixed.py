"""Clusters of real processes: masters and workers of katydid's and of stock Locust's, in every mixture."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import Cluster, Node, cluster_in
from waiting import eventually

LOCUSTFILE = (Path(__file__).parent / "locustfiles" / "cluster.py").read_text()

MIXTURES = [
    ("stock", ("katydid", "katydid")),
    ("katydid", ("stock", "stock")),
    ("katydid", ("stock", "katydid")),
    ("stock", ("stock", "katydid")),
    ("katydid", ("katydid", "katydid")),
]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_in(tmp_path, LOCUSTFILE) as cluster:
        yield cluster


def is_running(cluster: Cluster, users: list[int]) -> bool:
    return cluster.stats()["state"] == "running" and cluster.users() == users


def fired(workers: list[Node], run: int) -> int:
    """How many requests the workers made in a run that is over, counted by themselves."""
    return sum(worker.facts("test_stop")[run]["fired"] for worker in workers)


@pytest.mark.parametrize(("kind", "kinds"), MIXTURES, ids=["-".join((m, *w)) for m, w in MIXTURES])
def test_every_mixture_runs_stops_restarts_and_quits(
    cluster: Cluster, kind: str, kinds: tuple[str, ...]
) -> None:
    master = cluster.master(kind)
    workers = [cluster.worker(kind) for kind in kinds]
    eventually("two workers", lambda: len(cluster.stats()["workers"]) == 2)

    cluster.swarm(4)
    eventually("users on both", lambda: is_running(cluster, [2, 2]))
    eventually("requests of both", lambda: cluster.requests() > 100)
    assert {entry["name"] for entry in cluster.stats()["stats"]} == {"/a", "/b", "Aggregated"}
    (error,) = cluster.stats()["errors"]
    assert (error["name"], error["error"]) == ("/b", 'ValueError("it\'s broken")')
    exceptions = eventually("exceptions", lambda: cluster.ask("/exceptions")["exceptions"])
    if kind == "katydid":  # stock's master takes the same fault on nodes of two kinds for two
        eventually("one of both", lambda: "," in str(cluster.ask("/exceptions")["exceptions"][0]["nodes"]))
        assert len(cluster.ask("/exceptions")["exceptions"]) == 1
    assert "a fault of the suite" in exceptions[0]["msg"]

    assert cluster.ask("/worker-count")["worker_count"] == 2
    assert cluster.ask("/tasks")["total"]["Visitor"]["ratio"] == 1.0
    eventually("logs of both", lambda: len(cluster.ask("/logs")["workers"]) == 2)
    for worker in workers:
        assert eventually("an answer of the master's", lambda worker=worker: worker.facts("welcome"))
        assert worker.facts("welcome")[0]["data"]["1"] == [1, None]
        assert eventually("news", lambda worker=worker: worker.facts("news"))[0]["data"] == "a test begins"
        assert eventually("spawning_complete", lambda worker=worker: worker.facts("spawning_complete"))
        assert worker.facts("spawning_complete")[0]["users"] == 4
        assert worker.facts("heartbeat_received")
    assert len(master.facts("hello")) == 2
    assert all(report["same"] for report in master.facts("report"))
    assert master.facts("heartbeat_sent") and len(master.facts("worker_connect")) == 2

    cluster.ask("/stop")
    eventually("the end of the run", lambda: cluster.stats()["state"] == "stopped")
    eventually("the workers' end", lambda: all(len(worker.facts("test_stop")) == 1 for worker in workers))
    eventually("every sample, once", lambda: cluster.requests() == fired(workers, 0))
    assert cluster.requests("/b") == cluster.stats()["errors"][0]["occurrences"] == fired(workers, 0) // 2

    eventually("workers that are ready again", lambda: cluster.users() == [0, 0])
    eventually("their state", lambda: {one["state"] for one in cluster.stats()["workers"]} == {"ready"})
    cluster.swarm(3)
    eventually("users again", lambda: is_running(cluster, [1, 2]))
    cluster.swarm(7)
    eventually("more users", lambda: is_running(cluster, [3, 4]))
    cluster.swarm(1)
    eventually("fewer users", lambda: is_running(cluster, [0, 1]))
    assert len(master.facts("test_start")) == 2
    assert all(len(worker.facts("test_start")) == 2 for worker in workers)

    master.signal(signal.SIGINT)
    assert [worker.ended() for worker in workers] == [0, 0]
    assert master.ended() == 1, "requests have failed"
    assert len(master.facts("test_stop")) == 2 and master.facts("quit") == [{"event": "quit", "code": 1}]
    if kind == "katydid":
        assert master.facts("test_stop")[1]["total"] == fired(workers, 1)
