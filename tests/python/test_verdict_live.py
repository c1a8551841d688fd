"""What is asked of a run while it goes on, and asked anew from the page."""

import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from katydid.control.recording import recording_of
from katydid.control.reply import Ask, Reply
from katydid.control.routes import Routes
from katydid.control.start import Starter
from katydid.locust import LoadTestShape, User, constant, task
from katydid.locust.env import Environment
from katydid.verdict.expect import expectations_of
from katydid.verdict.shape import LevelShape
from katydid.verdict.watch import watch_of
from waiting import eventually

UNCHANGED = {"katydid_stages": None, "katydid_thresholds": None, "katydid_expect": None}


class Ant(User):
    wait_time = constant(0.01)

    @task
    def walk(self) -> None:
        request: Any = self.environment.events.request
        request.fire(request_type="GET", name="/walk", response_time=5, response_length=1, exception=None)


class Steps(LoadTestShape):
    def tick(self) -> tuple[int, float]:
        return 2, 100


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    with gevent.Timeout(30):
        yield


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Environment]:
    monkeypatch.chdir(tmp_path)  # no suite file is there
    options = Namespace(**UNCHANGED, katydid_suite=None, profile=None, headless=False)
    made = Environment(user_classes=[Ant], parsed_options=options)
    runner = made.create_local_runner()
    yield made
    runner.quit()


def start(environment: Environment, **given: Any) -> Reply:
    routes = Routes(environment, Starter(environment, False), lambda theme, link: "")
    return routes.start(Ask("POST", "/api/v1/run", body=json.dumps(given).encode()))


def verdict(environment: Environment) -> Any:
    recording = recording_of(environment)
    recording.publish()
    return recording.document("verdict")


def wait_for(condition: Callable[[], Any]) -> None:
    eventually("the run is so far", condition, pause=gevent.sleep)


def test_levels_and_thresholds_of_the_form_are_held_and_told_while_they_run(environment: Environment) -> None:
    assert verdict(environment)["is_asked"] is False
    asked = {"stages": "2@50 for 30s, 3@50 for 30s", "thresholds": ["p95<1s", "max<1ms", "p50<1s on level:2"]}
    assert start(environment, **asked, expect=["409"]).status == 200
    assert isinstance(environment.shape_class, LevelShape)
    wait_for(lambda: environment.stats.total.num_requests > 5)
    wait_for(lambda: verdict(environment)["thresholds"][1]["state"] == "broken")
    told = verdict(environment)
    assert [found["state"] for found in told["thresholds"]] == ["met", "broken", "waiting"]
    assert [level["state"] for level in told["levels"]] == ["running", "coming"]
    assert (told["is_over"], told["passed"]) == (False, False)
    assert told["thresholds"][0]["now"] == pytest.approx(
        environment.stats.total.get_response_time_percentile(0.95)
    )
    assert expectations_of(environment) is not None
    config = recording_of(environment).document("config")
    assert {name: config[name] for name in asked} == asked


def test_a_run_is_judged_once_a_second_however_many_look(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(environment, user_count=1, spawn_rate=10, thresholds=["p95<1s"])
    watch = watch_of(environment)
    assert watch is not None
    wait_for(lambda: environment.stats.total.num_requests > 0)
    first = watch.standing()
    assert all(watch.standing() is first for _ in range(100))
    monkeypatch.setattr("katydid.verdict.watch._INTERVAL_S", 0.0)
    assert watch.standing() is not first


@pytest.mark.parametrize(
    ("field", "value", "fix"),
    [
        ("stages", "5 users", "write USERS@RATE for TIME"),
        ("thresholds", ["p95<2s", "p95 below 2s"], "column 5"),
        ("thresholds", ["p95<2s on level:2"], "level"),
        ("thresholds", ["p95<2s on user:Bee"], "there is no user class Bee"),
        ("expect", ["4o9 on GET /x"], "4o9"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_changes_nothing(
    environment: Environment, field: str, value: Any, fix: str
) -> None:
    reply = start(environment, user_count=1, spawn_rate=1, **{field: value})
    told = json.loads(reply.body)
    assert (reply.status, told["field"]) == (400, field)
    assert fix in told["error"] and "\n" not in told["error"]
    assert {name: getattr(environment.parsed_options, name) for name in UNCHANGED} == UNCHANGED
    assert (watch_of(environment), environment.shape_class) == (None, None)
    assert environment.runner is not None and environment.runner.state == "ready"


def test_a_run_that_goes_on_is_not_judged_by_other_rules(environment: Environment) -> None:
    start(environment, user_count=1, spawn_rate=10, thresholds=["p95<1s"])
    wait_for(lambda: environment.stats.total.num_requests > 0)
    reply = start(environment, user_count=2, spawn_rate=10, thresholds=["p95<2s"])
    assert reply.status == 400 and "stop the present one first" in json.loads(reply.body)["error"]
    assert start(environment, user_count=2, spawn_rate=10, thresholds=["p95<1s"]).status == 200, (
        "the same is fine"
    )


def test_what_was_asked_can_be_taken_back(environment: Environment) -> None:
    start(environment, stages="2@50 for 30s", thresholds=["p95<1s"])
    wait_for(lambda: environment.stats.total.num_requests > 0)
    assert environment.runner is not None
    environment.runner.stop()
    assert verdict(environment)["is_over"] is True
    assert start(environment, user_count=1, spawn_rate=10, stages="", thresholds=[]).status == 200
    assert environment.shape_class is None
    assert verdict(environment)["is_asked"] is False


def test_a_shape_of_the_locustfile_and_levels_do_not_go_together(environment: Environment) -> None:
    environment.shape_class = Steps()
    reply = start(environment, stages="2@50 for 30s")
    assert reply.status == 400 and "Steps" in json.loads(reply.body)["error"]
    assert isinstance(environment.shape_class, Steps)
