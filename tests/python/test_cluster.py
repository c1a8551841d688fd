"""The native halves of master and worker: with each other, with stock Locust, and with strangers."""

from __future__ import annotations

import datetime
import json
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import free_port
from katydid._core import (
    ClusterEvent,
    ClusterMaster,
    ClusterWorker,
    cluster_key_files,
    cluster_pack,
    cluster_unpack,
)
from katydid.locust.stats import RequestStats

VERSION = "2.46.3"
HERE = Path(__file__).parent
STOCK_NODE = HERE / "cluster_stock_node.py"
SECRET = "correct horse battery staple"
PATIENCE_S = 60.0


class Owner:
    """Whoever a node belongs to: keeps its events."""

    def __init__(self, node: ClusterMaster | ClusterWorker) -> None:
        self.node: Any = node
        self.events: list[ClusterEvent] = []

    def turn(self) -> None:
        select.select([self.node.descriptor], [], [], 0.05)
        for event in self.node.take():
            self.events.append(event)
            self.answer(event)

    def answer(self, event: ClusterEvent) -> None:
        """Do what an event asks for."""

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.kind == kind]

    def notes(self) -> list[str]:
        return [data["text"] for data in self.told("note")]


class Suite(Owner):
    """A worker's owner with a suite that records one request for each user and turn."""

    node: ClusterWorker

    def __init__(self, node: ClusterWorker) -> None:
        super().__init__(node)
        self.stats = RequestStats()
        self.users: dict[str, int] = {}
        self.recorded = 0
        node.adjust(report_interval=0.3)

    def answer(self, event: ClusterEvent) -> None:
        data = event.data
        match event.kind:
            case "spawn":
                if data["is_new_run"]:
                    self.stats.clear_all()
                    self.recorded = 0
                    self.node.begin(data["run"])
                self.users = data["users"]
                self.node.applied(data["timestamp"], self.users)
            case "stop":
                self.users = {}
                self.node.stopped()
            case "report_due":
                self.node.report(self.stats, self.users, {"extra": {"of": self.node.client_id}})

    def turn(self) -> None:
        super().turn()
        for _ in range(sum(self.users.values())):
            self.stats.log_request("GET", "/a", 12.5, 10)
            self.stats.log_request("GET", "/b", 7.0, 1)
            self.stats.log_error("GET", "/b", ValueError("it's broken"))
            self.recorded += 2


def wait_for(what: str, is_so: Callable[[], Any], *owners: Owner) -> Any:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for owner in owners:
            owner.turn()
        if found := is_so():
            return found
        if not owners:
            time.sleep(0.02)
    told = [[(event.kind, event.data) for event in owner.events[-8:]] for owner in owners]
    raise AssertionError(f"not within {PATIENCE_S} s: {what}; told {told}")


class Closing:
    """Closes nodes, ends processes."""

    def __init__(self) -> None:
        self.ends: list[Callable[[], Any]] = []

    def master(self, **options: Any) -> tuple[Owner, RequestStats]:
        stats = RequestStats()
        given = {"host": "127.0.0.1", "port": 0, "version": VERSION, "stats": stats} | options
        node = ClusterMaster(**given)
        self.ends.append(node.close)
        return Owner(node), stats

    def worker(self, port: int, name: str = "here_1", **options: Any) -> Suite:
        node = ClusterWorker(host="127.0.0.1", port=port, client_id=name, version=VERSION, **options)
        self.ends.append(node.close)
        node.connect()
        return Suite(node)

    def stock(self, *arguments: str) -> Stock:
        stock = Stock(*arguments)
        self.ends.append(stock.end)
        return stock


