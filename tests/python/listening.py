"""Clients whose events are kept, a user who does nothing, and the wait until users are there."""

from __future__ import annotations

from typing import Any

import gevent
from katydid.locust import User, constant, task
from katydid.locust.clients import HttpSession
from katydid.locust.contrib.fasthttp import FastHttpSession
from katydid.locust.event import EventHook
from scripted import answer
from waiting import eventually


class Idle(User):
    """Is there, and does nothing."""

    wait_time = constant(1000)

    @task
    def idle(self) -> None: ...


def spawned(runner: Any, number: int) -> None:
    """Wait until so many users are there and no more are to come."""

    def are_there() -> bool:
        return (runner.state, runner.user_count) == ("running", number)

    eventually(f"{number} users", are_there, pause=gevent.sleep)


class Listener:
    """Keeps the events."""

    def __init__(self) -> None:
        self.hook = EventHook()
        self.events: list[dict[str, Any]] = []
        self.hook.add_listener(lambda **event: self.events.append(event))

    @property
    def last(self) -> dict[str, Any]:
        """The latest event."""
        return self.events[-1]


def plain_session(url: str, heard: Listener, way: str) -> HttpSession:
    """HttpUser's client; `trust_env` sends its requests through `requests` itself, not natively."""
    client = HttpSession(url, heard.hook, None)
    client.trust_env = way == "requests"
    return client


def fast_session(url: str, heard: Listener, **settings: Any) -> FastHttpSession:
    """FastHttpUser's client, with a user's usual settings but for these."""
    usual = {"network_timeout": 5, "connection_timeout": 5, "max_redirects": 30, "max_retries": 0}
    return FastHttpSession(url, heard.hook, None, **{**usual, **settings})


def fail(error: BaseException) -> None:
    """Raise, where only an expression can stand."""
    raise error


def by_code(request: Any, peer: Any) -> bytes:
    """A server's script: the path begins with the status to answer."""
    return answer(f"{request.path[1:4]} Whatever", b"hello")
