"""The command as a node of a cluster: options, variables, keys, locustfiles that travel, exit codes."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import Cluster, cluster_in
from waiting import eventually

SUITE = """
from locust import User, constant, events, task

@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--colour", default="grey")

class Visitor(User):
    wait_time = constant(0.05)

    @task
    def visit(self):
        self.environment.events.request.fire(
            request_type="GET", name="/a", response_time=1, response_length=1, exception=None, context={}
        )

@events.test_start.add_listener
def tell(environment, **_):
    options = environment.parsed_options
    print("begun in", options.colour, environment.host, options.num_users, flush=True)
"""

SECRET = "correct horse battery staple"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_in(tmp_path, SUITE) as cluster:
        yield cluster


def test_options_and_variables_say_the_same(cluster: Cluster) -> None:
    """One node of each kind is told by options, one by variables."""
    load = ("-u", "4", "-r", "50", "-t", "2s", "--only-summary", "-H", "http://there", "--colour", "red")
    port = str(cluster.port)
    for is_by_options in (True, False):
        if is_by_options:
            listening = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port)
            master = cluster.start("katydid", *listening, "--expect-workers", "2", "--headless", *load)
            joining = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
            workers = [cluster.start("katydid", *joining) for _ in range(2)]
        else:
            there = {"LOCUST_MASTER_BIND_HOST": "127.0.0.1", "LOCUST_MASTER_BIND_PORT": port}
            waits = {"LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP": "0.5 * WORKER_REPORT_INTERVAL"}
            expects = {"LOCUST_MODE_MASTER": "true", "LOCUST_EXPECT_WORKERS": "2", **waits}
            master = cluster.start("katydid", "--headless", *load, **expects, **there)
            here = {"LOCUST_MASTER_NODE_HOST": "127.0.0.1", "LOCUST_MASTER_NODE_PORT": port}
            rests = {"LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP": "1"}
            workers = [cluster.start("katydid", LOCUST_MODE_WORKER="true", **here, **rests) for _ in range(2)]
        assert master.ended() == 0
        assert [worker.ended() for worker in workers] == [0, 0]
        assert master.said('all users spawned: {"Visitor": 4} (4 in total)')
        for worker in workers:
            assert worker.said("begun in red http://there None"), "only the suite's own options travel"


def test_a_master_gives_up_waiting_for_workers(cluster: Cluster) -> None:
    node = cluster.headless("katydid", "--expect-workers", "2", "-u", "1", LOCUST_EXPECT_WORKERS_MAX_WAIT="1")
    other = cluster.start(
        "katydid", "--master", "--headless", "--master-bind-port", "0", "--expect-workers-max-wait", "1"
    )
    for master in (node, other):
        assert master.ended() == 1
        assert master.said("gave up waiting for workers: 0 of ")


def test_a_worker_that_joins_a_running_test_gets_users(cluster: Cluster) -> None:
    cluster.master("katydid", "--enable-rebalancing")
    cluster.worker("katydid")
    eventually("a worker", lambda: cluster.users() == [0])
    cluster.swarm(6)
    eventually("its users", lambda: cluster.users() == [6])
    cluster.worker("stock")
    eventually("a fair share", lambda: cluster.users() == [3, 3])
    cluster.worker("katydid")
    eventually("a fair share again", lambda: cluster.users() == [2, 2, 2])


@pytest.mark.parametrize(
    ("of_master", "of_worker"), [("katydid", "katydid"), ("katydid", "stock"), ("stock", "katydid")]
)
def test_the_locustfile_comes_from_the_master(
    cluster: Cluster, tmp_path: Path, of_master: str, of_worker: str
) -> None:
    load = ("-u", "2", "-r", "50", "-t", "2s", "--only-summary", "--colour", "red")
    master = cluster.headless(of_master, *load)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    cluster.folder = elsewhere
    worker = cluster.worker(of_worker, "-f", "-")
    assert (master.ended(), worker.ended()) == (0, 0)
    assert worker.said("begun in red")


def test_a_key_lets_in_who_has_it_and_nobody_else(cluster: Cluster, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(SECRET + "\n")
    load = ("-u", "1", "-t", "3s", "--only-summary")
    master = cluster.headless("katydid", *load, KATYDID_CLUSTER_KEY=SECRET)
    stranger = cluster.worker("katydid", "-f", "-")
    assert stranger.ended() == 255
    assert stranger.said("it has a cluster key")
    liar = cluster.worker("katydid", "--cluster-key", "another secret altogether")
    liar.expect("refused this node's cluster key")
    master.expect("it has no cluster key")
    master.expect("its cluster key is not")
    liar.signal(signal.SIGTERM)
    liar.ended()
    with_key = cluster.worker("katydid", "-f", "-", "--cluster-key-file", str(key_file))
    assert (master.ended(), with_key.ended()) == (0, 0)
    assert not with_key.said(SECRET) and not master.said(SECRET)
    refusals = [line for line in master.lines if "is refused" in line]
    assert len(refusals) == 2, "each stranger is told of once"


def test_strangers_disturb_no_run_and_are_told_once(cluster: Cluster) -> None:
    master = cluster.headless("katydid", "-u", "2", "-r", "50", "-t", "4s", "--only-summary")
    worker = cluster.worker("katydid")
    master.expect("all users spawned")
    for _ in range(3):
        for rubbish in (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", bytes(100), b"\xff" * 5000):
            with socket.create_connection(("127.0.0.1", cluster.port)) as stranger:
                stranger.sendall(rubbish)
    assert (master.ended(), worker.ended()) == (0, 0), master.log
    told = [line.partition("is refused")[2] for line in master.lines if "is refused" in line]
    assert told and len(told) == len(set(told)), "each kind of stranger is told of once"
    assert not master.said("Traceback")


def test_a_master_without_a_key_listens_here_alone_or_warns(cluster: Cluster) -> None:
    alone = cluster.start("katydid", "--master", "--headless", "--master-bind-port", str(cluster.port))
    worker = cluster.worker("katydid")
    alone.expect("all users spawned")
    alone.signal(signal.SIGINT)
    assert (alone.ended(), worker.ended()) == (0, 0)
    assert not alone.said("WARNING")
    everywhere = ("--master-bind-host", "*", "--master-bind-port", str(cluster.port))
    wide = cluster.start("katydid", "--master", "--headless", *everywhere)
    wide.expect("whoever reaches this master at any of its addresses can take part")


def test_a_port_that_is_taken_is_said(cluster: Cluster) -> None:
    cluster.master("katydid")
    second = cluster.headless("katydid", "-u", "1")
    assert second.ended() == 1
    assert second.said(f"cannot listen on port {cluster.port}: ") and second.said("in use")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_worker_that_waits_for_a_master_can_be_ended(cluster: Cluster, number: int) -> None:
    worker = cluster.worker("katydid")
    eventually("its handlers", lambda: worker.handles(signal.SIGINT) and worker.handles(signal.SIGTERM))
    worker.signal(number)
    assert worker.ended(10) == 1
    assert not worker.said("Traceback")


def test_a_worker_that_is_ended_leaves_in_order(cluster: Cluster) -> None:
    cluster.master("katydid")
    first, second = cluster.worker("katydid"), cluster.worker("katydid")
    eventually("workers", lambda: cluster.users() == [0, 0])
    cluster.swarm(4)
    eventually("users", lambda: cluster.users() == [2, 2])
    first.signal(signal.SIGTERM)
    assert first.ended() == 0
    eventually("the other's taking over", lambda: cluster.users() == [4])
    second.signal(signal.SIGINT)
    assert second.ended() == 0
    eventually("the end of the test", lambda: cluster.stats()["state"] == "stopped")
    assert cluster.nodes[0].said("the last worker has quit, so the test ends")