class Stock:
    """A process of stock Locust's."""

    def __init__(self, *arguments: str) -> None:
        command = [os.environ["STOCK_PYTHON"], "-m", "locust", "-f", str(STOCK_NODE), *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.facts: list[dict[str, Any]] = []
        self.log: list[str] = []
        self.readers = [
            threading.Thread(target=self._read_facts, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _read_facts(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith("{"):
                self.facts.append(json.loads(line))

    def _read_log(self) -> None:
        assert self.process.stderr
        self.log.extend(self.process.stderr)

    def told(self, key: str, value: Any = None) -> list[dict[str, Any]]:
        return [fact for fact in self.facts if key in fact and value in (None, fact[key])]

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for reader in self.readers:
            reader.join(10)


@pytest.fixture
def cluster() -> Iterator[Closing]:
    closing = Closing()
    yield closing
    for end in reversed(closing.ends):
        end()


CLASSES = [("Visitor", 1.0, 0), ("Buyer", 1.0, 1)]


def running(master: Owner) -> int:
    return sum(master.node.reported_users().values())


def run_and_stop(master: Owner, stats: RequestStats, users: int, *workers: Owner) -> None:
    """A whole run, as an owner of a master does it."""
    master.node.begin()
    stats.clear_all()
    master.node.start(users, 100.0, CLASSES, host="http://127.0.0.1:1", parsed_options={"custom": 5})
    wait_for("users", lambda: master.told("spawning_complete") and running(master) == users, master, *workers)
    wait_for("requests", lambda: stats.total.num_requests > 20, master, *workers)
    master.node.stop()
    wait_for("the end", lambda: master.told("run_stopped"), master, *workers)


def test_katydids_nodes_run_a_test_and_every_sample_arrives_once(cluster: Closing) -> None:
    master, stats = cluster.master()
    workers = [cluster.worker(master.node.port, name) for name in ("a_1", "b_1")]
    wait_for("workers", lambda: len(master.node.workers()) == 2, master, *workers)
    run_and_stop(master, stats, 5, *workers)
    wait_for(
        "all reports", lambda: not any(worker.node.pending_reports for worker in workers), master, *workers
    )
    recorded = sum(worker.recorded for worker in workers)
    assert stats.total.num_requests == recorded
    assert {name: entry.num_requests for (name, _), entry in stats.entries.items()} == {
        "/a": recorded // 2,
        "/b": recorded // 2,
    }
    assert [(error.occurrences, error.error) for error in stats.errors.values()] == [
        (recorded // 2, 'ValueError("it\'s broken")')
    ]
    assert stats.total.max_response_time == 12.5
    assert stats.get("/a", "GET").get_response_time_percentile(0.5) == 12.5, "the histogram is whole"
    assert sorted(master.node.indexes().values()) == [0, 1]
    assert all(is_katydid for *_, is_katydid in master.node.workers())


def test_stock_workers_obey_a_katydid_master(cluster: Closing) -> None:
    master, stats = cluster.master()
    master.node.want(reports=True, heartbeats=True)
    stock = cluster.stock("--worker", "--master-host", "127.0.0.1", "--master-port", str(master.node.port))
    ours = cluster.worker(master.node.port)
    wait_for("both workers", lambda: len(master.node.workers()) == 2, master, ours)
    run_and_stop(master, stats, 4, ours)
    wait_for(
        "the stock worker's part",
        lambda: stats.get("/a", "GET").num_requests > ours.recorded // 2,
        master,
        ours,
    )
    assert sorted(stats.entries) == [("/a", "GET"), ("/b", "GET")], "one row for each name"
    assert len(stats.errors) == 1, "errors of both kinds of worker are one"
    (error,) = stats.errors.values()
    assert error.error == 'ValueError("it\'s broken")'
    assert stock.told("event", "test_start") and stock.told("user_count", 4)
    assert [report for report in master.told("report") if report["data"].get("extra")]
    assert len(master.told("connected")) >= 3, "the stock worker was ready again after the run"

    data = {"when": datetime.datetime(2024, 1, 2, 3, 4, 5, 6), 7: [1.5, None, b"x"]}
    master.node.send("echo", data)
    wait_for(
        "an answer", lambda: [m for m in master.told("custom") if m["data"] == {"back": data}], master, ours
    )

    master.node.quit()
    wait_for("the quitting", lambda: master.told("quit"), master, ours)
    assert stock.process.wait(20) == 0


def test_what_cannot_be_sent_is_left_out_of_a_report_and_the_worker_goes_on(cluster: Closing) -> None:
    master, _ = cluster.master()
    master.node.want(reports=True)
    worker = Owner(cluster.worker(master.node.port).node)
    added = {"bad": object(), 5: 1, "good": 2}
    stats = RequestStats()

    def reports() -> int:
        for _ in worker.told("report_due")[len(master.told("report")) :]:
            worker.node.report(stats, {}, added)
        return len(master.told("report"))

    wait_for("two reports", lambda: reports() >= 2, master, worker)
    for report in master.told("report"):
        assert report["data"]["good"] == 2
        assert "bad" not in report["data"]
    left_out = [note for note in worker.notes() if "left out of the report" in note]
    assert any("'bad'" in note for note in left_out) and any(": 5:" in note for note in left_out)


def test_a_katydid_worker_obeys_a_stock_master(cluster: Closing) -> None:
    port = free_port()
    options = ("--master", "--headless", "--expect-workers", "2", "-u", "4", "-r", "100", "-t", "6s")
    addresses = ("--master-bind-host", "127.0.0.1", "--master-bind-port", str(port))
    stock = cluster.stock(*options, *addresses)
    ours = cluster.worker(port)
    cluster.stock("--worker", "--master-host", "127.0.0.1", "--master-port", str(port))
    wait_for("users", lambda: sum(ours.users.values()) == 2, ours)
    ours.node.send("echo", {"n": 1})
    wait_for("an answer", lambda: [m for m in ours.told("custom") if m["data"] == {"back": {"n": 1}}], ours)
    wait_for("the end", lambda: ours.told("quit"), ours)
    ours.node.report(ours.stats, {})
    ours.node.quit()
    ours.node.flush()
    assert stock.process.wait(30) == 1, "requests failed"
    (end,) = stock.told("event", "test_stop")
    assert end["entries"]["/a"] > ours.recorded // 4 and sorted(end["entries"]) == ["/a", "/b"]
    assert [text for _, text in end["errors"]] == ['ValueError("it\'s broken")'], (
        "errors of both kinds are one"
    )
    assert stock.told("extra", {"of": "here_1"})
    (first, *_) = ours.told("spawn")
    assert first["was_idle"] and first["parsed_options"]["num_users"] == 4
    assert not ours.node.has_katydid_master and ours.node.pending_reports == 0


def test_a_node_without_the_key_or_with_another_is_refused_on_both_sides(cluster: Closing) -> None:
    master, _ = cluster.master(key=SECRET)
    good = cluster.worker(master.node.port, "good_1", key=SECRET)
    wait_for("the one with the key", lambda: good.node.has_joined, master, good)
    for name, options, there, here in [
        ("none_1", {}, "it has no cluster key", "it has a cluster key"),
        (
            "other_1",
            {"key": "another secret altogether"},
            "its cluster key is not",
            "refused this node's cluster key",
        ),
    ]:
        stranger = cluster.worker(master.node.port, name, **options)
        told = wait_for("a refusal", lambda stranger=stranger: stranger.told("refused"), master, stranger)
        assert here in told[0]["reason"]
        wait_for("a line", lambda there=there: any(there in note for note in master.notes()), master)
    stopped_at = time.monotonic() + 1.5
    wait_for("more attempts", lambda: time.monotonic() > stopped_at, master)
    assert sum("is refused" in note for note in master.notes()) == 2, "each told once"
    assert [worker[0] for worker in master.node.workers()] == ["good_1"]


def test_keys_in_files_let_workers_have_theirs_alone(cluster: Closing, tmp_path: Path) -> None:
    for name, content in zip(("master", "worker"), cluster_key_files(), strict=True):
        (tmp_path / name).write_text(content)
    master, _ = cluster.master(key_file=str(tmp_path / "master"))
    worker = cluster.worker(master.node.port, key_file=str(tmp_path / "worker"))
    wait_for("joining", lambda: worker.node.has_joined, master, worker)


def test_zeromq_itself_understands_the_encryption(cluster: Closing, tmp_path: Path) -> None:
    """A worker made with libzmq, as pyzmq has it, and the keys of a file."""
    key_file = tmp_path / "key"
    master_file, worker_file = cluster_key_files()
    key_file.write_text(master_file)
    master, _ = cluster.master(key_file=str(key_file))
    keys = dict(line.split(" = ") for line in worker_file.splitlines())
    script = (
        "import sys, zmq, msgpack\n"
        "port, secret, server = sys.argv[1:]\n"
        "socket = zmq.Context().socket(zmq.DEALER)\n"
        "socket.identity = b'zmq_1'\n"
        "from zmq.utils import z85\n"
        "secret = z85.encode(bytes.fromhex(secret))\n"
        "socket.curve_secretkey, socket.curve_publickey = secret, zmq.curve_public(secret)\n"
        "socket.curve_serverkey = z85.encode(bytes.fromhex(server))\n"
        "socket.connect(f'tcp://127.0.0.1:{port}')\n"
        "socket.send(msgpack.packb(['client_ready', '2.46.3', 'zmq_1']))\n"
        "assert socket.poll(30000), 'no answer'\n"
        "kind, data, node = msgpack.unpackb(socket.recv())\n"
        "assert (kind, data['index'], node) == ('ack', 0, 'zmq_1')\n"
        "socket.send(msgpack.packb(['big', b'x' * 300_000, 'zmq_1']))\n"
        "assert socket.poll(30000) and msgpack.unpackb(socket.recv())[0] == 'thanks'\n"
    )
    command = [os.environ["STOCK_PYTHON"], "-c", script, str(master.node.port)]
    process = subprocess.Popen([*command, keys["worker-secret"].strip(), keys["master-public"].strip()])
    cluster.ends.append(process.kill)
    message = wait_for("a big message", lambda: master.told("custom"), master)[0]
    assert (message["type"], len(message["data"])) == ("big", 300_000)
    master.node.send("thanks", None, "zmq_1")
    wait_for("its end", lambda: process.poll() is not None, master)
    assert process.returncode == 0


GREETING = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL" + bytes(48)
READY = b"\x04\x2b\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\x02me"


def test_strangers_disturb_nobody_and_are_told_once(cluster: Closing) -> None:
    master, _ = cluster.master()
    worker = cluster.worker(master.node.port)
    wait_for("the worker", lambda: worker.node.has_joined, master, worker)
    sent = [
        b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
        bytes(100),
        GREETING + b"\x06\xff\xff\xff\xff\xff\xff\xff\xff",
        GREETING + READY + b"\0\x03abc",
        GREETING + READY + b"\0\x05\x93\xa5stat",
        GREETING + READY + b"\x02\x7f\xff\xff\xff\xff\xff\xff\xff",
        GREETING + READY + b"\x02\0\0\0\0\0\x0f\0\0" + b"x" * 100,
    ]
    for _ in range(3):
        for bytes_ in sent:
            with socket.create_connection(("127.0.0.1", master.node.port)) as stranger:
                stranger.sendall(bytes_)
                stranger.settimeout(0.2)
                try:
                    while stranger.recv(4096):
                        pass
                except (TimeoutError, ConnectionError):
                    pass
    wait_for("remarks", lambda: any("cannot be read" in note for note in master.notes()), master, worker)
    assert len(master.notes()) == len(set(master.notes())), master.notes()
    assert [worker[0] for worker in master.node.workers()] == ["here_1"]
    master.node.send("hello", 1)
    wait_for("life", lambda: worker.told("custom"), worker)


def test_a_worker_finds_a_master_that_was_started_anew(cluster: Closing) -> None:
    master, stats = cluster.master()
    port = master.node.port
    worker = cluster.worker(port)
    wait_for("the worker", lambda: worker.node.has_joined, master, worker)
    master.node.start(3, 100.0, CLASSES)
    wait_for("users", lambda: sum(worker.users.values()) == 3, master, worker)
    master.node.close()
    again, stats = cluster.master(port=port)
    wait_for("its return", lambda: again.node.workers() and not worker.users, again, worker)
    assert any("started anew" in note for note in worker.notes())
    run_and_stop(again, stats, 2, worker)


def test_a_port_that_is_taken_is_said(cluster: Closing) -> None:
    master, _ = cluster.master()
    with pytest.raises(OSError, match="in use"):
        cluster.master(port=master.node.port)


@pytest.mark.parametrize("key", ["short", ""])
def test_a_short_key_is_refused(cluster: Closing, key: str) -> None:
    with pytest.raises(ValueError, match="openssl rand"):
        cluster.master(key=key)


VALUES = [
    None,
    True,
    -5,
    2**63,
    1.5,
    "é",
    b"x",
    [1, [2]],
    {"a": {1: 2.0}},
    datetime.datetime(2024, 1, 2, 3, 4, 5, 6),
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_are_packed_as_stock_does(value: Any) -> None:
    packed = cluster_pack(value)
    assert cluster_unpack(packed) == value
    script = (
        "import sys, datetime\n"
        "from locust.rpc.protocol import encode\n"
        "import msgpack\n"
        "sys.stdout.write(msgpack.packb(eval(sys.argv[1]), default=encode).hex())\n"
    )
    command = [os.environ["STOCK_PYTHON"], "-c", script, repr(value)]
    stock = subprocess.run(command, capture_output=True, text=True, check=True)
    assert packed.hex() == stock.stdout


def test_what_cannot_be_packed_says_so() -> None:
    with pytest.raises(TypeError, match="can not serialize"):
        cluster_pack(object())
    with pytest.raises(OverflowError):
        cluster_pack(2**64)
    nested: list[Any] = []
    for _ in range(100):
        nested = [nested]
    with pytest.raises(RecursionError):
        cluster_pack(nested)
