"""Master and workers in one process, as a program of one's own may have them: names, numbers and turns."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import katydid.locust as locust
import pytest
from katydid.locust import User, constant, runners, task
from katydid.locust.dispatch import UsersDispatcher
from katydid.locust.env import Environment
from katydid.locust.exception import RunnerAlreadyExistsError
from katydid.locust.rpc import Message, rpc
from katydid.locust.runners import DistributedRunner, MasterRunner, WorkerNodes, WorkerRunner
from katydid.results import samples
from waiting import eventually

HERE = "127.0.0.1"

_SENT = {"headers": [], "body": None}
KNOWN = (
    ("GET", "/a", "status 500"),
    {
        "cause": "server error",
        "url": "http://shop/a",
        "at": 1,
        "response_ms": 2,
        "phases": {},
        "request": _SENT,
    },
)
"""An exchange that failed."""


class Busy(User):
    wait_time = constant(0.02)

    @task
    def work(self) -> None:
        self.environment.events.request.fire(
            request_type="GET", name="/a", response_time=5.0, response_length=1, exception=None, context={}
        )


class Idle(User):
    wait_time = constant(1000)

    @task
    def idle(self) -> None: ...


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test of waiting may wait for ever; reports come often."""
    monkeypatch.setattr(runners, "WORKER_REPORT_INTERVAL", 0.2)
    with gevent.Timeout(60):
        yield


class Made:
    """A master, its workers, and what their events told."""

    def __init__(self) -> None:
        self.runners: list[DistributedRunner] = []
        self.told: list[tuple[str, str]] = []

    def master(self, *user_classes: type[User], **settings: Any) -> MasterRunner:
        environment = Environment(user_classes=list(user_classes or (Busy, Idle)), **settings)
        self._hear("master", environment)
        master = environment.create_master_runner(HERE, 0)
        self.runners.append(master)
        return master

    def worker(self, master: MasterRunner, *user_classes: type[User]) -> WorkerRunner:
        environment = Environment(user_classes=list(user_classes or (Busy, Idle)))
        self._hear("worker", environment)
        worker = environment.create_worker_runner(master_host=HERE, master_port=master.server.port)
        self.runners.insert(0, worker)
        return worker

    def _hear(self, who: str, environment: Environment) -> None:
        for event in ("test_start", "spawning_complete", "test_stopping", "test_stop"):
            hook = getattr(environment.events, event)
            hook.add_listener(lambda who=who, event=event, **_: self.told.append((who, event)))


@pytest.fixture
def made() -> Iterator[Made]:
    made = Made()
    yield made
    for runner in reversed(made.runners):  # the master first, as it tells its workers
        runner.quit()
    for runner in made.runners:
        runner.quit()


def wait_for(is_so: Callable[[], Any]) -> Any:
    return eventually("the cluster is there", is_so, pause=gevent.sleep)


def test_a_master_knows_its_workers(made: Made) -> None:
    master = made.master()
    assert (master.worker_count, len(master.clients), master.worker_indexes) == (0, 0, {})
    first, second = made.worker(master), made.worker(master)
    clients = master.clients
    assert isinstance(clients, WorkerNodes) and set(clients) == {first.client_id, second.client_id}
    assert len(clients.ready) == len(clients.all) == len(clients.get_by_state("ready")) == 2
    assert not (clients.spawning or clients.running or clients.missing)
    assert [first.worker_index, second.worker_index] == [0, 1]
    assert master.worker_indexes == {first.client_id: 0, second.client_id: 1}
    assert master.get_worker_index(second.client_id) == 1 and master.get_worker_index("unheard of") == 2
    node = clients[first.client_id]
    master.start(3, 100)
    assert (master.state, master.user_count, master.spawn_rate) == ("running", 3, 100)
    assert master.reported_user_classes_count == master.user_classes_count == {"Busy": 2, "Idle": 1}
    assert len(master.clients.running) == 2 and master.clients[first.client_id] is node
    assert node.user_count in (1, 2) and node.state == "running"
    first.quit()
    wait_for(lambda: master.worker_count == 1)
    wait_for(lambda: second.user_count == 3)  # it takes over


