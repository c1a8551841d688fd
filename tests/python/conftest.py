"""Fixtures that several modules of this folder use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from katydid.locust import FastHttpUser, HttpUser
from katydid.locust.clients import HttpSession
from katydid.locust.env import Environment
from katydid.locust.web import WebUI
from katydid.results import samples
from listening import Idle, Listener, plain_session
from scripted import Server


@pytest.fixture
def limit() -> Iterator[None]:
    """No test of waiting may wait for ever."""
    with gevent.Timeout(30):
        yield


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that keeps what it receives."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def heard() -> Listener:
    """The events of a client."""
    return Listener()


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests must not matter."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["native", "requests"])
def make_client(request: pytest.FixtureRequest, heard: Listener) -> Callable[[str], HttpSession]:
    """Makes HttpUser's client, whose requests go natively or through `requests` itself."""
    return lambda url: plain_session(url, heard, request.param)


@pytest.fixture(params=[HttpUser, FastHttpUser])
def user(request: pytest.FixtureRequest, host: str) -> Iterator[HttpUser]:
    """A user of either kind, of the module's own server, whose failures are kept."""
    user_class = type("Shopper", (request.param,), {"host": host, "abstract": False})
    environment = Environment(user_classes=[user_class])
    environment.create_local_runner()
    samples.keep(environment)
    yield user_class(environment)
    assert environment.runner is not None
    environment.runner.quit()


@pytest.fixture
def make_page() -> Iterator[Callable[..., WebUI]]:
    """Pages of environments with a runner, ended with the test."""
    made: list[WebUI] = []

    def make(**settings: Any) -> WebUI:
        environment = Environment(user_classes=[Idle], locustfile="suite.py")
        environment.create_local_runner()
        made.append(environment.create_web_ui("127.0.0.1", 0, **settings))
        return made[-1]

    yield make
    for page in made:
        page.stop()
        assert page.environment.runner is not None
        page.environment.runner.quit()
