"""`--processes`: workers that the command starts of itself, on whose ends it keeps an eye."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from nodes import Cluster, Node, cluster_in
from waiting import eventually

SUITE = """
import json
import os

from locust import User, constant, events, runners, task

runners.WORKER_REPORT_INTERVAL = 0.5
fired = 0

def tell(event, **facts):
    line = json.dumps({"event": event, "pid": os.getpid(), **facts})
    os.write(1, (line + "\\n").encode())  # in one piece: processes share the output

tell("imported")

class Visitor(User):
    wait_time = constant(0.05)

    @task
    def visit(self):
        global fired
        fired += 1
        self.environment.events.request.fire(
            request_type="GET", name="/a", response_time=1, response_length=1, exception=None, context={}
        )

@events.test_stop.add_listener
def on_stop(environment, **_):
    kind = type(environment.runner).__name__
    tell("test_stop", kind=kind, fired=fired, total=environment.stats.total.num_requests)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_in(tmp_path, SUITE) as cluster:
        yield cluster


def children(node: Node) -> list[psutil.Process]:
    return psutil.Process(node.process.pid).children()


def are_gone(processes: list[psutil.Process]) -> bool:
    """Have they ended? Where nobody buries the dead, they remain as names."""

    def is_gone(process: psutil.Process) -> bool:
        with suppress(psutil.NoSuchProcess):
            return process.status() == psutil.STATUS_ZOMBIE
        return True

    return all(is_gone(process) for process in processes)


def with_page(cluster: Cluster, *options: str) -> Node:
    """A parent with a page and two children."""
    web = ("--web-host", "127.0.0.1", "--web-port", cluster.page.rpartition(":")[2])
    port = ("--master-bind-port", str(cluster.port))
    node = cluster.start("katydid", "--processes", "2", *web, *port, *options)
    node.expect("2 workers are connected")
    eventually("the page", lambda: cluster._answers())
    return node


def test_other_processes_that_end_are_not_taken_for_children(cluster: Cluster, tmp_path: Path) -> None:
    waits = "\nimport subprocess\nsubprocess.run(['true'], check=True)\n"
    (tmp_path / "locustfile.py").write_text(SUITE + waits)
    load = ("--headless", "-u", "4", "-r", "100", "-t", "2s", "--only-summary")
    options = ("--processes", "2", "--master-bind-port", "0", *load)
    store = {"KATYDID_STORE": str(tmp_path / "runs.db")}  # which asks git for the revision
    node = cluster.start("katydid", *options, **store)
    assert node.ended() == 0, node.log
    assert not node.said("Traceback"), node.log
    killed = cluster.start("katydid", *options, "-t", "60s", **store)
    killed.expect("all users spawned")
    children(killed)[0].kill()
    killed.expect("was killed by SIGKILL")
    killed.signal(signal.SIGTERM)
    assert killed.ended() == 0 and not killed.said("Traceback"), killed.log


def test_children_share_the_import_and_the_load(cluster: Cluster) -> None:
    load = ("--headless", "-u", "6", "-r", "100", "-t", "2s", "--only-summary")
    node = cluster.start("katydid", *load, "--master-bind-port", "0", LOCUST_PROCESSES="2")
    assert node.ended() == 0, node.log
    assert len(node.facts("imported")) == 1, "the locustfile is imported once, in the parent"
    ends = node.facts("test_stop")
    workers = [end for end in ends if end["kind"] == "WorkerRunner"]
    (master,) = [end for end in ends if end["kind"] == "MasterRunner"]
    assert len({end["pid"] for end in ends}) == 3 and len(workers) == 2
    assert all(end["fired"] > 10 for end in workers) and master["fired"] == 0
    assert master["total"] == sum(end["fired"] for end in workers), "every sample, once"


def test_minus_one_is_one_for_each_core(cluster: Cluster) -> None:
    load = ("--headless", "-u", "1", "-t", "1s", "--only-summary")
    node = cluster.start("katydid", *load, "--master-bind-port", "0", "--processes", "-1")
    assert node.ended() == 0, node.log
    ends = [end for end in node.facts("test_stop") if end["kind"] == "WorkerRunner"]
    assert len(ends) == os.cpu_count()