def test_events_come_in_the_order_of_stock_locust(made: Made) -> None:
    master = made.master()
    worker = made.worker(master)
    master.start(2, 100)
    wait_for(lambda: ("worker", "spawning_complete") in made.told)
    master.stop()
    order = ["test_start", "spawning_complete", "test_stopping", "test_stop"]
    for who in ("master", "worker"):
        assert [event for teller, event in made.told if teller == who] == order
    assert made.told[:2] == [("master", "test_start"), ("worker", "test_start")]
    assert made.told[-1] == ("master", "test_stop"), "the master's is the last"
    assert worker.user_count == 0 and master.state == "stopped"


def test_every_sample_is_there_when_the_test_has_stopped(made: Made) -> None:
    master = made.master(Busy)
    fired: list[float] = []

    for worker in [made.worker(master, Busy) for _ in range(2)]:
        worker.environment.events.request.add_listener(lambda **_: fired.append(1))
    for _ in range(2):
        fired.clear()
        master.start(4, 100)
        wait_for(lambda: len(fired) > 50)
        master.stop()
        assert master.stats.total.num_requests == len(fired)
        assert master.stats.get("/a", "GET").get_response_time_percentile(0.9) == 5.0


def test_quitting_brings_the_last_samples_and_ends_the_workers(made: Made) -> None:
    master = made.master(Busy)
    worker = made.worker(master, Busy)
    master.start(2, 100)
    wait_for(lambda: master.stats.total.num_requests > 5)
    master.quit()
    wait_for(lambda: len(worker.greenlet) == 0)
    assert master.worker_count == 0 and worker.state == "stopped"
    assert ("worker", "test_stop") in made.told and ("master", "test_stop") in made.told


