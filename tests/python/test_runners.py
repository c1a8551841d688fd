"""The local runner spawns and stops users, follows shapes, and keeps its promises about state and events."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from katydid.locust import LoadTestShape, User, constant, task
from katydid.locust import runners as module
from katydid.locust.env import Environment
from katydid.locust.exception import StopTest, StopUser
from katydid.locust.runners import LocalRunner, MasterRunner, WorkerNode, WorkerNodes, WorkerRunner


class Idle(User):
    wait_time = constant(1000)

    @task
    def idle(self) -> None: ...


class Other(Idle): ...


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    """No test of waiting may wait for ever."""
    with gevent.Timeout(20):
        yield


@pytest.fixture
def make() -> Iterator[Callable[..., LocalRunner]]:
    """Makes runners that are ended with the test."""
    made: list[LocalRunner] = []

    def make_runner(*user_classes: type[User], **settings: Any) -> LocalRunner:
        made.append(Environment(user_classes=list(user_classes), **settings).create_local_runner())
        return made[-1]

    yield make_runner
    for runner in made:
        runner.quit()


def started(runner: LocalRunner, users: int, rate: float = 1000) -> LocalRunner:
    """The runner, when all users are there and have begun."""
    runner.start(users, rate)
    assert runner.spawning_greenlet is not None
    runner.spawning_greenlet.join()
    gevent.sleep(0)
    return runner


def record(runner: LocalRunner, *names: str) -> list[str]:
    """The names of these events, as they happen, with the state that they happen in."""
    heard: list[str] = []
    for name in names:
        hook = getattr(runner.environment.events, name)
        hook.add_listener(lambda name=name, **kwargs: heard.append(f"{name} {runner.state}"))
    return heard


def test_life_of_a_test(make: Callable[..., LocalRunner]) -> None:
    runner = make(Idle)
    heard = record(runner, "test_start", "spawning_complete", "test_stopping", "test_stop")
    assert runner.state == "ready"
    started(runner, 3)
    assert (runner.state, runner.user_count, runner.user_classes_count) == ("running", 3, {"Idle": 3})
    assert runner.target_user_classes_count == {"Idle": 3}
    runner.stop()
    assert (runner.state, runner.user_count, runner.final_user_classes_count) == ("stopped", 0, {"Idle": 3})
    runner.stop()
    assert heard == [
        "test_start ready",
        "spawning_complete running",
        "test_stopping running",
        "test_stop stopped",
    ]


def test_starting_again_changes_the_number_without_a_new_test(make: Callable[..., LocalRunner]) -> None:
    runner = make(Idle, Other)
    heard = record(runner, "test_start", "spawning_complete")
    started(runner, 4)
    started(runner, 2)
    assert runner.user_classes_count == {"Idle": 1, "Other": 1}
    started(runner, 5)
    assert runner.user_count == 5
    assert heard[0] == "test_start ready"
    assert sum("test_start" in event for event in heard) == 1


def test_starting_again_replaces_users_that_ended_by_themselves(make: Callable[..., LocalRunner]) -> None:
    runner = started(make(Idle), 3)
    runner.stop_users({"Idle": 2})
    assert runner.user_count == 1
    started(runner, 4)
    assert runner.user_count == 4


def test_a_test_begins_with_empty_statistics(make: Callable[..., LocalRunner]) -> None:
    runner = started(make(Idle), 1)
    runner.stats.log_request("GET", "/", 1, 1)
    runner.log_exception("local", "x", "trace")
    runner.stop()
    assert runner.stats.total.num_requests == 1
    started(runner, 1)
    assert runner.stats.total.num_requests == 0
    assert runner.exceptions == {}


def test_reset_stats_forgets_what_came_before_all_users_were_there(make: Callable[..., LocalRunner]) -> None:
    runner = make(Idle, reset_stats=True)
    runner.environment.events.test_start.add_listener(
        lambda environment: environment.stats.log_request("GET", "/", 1, 1)
    )
    started(runner, 1)
    assert runner.stats.total.num_requests == 0


def test_requests_are_recorded_by_a_listener(make: Callable[..., LocalRunner]) -> None:
    runner = make(Idle)
    runner.environment.events.request.fire(
        request_type="GET", name="/", response_time=5, response_length=1, exception=OSError("x"), context={}
    )
    assert runner.stats.total.num_requests == 1
    assert len(runner.errors) == 1


def test_exceptions_of_one_traceback_are_one(make: Callable[..., LocalRunner]) -> None:
    runner = make(Idle)
    for message, trace in (("first", "a"), ("second", "a"), ("third", "b")):
        runner.log_exception("local", message, trace)
    rows = [(row["msg"], row["count"], row["nodes"]) for row in runner.exceptions.values()]
    assert rows == [("first", 2, {"local"}), ("third", 1, {"local"})]


def test_host_goes_to_every_class(make: Callable[..., LocalRunner]) -> None:
    class Hosted(Idle):
        host = "http://own"

    started(make(Hosted, host="http://given"), 1)
    assert Hosted.host == "http://given"


def test_stop_test_in_a_constructor_ends_the_test(make: Callable[..., LocalRunner]) -> None:
    class Refusing(Idle):
        def __init__(self, environment: Environment) -> None:
            super().__init__(environment)
            raise StopTest("not with me")

    runner = make(Refusing)
    heard = record(runner, "test_stop")
    runner.start(1, 1)
    assert runner.spawning_greenlet is not None
    runner.spawning_greenlet.join()
    gevent.sleep(0.01)
    assert runner.state == "stopped"
    assert heard == ["test_stop stopped"]


def test_a_user_without_environment_is_explained(make: Callable[..., LocalRunner]) -> None:
    class Forgetful(Idle):
        def __init__(self, environment: Environment) -> None: ...

    with pytest.raises(AssertionError, match=r"environment.*super\(\).__init__"):
        make(Forgetful).spawn_users({"Forgetful": 1})


def test_spawn_users_and_stop_users(make: Callable[..., LocalRunner]) -> None:
    runner = make(Idle, Other)
    users = runner.spawn_users({"Idle": 2, "Other": 1})
    assert [type(user).__name__ for user in users] == ["Idle", "Idle", "Other"]
    assert runner.user_count == 3
    runner.stop_users({"Idle": 1, "Other": 1})
    assert runner.user_classes_count == {"Idle": 1, "Other": 0}
    assert runner.state == "spawning"


def test_a_user_can_end_the_test_itself(make: Callable[..., LocalRunner]) -> None:
    stopped: list[str] = []

    class Ending(User):
        @task
        def end(self) -> None:
            assert self.environment.runner is not None
            self.environment.runner.quit()

        def on_stop(self) -> None:
            stopped.append("user")

    runner = make(Ending)
    runner.environment.events.test_stop.add_listener(lambda environment: stopped.append("test"))
    runner.start(1, 1)
    runner.greenlet.join()
    runner.user_greenlets.join()
    assert stopped == ["test", "user"]


def test_a_stop_timeout_lets_tasks_finish(make: Callable[..., LocalRunner]) -> None:
    ended: list[str] = []

    class Working(User):
        @task
        def work(self) -> None:
            gevent.sleep(0.05)
            ended.append("done")

        def on_stop(self) -> None:
            ended.append("stop")

    runner = started(make(Working, Idle, stop_timeout=10), 2)
    ended.clear()
    with gevent.Timeout(5):
        runner.stop()
    assert ended == ["done", "stop"]


@pytest.mark.parametrize("stop_timeout", [0, 10])
def test_a_user_may_stop_in_its_own_way(make: Callable[..., LocalRunner], stop_timeout: float) -> None:
    stopped: list[bool] = []

    class Special(Idle):
        def stop(self, force: bool = False) -> bool:
            stopped.append(force)
            return super().stop(force)

    runner = started(make(Special, Idle, stop_timeout=stop_timeout), 4)
    runner.stop()
    assert stopped == [True, True]
    assert runner.user_count == 0


def test_a_stop_timeout_runs_out(make: Callable[..., LocalRunner], caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    class Endless(User):
        @task
        def work(self) -> None:
            gevent.sleep(1000)

        def on_stop(self) -> None:
            ended.append("stop")

    runner = started(make(Endless, stop_timeout=0.05), 1)
    with caplog.at_level("INFO"):
        runner.stop()
    assert ended == ["stop"]
    assert "1 users did not finish within 0.05 s" in caplog.text


def test_wait_refuses_more_users_than_the_rate(make: Callable[..., LocalRunner]) -> None:
    class Short(User):
        @task
        def end(self) -> None:
            raise StopUser

    runner = make(Short)
    with pytest.raises(ValueError, match="spawn rate"):
        runner._start(5, 2, wait=True)
    runner._start(2, 2, wait=True)
    assert runner.user_count == 0


class Stages(LoadTestShape):
    stages: list[Any] = []

    def tick(self) -> Any:
        return self.stages.pop(0) if self.stages else None


def test_a_shape_is_followed_and_ends_the_test(
    make: Callable[..., LocalRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SHAPE_INTERVAL", 0.01)
    shape = Stages()
    shape.stages = [(1, 100), (1, 100), (3, 100), (4, 100, [Other])]
    runner = make(Idle, Other, shape_class=shape)
    starts: list[Any] = []
    start = runner.start
    runner.start = lambda **kwargs: (starts.append(kwargs), start(**kwargs))  # type: ignore[method-assign]
    runner.start_shape()
    assert runner.shape_greenlet is not None
    runner.shape_greenlet.join()
    assert [(call["user_count"], call["user_classes"]) for call in starts] == [
        (1, None),
        (3, None),
        (4, [Other]),
    ]
    assert runner.state == "stopped"
    assert runner.shape_last_tick is None


def test_custom_messages_are_delivered_here_and_now(
    make: Callable[..., LocalRunner], caplog: pytest.LogCaptureFixture
) -> None:
    runner, heard = make(Idle), []
    runner.register_message("greeting", lambda environment, msg: heard.append((environment, msg)))
    runner.send_message("greeting", {"a": 1})
    [(environment, message)] = heard
    assert environment is runner.environment
    assert (message.type, message.data, message.node_id) == ("greeting", {"a": 1}, "local")
    with pytest.raises(Exception, match="greeting"):
        runner.register_message("greeting", print)
    runner.send_message("unknown")
    assert "unknown" in caplog.text


def test_a_high_spawn_rate_is_warned_of(
    make: Callable[..., LocalRunner], caplog: pytest.LogCaptureFixture
) -> None:
    started(make(Idle), 1, rate=101)
    assert "101" in caplog.text


def test_the_monitor_reports_and_warns_of_cpu(
    make: Callable[..., LocalRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = SimpleNamespace(cpu_percent=lambda: 95.0, memory_info=lambda: SimpleNamespace(rss=1234))
    monkeypatch.setattr(module.psutil, "Process", lambda: process)
    monkeypatch.setattr(module, "CPU_MONITOR_INTERVAL", 0.001)
    runner = make(Idle)
    reports: list[Any] = []
    runner.environment.events.usage_monitor.add_listener(lambda **kwargs: reports.append(kwargs))
    runner.environment.events.cpu_warning.add_listener(lambda **kwargs: reports.append(kwargs))
    while len(reports) < 2:
        gevent.sleep(0.001)
    assert reports[1]["memory_usage"] == runner.current_memory_usage == 1234
    assert reports[0] == {"environment": runner.environment, "cpu_usage": 95.0}
    assert runner.cpu_warning_emitted


def test_kinds_of_runners_can_be_told_apart(make: Callable[..., LocalRunner]) -> None:
    runner = make(Idle)
    assert isinstance(runner, LocalRunner)
    assert not isinstance(runner, (MasterRunner, WorkerRunner))
    assert (runner.worker_index, runner.worker_count, runner.client_id) == (0, 1, "local")


def test_worker_nodes_are_found_by_state() -> None:
    nodes = WorkerNodes()
    for number, state in enumerate(["ready", "running", "running", "missing", "spawning"]):
        nodes[f"w{number}"] = WorkerNode(f"w{number}", state)
    found = [len(group) for group in (nodes.all, nodes.ready, nodes.running, nodes.missing, nodes.spawning)]
    assert found == [5, 1, 2, 1, 1]
    assert list(nodes) == ["w0", "w1", "w2", "w3", "w4"]
    del nodes["w0"]
    assert "w0" not in nodes
