"""What becomes of a finished request: recorded under any name, once, and never an exception in the task.

Whoever replaces a step of this is in `tests/compat/cases/recording_replaced.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from katydid import _core
from katydid.locust import log
from katydid.locust.clients import HttpSession
from katydid.locust.contrib.fasthttp import FastHttpSession
from katydid.locust.env import Environment
from katydid.locust.stats import get_error_report_summary
from scripted import Server, answer


class Unspeakable(Exception):
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


pytestmark = pytest.mark.usefixtures("limit")


@pytest.fixture
def environment() -> Iterator[Environment]:
    made = Environment()
    runner = made.create_local_runner()
    yield made
    runner.quit()


@pytest.fixture(params=[HttpSession, FastHttpSession])
def client(request: pytest.FixtureRequest, server: Server, environment: Environment) -> Any:
    session = request.param(server.url, environment.events.request, None)
    session.trust_env = False
    return session


@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize(
    ("name", "shown"), [(7, "7"), (b"bytes", "b'bytes'"), (("a", 1), "('a', 1)"), ("half \ud83d", "half ���")]
)
def test_a_name_may_be_anything(
    client: Any, environment: Environment, name: Any, shown: str, listens: bool
) -> None:
    if listens:
        environment.events.request.add_listener(lambda **event: None)
    assert client.get("/", name=name).status_code == 200
    assert list(environment.stats.entries) == [(shown, "GET")]


def test_a_failure_that_cannot_be_shown_is_no_exception_in_the_task(
    client: Any,
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(log, "unhandled_greenlet_exception", False)
    with client.get("/", name="n", catch_response=True) as response:
        response.failure(Unspeakable())
    assert environment.stats.get("n", "GET").num_requests == 1
    assert "no words" in caplog.text
    assert log.unhandled_greenlet_exception


def test_half_a_character_in_a_failure_keeps_no_table_from_being_shown(
    client: Any, environment: Environment
) -> None:
    with client.get("/", name="n", catch_response=True) as response:
        response.failure("half \ud83d")
    assert any("half ?" in line for line in get_error_report_summary(environment.stats))


def test_the_phases_of_a_failed_request_are_no_longer_than_the_request(server: Server) -> None:
    def silent(request: Any, peer: Any) -> None:
        peer.socket.recv(1)  # until the client has had enough

    server.script = silent
    client = FastHttpSession(server.url, Environment().events.request, None, network_timeout=0.2)
    response = client.get("/")
    took, phases = _core.response_times(response)
    assert 200 <= took < 5000
    assert sum(milliseconds for _, milliseconds in phases) <= took + 0.1


def test_a_listener_that_comes_later_hears_what_follows(client: Any, environment: Environment) -> None:
    heard: list[str] = []
    client.get("/", name="n")
    hook = environment.events.request
    hook.add_listener(lambda name, **event: heard.append(name))
    client.get("/", name="n")
    assert heard == ["n"]
    assert environment.stats.get("n", "GET").num_requests == 2


def test_a_step_that_is_replaced_counts_from_the_next_start(client: Any, environment: Environment) -> None:
    heard: list[str] = []
    environment.stats.log_request = lambda method, name, *rest: heard.append(name)  # type: ignore[method-assign]
    client.get("/", name="first")
    assert environment.runner is not None
    environment.runner.record_anew()  # as a start does
    client.get("/", name="second")
    assert heard == ["second"]
    assert list(environment.stats.entries) == [("first", "GET")]


def test_a_streamed_answer_is_as_long_as_it_says(client: Any, server: Server) -> None:
    heard: list[int] = []
    client.request_event.add_listener(lambda response_length, **event: heard.append(response_length))
    server.script = lambda request, peer: answer("200 OK", b"twelve bytes")
    client.get("/", stream=True)
    assert heard == [12]