def test_without_workers_there_is_no_test(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    master = made.master()
    master.start(1, 1)
    assert master.state == "ready" and "start one with --worker" in caplog.text
    assert made.told == []


def test_messages_go_both_ways_and_are_answered(made: Made) -> None:
    master = made.master()
    worker = made.worker(master)
    heard: list[Any] = []

    def acknowledge(environment: Environment, msg: Message, **_: Any) -> None:
        heard.append((msg.type, msg.data))
        environment.runner.send_message("thanks", msg.data["n"], msg.node_id)

    def fail(environment: Environment, msg: Message, **_: Any) -> None:
        raise ValueError("a listener's own fault")

    master.register_message("question", acknowledge)
    master.register_message("trouble", fail)
    worker.register_message("thanks", lambda environment, msg: heard.append((msg.type, msg.node_id)))
    worker.register_message("slow", lambda environment, msg: gevent.sleep(1000), concurrent=True)
    worker.register_message("news", lambda environment, msg: heard.append(msg.data))
    worker.send_message("trouble")
    worker.send_message("question", {"n": 5})
    wait_for(lambda: len(heard) == 2)
    master.send_message("slow")
    master.send_message("news", [1, 2])
    wait_for(lambda: len(heard) == 3)
    worker.client.send(Message("question", {"n": 6}, worker.client_id))
    master.server.send_to_client(Message("news", "for one", worker.client_id))
    wait_for(lambda: len(heard) == 6)
    assert heard[:3] == [("question", {"n": 5}), ("thanks", worker.client_id), [1, 2]]
    assert "for one" in heard
    assert isinstance(worker.client, rpc.Client) and isinstance(master.server, rpc.Server)
    with pytest.raises(NotImplementedError):
        worker.start(1, 1)


def test_a_paused_run_pauses_on_the_workers(made: Made) -> None:
    master = made.master(Busy)
    worker = made.worker(master, Busy)
    fired: list[float] = []
    worker.environment.events.request.add_listener(lambda **_: fired.append(1))
    master.start(2, 100)
    wait_for(lambda: len(fired) > 5)
    wait_for(lambda: all(is_ours for *_, is_ours in master._node.workers()))
    master.pause()
    wait_for(lambda: worker.is_paused)
    gevent.sleep(0.1)  # tasks that had begun are over
    count = len(fired)
    gevent.sleep(0.2)
    assert len(fired) == count and master.is_paused
    master.resume()
    wait_for(lambda: len(fired) > count + 5)
    master.pause()
    wait_for(lambda: worker.is_paused)
    master.stop()
    assert not master.is_paused and not worker.is_paused


def test_a_master_catches_up_with_what_its_workers_have_measured(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runners, "WORKER_REPORT_INTERVAL", 60)
    master = made.master(Busy)
    workers = made.worker(master, Busy), made.worker(master, Busy)
    fired: list[float] = []
    for worker in workers:
        worker.environment.events.request.add_listener(lambda **_: fired.append(1))
    master.start(2, 100)
    wait_for(lambda: all(is_ours for *_, is_ours in master._node.workers()))
    wait_for(lambda: len(fired) > 10)
    master.pause()
    wait_for(lambda: all(worker.is_paused for worker in workers))
    gevent.sleep(0.1)  # tasks that had begun are over
    assert master.stats.total.num_requests < len(fired)
    master._catch_up()
    assert master.stats.total.num_requests == len(fired) > 10


def test_a_worker_that_joins_a_paused_run_waits(made: Made) -> None:
    master = made.master(Busy)
    first = made.worker(master, Busy)
    master.start(2, 100)
    wait_for(lambda: all(is_ours for *_, is_ours in master._node.workers()))
    master.pause()
    late = made.worker(master, Busy)
    wait_for(lambda: first.is_paused and late.is_paused)
    master.resume()
    wait_for(lambda: not (first.is_paused or late.is_paused))


def test_exchanges_are_of_this_run_and_forgotten_with_the_statistics(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    master = made.master(Busy)
    worker = made.worker(master, Busy)
    told, kept = (samples.keep(node.environment) for node in (master, worker))
    master.start(1, 100)
    wait_for(lambda: worker._run == master._run > 0)
    wait_for(lambda: all(is_ours for *_, is_ours in master._node.workers()))
    kept.hear([KNOWN])
    wait_for(told.all)
    master.environment.events.reset_stats.fire()
    wait_for(lambda: not told.all() and not kept.all())
    for run in (master._run - 1, None, master._run):
        worker.send_message("katydid_samples", {"run": run, "exchanges": [KNOWN, KNOWN]})
    wait_for(lambda: len(told.all()) == 2)
    for broken in (7, [7], [7]):
        worker.send_message("katydid_samples", {"run": master._run, "exchanges": broken})
    worker.send_message("katydid_samples", {"run": master._run, "exchanges": [KNOWN]})
    wait_for(lambda: len(told.all()) == 3)
    (said,) = [line for line in caplog.messages if "cannot be read" in line]
    assert said == f"{worker.client_id} has sent failed exchanges that cannot be read: the news is no list"


def test_settings_of_classes_reach_workers_of_now_and_later(made: Made) -> None:
    class Mine(Idle):
        size = 1

    class Theirs(Idle):
        size = 1

    Theirs.__name__ = Mine.__name__
    master = made.master(Mine)
    first = made.worker(master, Theirs)
    master.environment.update_user_class({"user_class_name": "Mine", "size": 5})
    assert Mine.size == 5
    wait_for(lambda: Theirs.size == 5)
    Theirs.size = 1
    made.worker(master, Theirs)
    wait_for(lambda: Theirs.size == 5)
    assert first.environment.runner is first


def test_exceptions_of_workers_are_counted(made: Made) -> None:
    class Failing(User):
        wait_time = constant(0.05)

        @task
        def fail(self) -> None:
            raise KeyError("nothing there")

    master = made.master(Failing)
    workers = [made.worker(master, Failing) for _ in range(2)]
    master.start(2, 100)
    wait_for(lambda: any(len(row["nodes"]) == 2 for row in master.exceptions.values()))
    (row,) = master.exceptions.values()
    assert row["nodes"] == {worker.client_id for worker in workers} and "nothing there" in row["msg"]
    assert not workers[0].exceptions


def test_the_same_fault_on_stock_locust_and_here_is_one(made: Made) -> None:
    frames = '  File "/suite/load.py", line 5, in work\n    fail()\n'
    master = made.master()
    for place in ("/stock/locust/user/task.py", "/ours/katydid/locust/user/task.py"):
        master.log_exception(
            place, "a fault", f'  File "{place}", line {len(place)}, in run\n    x()\n{frames}'
        )
    master.log_exception("third", "a fault", frames.replace("5", "6"))
    assert sorted(row["count"] for row in master.exceptions.values()) == [1, 2]


def test_a_dispatcher_of_ones_own_decides(made: Made) -> None:
    class Crowded(UsersDispatcher):
        """All users go to the first worker."""

        def __next__(self) -> Any:
            step = super().__next__()
            crowd, *others = sorted(step)
            for other in others:
                for name, count in step[other].items():
                    step[crowd][name] += count
                    step[other][name] = 0
            return step

    master = made.master(Busy, dispatcher_class=Crowded)
    workers = [made.worker(master, Busy) for _ in range(2)]
    master.start(4, 100)
    assert sorted(worker.user_count for worker in workers) == [0, 4]
    assert master.state == "running" and master.user_count == 4
    master.stop()
    assert master.user_count == 0


def test_messages_are_serialized_as_stock_does() -> None:
    message = Message("hello", {"a": [1, 2.5, None], 7: b"x"}, "worker_1")
    data = message.serialize()
    again = Message.unserialize(data)
    assert (again.type, again.data, again.node_id) == (message.type, message.data, message.node_id)
    script = (
        "import sys; from locust.rpc import Message\n"
        "m = Message.unserialize(bytes.fromhex(sys.argv[1]))\n"
        "assert (m.type, m.node_id) == ('hello', 'worker_1')\n"
        "print(Message(m.type, m.data, m.node_id).serialize().hex())\n"
    )
    stock = subprocess.run(
        [os.environ["STOCK_PYTHON"], "-c", script, data.hex()], capture_output=True, text=True, check=True
    )
    assert stock.stdout.strip() == data.hex()


def test_a_worker_without_a_master_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners, "CONNECT_TIMEOUT", 0.2)
    monkeypatch.setattr(runners, "CONNECT_RETRY_COUNT", 2)
    environment = Environment(user_classes=[Busy])
    with pytest.raises(ConnectionError, match="no master answers"):
        environment.create_worker_runner(HERE, 1)


def test_a_worker_gives_up_when_its_master_is_silent(
    made: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runners, "MASTER_HEARTBEAT_TIMEOUT", 0.5)
    master = made.master()
    worker = made.worker(master)
    master._node.close()
    wait_for(lambda: worker.state == "stopped")
    assert "the master has been silent for 0.5 s" in caplog.text


def test_missing_workers_are_found_by_the_numbers_that_a_suite_has_set(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runners, "HEARTBEAT_INTERVAL", 0.5)
    monkeypatch.setattr(runners, "HEARTBEAT_LIVENESS", 2)
    monkeypatch.setattr(runners, "HEARTBEAT_DEAD_INTERNAL", -5)
    master = made.master()
    worker, other = made.worker(master), made.worker(master)
    master.start(2, 100)
    begun = time.monotonic()
    worker._node.close()
    wait_for(lambda: len(master.clients.missing) == 1)
    wait_for(lambda: other.user_count == 2)
    wait_for(lambda: len(master.clients) == 1)
    assert time.monotonic() - begun < 30, "Locust's own numbers take a minute"


def test_logs_of_workers_reach_the_master(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners, "WORKER_LOG_REPORT_INTERVAL", 0)
    monkeypatch.setattr(locust.log, "get_logs", lambda: ["a line"])
    master = made.master()
    worker = made.worker(master)
    logs = master.environment.worker_logs
    assert wait_for(lambda: logs.get(worker.client_id)) == ["a line"]


def test_there_is_one_runner_of_any_kind(made: Made) -> None:
    master = made.master()
    with pytest.raises(RunnerAlreadyExistsError):
        master.environment.create_worker_runner(HERE, 1)
    with pytest.raises(RunnerAlreadyExistsError):
        master.environment.create_master_runner()
