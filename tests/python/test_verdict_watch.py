"""A watch brings a run's beginning, end and statistics before the judge."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from katydid import _core
from katydid.locust import User
from katydid.locust.env import Environment
from katydid.verdict.expect import expect
from katydid.verdict.watch import Watch


class Shopper(User):
    """Whose requests are judged by themselves."""


@pytest.fixture
def environment() -> Environment:
    environment = Environment(user_classes=[Shopper])
    environment.create_local_runner()
    return environment


def watch(environment: Environment, *thresholds: str) -> Watch:
    watch = Watch(environment, _core.Judge(None, None, list(thresholds)))
    environment.events.test_start.fire(environment=environment)
    return watch


def request(environment: Environment, name: str = "/", exception: Exception | None = None) -> None:
    """A user of the class sends a request."""

    def send(_user: User) -> None:
        environment.events.request.fire(
            **{"request_type": "GET", "name": name, "response_time": 10.0, "response_length": 1},
            **{"exception": exception, "context": {}},
        )

    gevent.spawn(send, Shopper(environment)).join()


def outcomes(watch: Watch) -> list[tuple[bool, str]]:
    watch.environment.events.test_stop.fire(environment=watch.environment)
    return [(outcome["passed"], outcome["shown"]) for outcome in watch.document()["thresholds"]]


def test_a_reset_is_one_of_the_classes_statistics_too(environment: Environment) -> None:
    watched = watch(
        environment, "fail_ratio<1%", "fail_ratio<1% on user:Shopper", "requests==2 on user:Shopper"
    )
    request(environment, exception=OSError("cold"))
    environment.stats.reset_all()
    request(environment)
    request(environment)
    assert outcomes(watched) == [(True, "0.00 %"), (True, "0.00 %"), (True, "2")]


def test_neither_clock_steps_nor_the_time_of_stopping_are_judged(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ahead(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
        return lambda: clock() + seconds

    watched = watch(environment, "rps>5")
    request(environment)
    wall, monotonic = time.time, time.monotonic
    monkeypatch.setattr(time, "time", ahead(wall, -3600))
    monkeypatch.setattr(time, "monotonic", ahead(monotonic, 0.1))
    environment.events.test_stopping.fire(environment=environment)
    monkeypatch.setattr(time, "monotonic", ahead(monotonic, 60))
    ((passed, shown),) = outcomes(watched)
    assert passed, shown
    assert 0.1 <= watched.document()["seconds"] < 0.2


def test_rules_and_exceptions_are_in_the_verdict(environment: Environment) -> None:
    expect(environment, ['"gone" up to 10% on /a', '"busy" on *'])
    watched = watch(environment, "requests>0")
    request(environment, "/a", OSError("gone"))
    request(environment, "/b", OSError("busy"))
    environment.events.test_stop.fire(environment=environment)
    assert watched.passed, "the thresholds are met"
    assert environment.runner is not None
    environment.runner.log_exception("local", "no", "Traceback")
    watched.add_findings()
    verdict: dict[str, Any] = watched.document()
    told = [(finding["kind"], finding["said"], finding["passed"]) for finding in verdict["findings"]]
    assert told == [
        ("rule", "1 of 1 tolerated, 10.00% at most", False),
        ("rule", "1 of 2 expected", True),
        ("tasks", "1 raised", False),
    ]
    assert not verdict["passed"]
    assert 'failures="2"' in (watched.judge.junit("suite") or "")
