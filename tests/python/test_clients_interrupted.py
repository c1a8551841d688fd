"""Requests that end from outside, at each step of their way: the session stays usable, nothing stays open.

What is recorded then is compared with stock Locust in `tests/compat/test_requests_table.py` and
`tests/compat/test_fasthttp_table.py`.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import psutil
import pytest
from katydid.http.fastfailure import RetriesExceeded
from katydid.locust.clients import HttpSession
from katydid.locust.contrib.fasthttp import FastHttpSession, HTTPClientPool
from katydid.locust.event import EventHook
from scripted import OK, Server

PHASES = ["dns", "connect", "tls", "head", "body", "upload", "queue"]


class Mine(Exception):
    """Thrown into a greenlet."""


pytestmark = pytest.mark.usefixtures("limit")


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    """Sockets to be closed at the end."""
    held: list[socket.socket] = []
    yield held
    for one in held:
        one.close()


@pytest.fixture(params=[HttpSession, FastHttpSession])
def client(request: pytest.FixtureRequest, server: Server) -> Any:
    hook = EventHook()
    more = {} if request.param is HttpSession else {"concurrency": 1}
    session = request.param(server.url, hook, None, **more)
    session.trust_env = False
    session.heard = []
    hook.add_listener(lambda **event: session.heard.append(repr(event["exception"])))
    return session


def silent(listeners: list[socket.socket], backlog: int) -> int:
    """A port at which nobody answers; without a backlog nobody connects, either."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(backlog)
    listeners.append(listener)
    while backlog == 0:
        filler = socket.socket()
        filler.settimeout(0.1)
        listeners.append(filler)
        try:
            filler.connect(listener.getsockname())
        except TimeoutError:
            break
    return listener.getsockname()[1]


def stalling(request: Any, peer: Any) -> bytes | None:
    if request.path == "/body":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
    if request.path in ("/body", "/head"):
        peer.socket.recv(1)
        return None
    return OK


def upload(client: Any) -> Any:
    """A body that no socket takes at once; generators are for HttpUser alone."""
    pieces = (b"x" * 100_000 for _ in range(300))
    return pieces if isinstance(client, HttpSession) else b"".join(pieces)


def act_of(phase: str, client: Any, server: Server, listeners: list[socket.socket]) -> Callable[[], Any]:
    """A call that stays in a phase."""
    server.script = stalling
    match phase:
        case "dns":
            return lambda: client.get("http://nosuch.invalid/x")
        case "connect":
            port = silent(listeners, 0)
            return lambda: client.get(f"http://127.0.0.1:{port}/x")
        case "tls":
            port = silent(listeners, 5)
            return lambda: client.get(f"https://127.0.0.1:{port}/x")
        case "upload":
            port = silent(listeners, 5)
            return lambda: client.post(f"http://127.0.0.1:{port}/x", data=upload(client))
        case "queue" if isinstance(client, FastHttpSession):
            gevent.spawn(client.get, "/head")
            gevent.sleep(0.05)
            return lambda: client.get("/head")
    return lambda: client.get("/body" if phase == "body" else "/head")


def established(port: int) -> int:
    """How many connections to a port this process holds."""
    held = psutil.Process().net_connections("tcp")
    return sum(bool(one.raddr) and one.raddr.port == port and one.status == "ESTABLISHED" for one in held)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("how", ["kill", "throw", "timeout"])
def test_an_interrupted_request_leaves_the_session_usable(server, client, listeners, how, phase):
    act = act_of(phase, client, server, listeners)
    greenlet = gevent.spawn(act)
    gevent.sleep(0 if phase == "dns" else 0.1)
    if how == "timeout":
        greenlet.kill(gevent.Timeout(1))
    else:
        greenlet.kill(Mine() if how == "throw" else gevent.GreenletExit)
    assert greenlet.dead
    is_recorded = how == "timeout" and isinstance(client, FastHttpSession)
    assert len(client.heard) == is_recorded or "gaierror" in client.heard[0]
    if phase == "queue" and isinstance(client, FastHttpSession):
        client.client.close()
        gevent.spawn(client.get, "/ok")
        return  # the only connection is taken by the request in front
    assert client.get("/ok").status_code == 200
    assert established(server.port) == 1


def test_nothing_of_an_interrupted_upload_is_left(client, listeners):
    port = silent(listeners, 5)
    greenlet = gevent.spawn(client.post, f"http://127.0.0.1:{port}/x", data=upload(client))
    gevent.sleep(0.1)
    assert established(port) == 1
    greenlet.kill()
    assert established(port) == 0


def test_a_stream_outlives_the_pool_that_it_came_from(server):
    """Who reads a streamed answer must not hang when somebody gives the client another pool meanwhile."""
    client = FastHttpSession(server.url, EventHook(), None)
    go_on = threading.Event()

    def script(request: Any, peer: Any) -> bytes:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
        go_on.wait(5)
        return b"def"

    server.script = script
    response = client.get("/x", stream=True)
    reader = gevent.spawn(lambda: response.content)
    gevent.sleep(0.05)
    client.client.clientpool = HTTPClientPool(concurrency=2)
    go_on.set()
    assert reader.get() == b"abcdef"


def test_a_stream_that_nobody_reads_does_not_time_out(server):
    client = FastHttpSession(server.url, EventHook(), None, network_timeout=0.2)
    go_on = threading.Event()

    def script(request: Any, peer: Any) -> bytes:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
        go_on.wait(5)
        return b"def"

    server.script = script
    response = client.get("/x", stream=True)
    gevent.sleep(0.4)
    gevent.spawn_later(0.1, go_on.set)
    assert response.content == b"abcdef"


def test_a_stream_that_falls_silent_times_out_while_somebody_reads(server):
    client = FastHttpSession(server.url, EventHook(), None, network_timeout=0.2)

    def script(request: Any, peer: Any) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
        peer.socket.recv(1)

    server.script = script
    response = client.get("/x", stream=True)
    with pytest.raises(RetriesExceeded, match="original=timed out"):
        _ = response.content