def test_a_child_that_dies_is_reported_and_its_users_are_taken_over(cluster: Cluster) -> None:
    node = with_page(cluster)
    cluster.swarm(6)
    eventually("users on both", lambda: cluster.users() == [3, 3])
    victim = children(node)[0].pid
    os.kill(victim, signal.SIGKILL)
    eventually("taking over", lambda: cluster.users() == [6], patience_s=30)
    assert node.said(f"the worker process {victim} was killed by SIGKILL")
    node.signal(signal.SIGTERM)
    assert node.ended() == 0, "a child's death is told, and is no failed request"


@pytest.mark.parametrize("way", ["Ctrl-C of a terminal", "SIGTERM of an operator"])
def test_a_signal_ends_all_in_order(cluster: Cluster, way: str) -> None:
    node = with_page(cluster, "--autostart", "-u", "4", "-r", "100")
    eventually("users", lambda: cluster.users() == [2, 2])
    of_node = children(node)
    assert len(of_node) == 2
    if way.startswith("Ctrl-C"):
        os.killpg(node.process.pid, signal.SIGINT)  # a terminal tells all of the group
    else:
        node.signal(signal.SIGTERM)
    assert node.ended() == 0, node.log
    assert are_gone(of_node)
    ends = node.facts("test_stop")
    (total,) = [end["total"] for end in ends if end["kind"] == "MasterRunner"]
    assert total == sum(end["fired"] for end in ends)
    assert not node.said("Traceback") and not node.said("ERROR")


def test_children_do_not_outlive_their_parent(cluster: Cluster) -> None:
    node = with_page(cluster)
    of_node = children(node)
    node.signal(signal.SIGKILL)
    node.process.wait(10)
    eventually("their end", lambda: are_gone(of_node), patience_s=20)


def test_workers_of_a_master_elsewhere_can_be_several(cluster: Cluster) -> None:
    master = cluster.headless(
        "stock", "--expect-workers", "2", "-u", "4", "-r", "100", "-t", "3s", "--only-summary"
    )
    workers = cluster.worker("katydid", "--processes", "2")
    assert workers.ended() == 0, workers.log
    assert master.ended() == 0, master.log
    assert len(workers.facts("imported")) == 1
    assert len({end["pid"] for end in workers.facts("test_stop")}) == 2
    assert not workers.said("has ended before")


def test_a_second_signal_ends_workers_of_a_master_elsewhere_at_once(cluster: Cluster) -> None:
    workers = cluster.worker("katydid", "--processes", "2")
    eventually("two children", lambda: workers.log.count("starting katydid") == 2)
    of_workers = children(workers)
    for child in of_workers:
        child.suspend()  # a child that hears nothing
    parent = psutil.Process(workers.process.pid)
    naps = parent.num_ctx_switches().voluntary
    workers.signal(signal.SIGINT)
    # Two signals at once would be one: it has heard the first when it has gone back to sleep.
    eventually("it has heard", lambda: parent.num_ctx_switches().voluntary > naps + 2)
    workers.signal(signal.SIGINT)
    assert workers.ended(10) == 1
    eventually("their end", lambda: are_gone(of_workers))


def test_children_never_join_a_stranger(cluster: Cluster) -> None:
    cluster.master("katydid")
    node = cluster.start("katydid", "--headless", "--processes", "2", "--master-bind-port", str(cluster.port))
    assert node.ended() == 1
    assert node.said(f"the master cannot listen on port {cluster.port}")
    assert cluster.stats()["workers"] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [("--processes -2", "--processes -2"), ("--processes 2 --master", "--processes and --master")],
)
def test_what_makes_no_sense_is_refused(cluster: Cluster, options: str, said: str) -> None:
    node = cluster.start("katydid", "--headless", *options.split())
    assert node.ended() == 1
    assert node.said(f"katydid: {said}")
