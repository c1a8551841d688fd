"""The native server as the users' thread has it: commands come out, documents and numbers go up."""

import errno
import json
import select
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any

import pytest
from katydid import _core
from katydid._core import Command, Control
from katydid.locust.clients import HttpSession
from katydid.locust.contrib.fasthttp import FastHttpSession
from katydid.locust.event import EventHook
from katydid.locust.stats import RequestStats
from scripted import Server, answer

READY_WITHIN = 5.0


@pytest.fixture
def control() -> Iterator[Control]:
    """A server on a free port."""
    server = Control(host="127.0.0.1")
    server.publish("run", b'{"state": "running", "user_count": 2}')
    yield server
    server.stop()


class Answer(threading.Thread):
    """A request that waits for its answer beside the users' thread."""

    def __init__(self, control: Control, path: str, body: bytes | None = None) -> None:
        super().__init__(daemon=True)
        self.url = f"http://127.0.0.1:{control.port}{path}"
        self.sent = body
        self.status = 0
        self.headers = Message()
        self.body = b""
        self.start()

    def run(self) -> None:
        try:
            with urllib.request.urlopen(self.url, self.sent, timeout=10) as answer:
                self._take(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refusal:
            self._take(refusal.code, refusal.headers, refusal.read())

    def _take(self, status: int, headers: Message, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        self.join(READY_WITHIN)
        return json.loads(self.body)


def commands(control: Control) -> list[Command]:
    """What comes out once the descriptor says that there is something."""
    readable, _, _ = select.select([control.descriptor], [], [], READY_WITHIN)
    assert readable, "nothing was asked for"
    return control.take()


def serve(control: Control, answer: Answer, reply: Callable[[Command], None]) -> None:
    """Reply to commands until the answer has come."""
    while answer.is_alive():
        if select.select([control.descriptor], [], [], 0.01)[0]:
            for command in control.take():
                reply(command)


def test_a_command_comes_with_its_request_and_goes_with_an_answer(control: Control) -> None:
    answer = Answer(control, "/swarm?from=here", b"user_count=3")
    (command,) = commands(control)
    assert (command.kind, command.body) == ("swarm", b"user_count=3")
    request = command.request
    assert request is not None
    assert (request.method, request.path, request.query, request.body) == (
        "POST",
        "/swarm",
        "from=here",
        b"user_count=3",
    )
    assert ("content-type", "application/x-www-form-urlencoded") in request.headers
    assert request.remote.startswith("127.0.0.1:")
    command.reply(201, [("X-Said", "yes"), ("Content-Type", "text/plain")], b"done")
    answer.join(READY_WITHIN)
    assert (answer.status, answer.body, answer.headers["x-said"]) == (201, b"done", "yes")


def test_a_command_is_answered_once(control: Control) -> None:
    answer = Answer(control, "/stop")
    (command,) = commands(control)
    command.reply()
    with pytest.raises(RuntimeError, match="answered already"):
        command.reply()
    answer.join(READY_WITHIN)
    assert answer.status == 200


def test_a_command_that_is_dropped_is_answered_as_failed(control: Control) -> None:
    answer = Answer(control, "/stop")
    taken = commands(control)
    assert [command.kind for command in taken] == ["stop"]
    taken.clear()
    answer.join(READY_WITHIN)
    assert answer.status == 503


def test_who_looks_has_fresh_numbers_published(control: Control) -> None:
    stats = RequestStats()
    stats.log_request("GET", "/a", 12, 34)

    def publish(command: Command) -> None:
        assert command.kind == "publish" and command.request is None
        assert set(json.loads(command.body)["names"]) == {"run", "stats", "workers"}
        control.publish_stats(stats)
        command.reply()

    answer = Answer(control, "/stats/requests")
    serve(control, answer, publish)
    rows = answer.json()["stats"]
    assert [(row["name"], row["num_requests"]) for row in rows] == [("/a", 1), ("Aggregated", 1)]


def test_statistics_come_while_python_computes(control: Control) -> None:
    """This thread holds the interpreter all the while. The machine may be busy: one try of ten proves it."""
    control.publish_stats(RequestStats())
    assert any(is_answered_within(control, seconds=0.05) for _ in range(10))


def is_answered_within(control: Control, seconds: float) -> bool:
    """Compute for so long after a request: has its answer arrived meanwhile?"""
    assert control.port is not None
    with socket.create_connection(("127.0.0.1", control.port)) as client:
        client.sendall(b"GET /stats/requests HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            pass
        client.setblocking(False)
        try:
            return client.recv(65536).startswith(b"HTTP/1.1 200 OK")
        except BlockingIOError:
            return False


@pytest.mark.parametrize("others_listen", [False, True])
@pytest.mark.parametrize("kind", ["fast", "plain"])
def test_status_codes_and_phases_of_names_are_counted(kind: str, others_listen: bool) -> None:
    codes = iter((200, 404, 200))
    server = Server(lambda request, peer: answer(f"{next(codes)} X"))
    stats, event = RequestStats(), EventHook()
    event.add_listener(_core.Recorder(stats))
    if others_listen:
        event.add_listener(lambda **_: None)
    client: Any = (
        FastHttpSession(server.url, event, None) if kind == "fast" else HttpSession(server.url, event, None)
    )
    for _ in range(3):
        client.get("/a")
    server.close()
    stats.log_request("OWN", "no HTTP", 3, 0)
    board = Control(host=None)
    board.publish_stats(stats)
    own, entry = json.loads(board.answer("/api/v1/stats")[2])["entries"][::-1]
    assert (entry["name"], entry["status"]) == ("/a", {"200": 2, "404": 1})
    assert (own["name"], own["status"], own["phases"]) == ("no HTTP", {}, {})


def test_a_board_without_a_server_answers_and_keeps_history() -> None:
    board = Control(host=None)
    assert board.port is None
    board.publish("run", b'{"state": "running", "user_count": 7}')
    stats = RequestStats()
    board.mark("start", "go", 100.0)
    board.publish_stats(stats, 1e10)
    board.publish_stats(stats, 1e10 + 1)
    history = json.loads(board.answer("/api/v1/history?since=10000000000")[2])
    assert [(point["users"], point["rps"]) for point in history["points"]] == [(7, 0.0)]
    assert board.answer("/nowhere")[0] == 404
    assert json.loads(board.answer("/api/v1/openapi.json")[2])["openapi"] == "3.1.0"


def test_documents_must_be_json(control: Control) -> None:
    with pytest.raises(ValueError, match="run: not JSON"):
        control.publish("run", b"{")
    with pytest.raises(ValueError, match="no such scope"):
        control.set_flask("some")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"base_path": "no-slash"}, "must begin with a slash"),
        ({"basic_auth": "no-colon"}, "user:password"),
        ({"host": "256.0.0.1"}, r"256\.0\.0\.1"),
        ({"tls_cert": "missing.pem", "tls_key": "missing.pem"}, "missing.pem"),
    ],
)
def test_what_cannot_work_is_said(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(OSError, match=complaint):
        Control(**{"host": "127.0.0.1", **arguments})


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(ValueError, match="give both"):
        Control(host="127.0.0.1", tls_cert="cert.pem")


def test_a_port_that_is_taken_is_an_error_of_the_system(control: Control) -> None:
    assert control.port is not None
    with pytest.raises(OSError, match=f"127.0.0.1:{control.port}") as taken:
        Control(host="127.0.0.1", port=control.port)
    assert taken.value.errno == errno.EADDRINUSE


def test_the_page_is_there_if_it_was_built() -> None:
    document = _core.page_document("index.html")
    assert document is None or "katydid-data" in document
    assert _core.page_document("../Cargo.toml") is None
    assert _core.page_document("no-such.html") is None
