"""Threads of a locustfile's own that share a client with the users' thread: each has connections of its own.

Stock Locust's clients break there at random, and may break the users' thread with them.
"""

from __future__ import annotations

import functools
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gevent
import psutil
import pytest
from katydid.locust.clients import HttpSession
from katydid.locust.contrib.fasthttp import FastHttpSession
from katydid.locust.event import EventHook
from scripted import OK, Server

LIMIT_S = 20


@pytest.fixture(params=[HttpSession, FastHttpSession])
def client(request: pytest.FixtureRequest, server: Server) -> Any:
    hook = EventHook()
    session = request.param(server.url, hook, None)
    session.trust_env = False
    session.heard = []
    hook.add_listener(lambda **event: session.heard.append((event["name"], event["exception"])))
    return session


def in_thread(act: Callable[[], Any]) -> Any:
    """What `act` returns or raises in a thread of its own, while this one waits and serves no greenlets."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(act())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    assert outcome, "the call neither returned nor raised"
    return outcome[0]


def open_connections(server: Server) -> int:
    """How many connections to the server this process holds."""
    held = psutil.Process().net_connections("tcp")
    return sum(
        bool(one.raddr) and one.raddr.port == server.port and one.status == "ESTABLISHED" for one in held
    )


def test_a_thread_may_use_the_users_client(server, client):
    assert client.get("/first").status_code == 200
    assert in_thread(lambda: client.get("/second").json()) == {}
    assert client.get("/third").status_code == 200
    assert client.heard == [("/first", None), ("/second", None), ("/third", None)]
    assert server.connections == 2


def test_the_first_request_may_be_a_threads(server, client):
    assert in_thread(lambda: client.get("/first").status_code) == 200
    assert client.get("/second").status_code == 200


def test_unusual_requests_work_in_threads(server, client):
    assert in_thread(lambda: client.post("/x", data=iter([b"ab", b"cd"])).status_code) == 200
    assert server.last.body == b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"


def test_failures_in_threads_are_recorded(client):
    client.base_url = "http://127.0.0.1:1"
    assert in_thread(lambda: client.get("/x").status_code) == 0
    assert repr(client.heard[-1][1]) == "ConnectionRefusedError(111, 'Connection refused')"


def test_many_threads_at_once(server, client):
    with ThreadPoolExecutor(8) as executor:
        codes = [
            future.result(LIMIT_S)
            for future in [executor.submit(lambda: client.get("/x").status_code) for _ in range(40)]
        ]
    assert codes == [200] * 40
    assert client.heard == [("/x", None)] * 40


def test_the_threads_of_gevents_pool(server, client):
    with gevent.Timeout(LIMIT_S):
        codes = gevent.get_hub().threadpool.map(lambda _: client.get("/x").status_code, range(10))
    assert codes == [200] * 10


def test_connections_of_threads_that_ended_are_closed(server, client):
    for _ in range(10):
        assert in_thread(lambda: client.get("/x").status_code) == 200
    assert server.connections == 10
    assert open_connections(server) <= 3


def test_closing_closes_every_threads_connections(server, client):
    client.get("/x")
    in_thread(lambda: client.get("/x").status_code)
    (client.close if isinstance(client, HttpSession) else client.client.close)()
    assert open_connections(server) == 0


@pytest.mark.parametrize("make", [HttpSession, FastHttpSession])
def test_a_client_that_threads_used_is_freed(server, make):
    session = make(server.url, EventHook(), None)
    session.trust_env = False
    assert in_thread(functools.partial(session.get, "/x")).status_code == 200
    gone = weakref.ref(session)
    del session
    gc.collect()
    assert gone() is None


def test_a_streamed_answer_belongs_to_the_thread_that_asked(server, client):
    def stalls(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        peer.socket.recv(1)

    server.script = stalls
    response = client.get("/x", stream=True)
    error = in_thread(lambda: response.raw.read() if isinstance(client, HttpSession) else response.content)
    assert isinstance(error, TypeError)
    assert "in the thread that asked for it" in str(error)
    (response.close if isinstance(client, HttpSession) else response.release)()
    server.script = lambda request, peer: OK
    assert client.get("/after").status_code == 200
