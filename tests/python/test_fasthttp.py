# ruff: noqa: E501 -- tables of expected texts read best unbroken
"""FastHttpUser's client: bytes on the wire, names, events, redirects, cookies, failures, streams.

Expected texts and bytes were observed with Locust 2.46.3 and geventhttpclient 2.3.9, unless a comment says why ours
differ.
"""

from __future__ import annotations

import gc
import io
import weakref
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from katydid.locust.contrib import fasthttp
from katydid.locust.contrib.fasthttp import (
    ErrorResponse,
    FastHttpSession,
    FastResponse,
    LocustBadStatusCode,
    ResponseContextManager,
)
from katydid.locust.event import EventHook
from katydid.locust.exception import CatchResponseError, LocustError, RescheduleTask, ResponseError
from misbehaving import misbehave
from requests.cookies import create_cookie
from scripted import OK, Server, answer


class Listener:
    """Keeps the events."""

    def __init__(self) -> None:
        self.hook = EventHook()
        self.events: list[dict[str, Any]] = []
        self.hook.add_listener(lambda **event: self.events.append(event))

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    """No test of waiting may wait for ever."""
    with gevent.Timeout(30):
        yield


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def heard() -> Listener:
    return Listener()


@pytest.fixture
def client(server: Server, heard: Listener) -> FastHttpSession:
    return session(server.url, heard)


def session(url: str, heard: Listener, **settings: Any) -> FastHttpSession:
    defaults = {"network_timeout": 5, "connection_timeout": 5, "max_redirects": 30, "max_retries": 0}
    return FastHttpSession(url, heard.hook, None, **{**defaults, **settings})


AGENT = "User-Agent: python/gevent-http-client-2.3.9"
CODINGS = "Accept-Encoding: gzip, deflate, br"

WIRE = [
    ("get", ("/items",), {}, "GET /items", [AGENT, CODINGS, "HOST"], b""),
    ("get", ("/items?a=1 b|c#frag",), {}, "GET /items?a=1 b|c", [AGENT, CODINGS, "HOST"], b""),
    ("get", ("/items?z=1",), {"params": {"a": "1 2", "b": ["x", "y"]}}, "GET /items?z=1&a=1+2&b=x&b=y",
     [AGENT, CODINGS, "HOST"], b""),
    ("get", ("/a/../b/%7e",), {}, "GET /a/../b/%7e", [AGENT, CODINGS, "HOST"], b""),
    ("get", ("/x",), {"headers": {"X-B": "1", "accept-encoding": "identity"}}, "GET /x",
     [AGENT, "X-B: 1", "accept-encoding: identity", "HOST"], b""),
    ("get", ("/x",), {"headers": {"X": None, "Y": 5}}, "GET /x", [AGENT, "X: None", "Y: 5", CODINGS, "HOST"], b""),
    ("get", ("/x",), {"auth": ("u", "p")}, "GET /x", [AGENT, "Authorization: Basic dTpw", CODINGS, "HOST"], b""),
    # a keyword that nobody knows is a parameter, or a field of a form that is posted
    ("get", ("/x",), {"timeout": 3}, "GET /x?timeout=3", [AGENT, CODINGS, "HOST"], b""),
    ("put", ("/x",), {"foo": 2}, "PUT /x?foo=2", [AGENT, CODINGS, "HOST"], b""),
    ("post", ("/x",), {"verify": False}, "POST /x",
     [AGENT, CODINGS, "content-type: application/x-www-form-urlencoded; charset=utf-8", "content-length: 12", "HOST"],
     b"verify=False"),
    ("post", ("/x",), {"data": {"x": 1}, "foo": 2}, "POST /x",
     [AGENT, CODINGS, "content-type: application/x-www-form-urlencoded; charset=utf-8", "content-length: 9", "HOST"],
     b"x=1&foo=2"),
    ("post", ("/x",), {}, "POST /x", [AGENT, CODINGS, "HOST"], b""),
    ("post", ("/x", {"a": "1 2", "ü": "ß"}), {}, "POST /x",
     [AGENT, CODINGS, "content-type: application/x-www-form-urlencoded; charset=utf-8", "content-length: 19", "HOST"],
     b"a=1+2&%C3%BC=%C3%9F"),
    ("post", ("/x", "häl"), {}, "POST /x",
     [AGENT, CODINGS, "content-type: text/plain; charset=utf-8", "content-length: 4", "HOST"], "häl".encode()),
    ("post", ("/x", b"abc"), {}, "POST /x",
     [AGENT, CODINGS, "content-type: application/octet-stream", "HOST", "Content-Length: 3"], b"abc"),
    ("post", ("/x",), {"json": {"a": "ü", "b": 1.5}}, "POST /x",
     [AGENT, CODINGS, "Content-Type: application/json", "Accept: application/json", "HOST", "Content-Length: 25"],
     b'{"a": "\\u00fc", "b": 1.5}'),
    ("post", ("/x",), {"json": {"a": 1}, "headers": {"content-type": "x/y"}}, "POST /x",
     [AGENT, "content-type: x/y", CODINGS, "Accept: application/json", "HOST", "Content-Length: 8"], b'{"a": 1}'),
    ("post", ("/x",), {"json": []}, "POST /x",
     [AGENT, CODINGS, "Content-Type: application/json", "Accept: application/json", "HOST", "Content-Length: 2"],
     b"[]"),
    ("delete", ("/x",), {}, "DELETE /x", [AGENT, CODINGS, "HOST"], b""),
    ("options", ("/x",), {}, "OPTIONS /x", [AGENT, CODINGS, "HOST"], b""),
    ("head", ("/head",), {}, "HEAD /head", [AGENT, CODINGS, "HOST"], b""),
    ("patch", ("/x", "y"), {}, "PATCH /x",
     [AGENT, CODINGS, "content-type: text/plain; charset=utf-8", "content-length: 1", "HOST"], b"y"),
    ("request", ("get", "/x"), {}, "GET /x", [AGENT, CODINGS, "HOST"], b""),
    ("request", ("PROPFIND", "/x"), {}, "PROPFIND /x", [AGENT, CODINGS, "HOST"], b""),
    # geventhttpclient cannot send these; ours are ordinary forms and uploads
    ("post", ("/x", [("a", "1"), ("a", "2")]), {}, "POST /x",
     [AGENT, CODINGS, "content-type: application/x-www-form-urlencoded; charset=utf-8", "content-length: 7", "HOST"],
     b"a=1&a=2"),
    ("post", ("/x", io.BytesIO(b"file")), {}, "POST /x",
     [AGENT, CODINGS, "content-type: application/octet-stream", "Content-Length: 4", "HOST"], b"file"),
    ("post", ("/x", iter([b"ab", b"cd"])), {}, "POST /x",
     [AGENT, CODINGS, "content-type: application/octet-stream", "HOST", "Transfer-Encoding: chunked"],
     b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "positional", "named", "line", "headers", "body"), WIRE)
def test_the_wire(server, client, verb, positional, named, line, headers, body):
    server.script = lambda request, peer: answer("200 OK", b"") if request.line.startswith("HEAD") else OK
    response = getattr(client, verb)(*positional, **named)
    assert response.status_code == 200
    received = server.last
    assert received.line == f"{line} HTTP/1.1"
    expected = [f"Host: 127.0.0.1:{server.port}" if header == "HOST" else header for header in headers]
    assert received.headers == expected
    assert received.body == body


def test_a_parameter_without_a_value_is_left_out(server, client):
    client.get("/x", params={"a": None, "b": [1, 2], "c": "d e"})
    assert server.last.path == "/x?b=1&b=2&c=d+e"
    client.get("/x", params={"a": None})
    assert server.last.path == "/x"


def test_files_are_sent_as_a_form(server, client):
    client.post("/x", data={"k": "v"}, files={"f": ("n.txt", io.BytesIO(b"xx"))})
    assert b'name="k"\r\n\r\nv\r\n' in server.last.body
    assert b'name="f"; filename="n.txt"\r\n\r\nxx\r\n' in server.last.body


def test_the_callers_headers_show_what_was_added(client):
    headers: dict[str, str] = {}
    client.post("/x", json={}, headers=headers)
    assert headers == {
        "Accept-Encoding": "gzip, deflate, br",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


def test_default_headers_and_credentials_of_the_base_url(server, heard):
    url = server.url.replace("http://", "http://us:pw@")
    session(url, heard, headers={"A": "b", "User-Agent": "me"}).get("/x")
    assert server.last.headers[:4] == ["User-Agent: me", "A: b", "Authorization: Basic dXM6cHc=", CODINGS]


def test_a_default_header_that_changes_counts_from_the_next_request(server, client):
    client.get("/x")
    client.client.default_headers["X-New"] = "1"
    client.get("/x")
    assert "X-New: 1" in server.last.headers
    del client.client.default_headers["X-New"]
    client.get("/x")
    assert "X-New: 1" not in server.last.headers


NAMES = [
    (("/items?a=1",), {}, "/items?a=1", "/items?a=1"),
    (("/items",), {"params": {"a": 1}}, "/items", "/items"),
    (("BASE/abs?x=1",), {}, "BASE/abs?x=1", "/abs?x=1"),
    (("/items/7",), {"name": "/items/[id]"}, "/items/[id]", "/items/7"),
    (("/items/7",), {"name": ""}, "/items/7", "/items/7"),
    (("/items/ü",), {}, "/items/ü", "/items/ü"),
]


@pytest.mark.parametrize(("positional", "named", "name", "path"), NAMES)
def test_names_in_the_statistics(server, client, heard, positional, named, name, path):
    client.get(*[text.replace("BASE", server.url) for text in positional], **named)
    assert heard.last["name"] == name.replace("BASE", server.url)
    assert heard.last["url"] == server.url + path


def test_the_event_carries_what_locust_documents(server, client, heard):
    server.script = lambda request, peer: answer("200 OK", b"hello")
    response = client.request("get", "/x", context={"trace": 7})
    event = heard.last
    assert set(event) == {
        "request_type", "name", "response_time", "response_length", "response", "context", "exception", "start_time",
        "url",
    }  # fmt: skip
    assert event["request_type"] == "get"
    assert event["response_length"] == 5
    assert event["context"] == {"trace": 7}
    assert event["exception"] is None
    assert event["response"] is response
    assert 0 < event["response_time"] < 5000
    assert abs(event["start_time"] - __import__("time").time()) < 30


def test_the_users_context_is_part_of_every_event(server, heard):
    class Owner:
        def context(self) -> dict[str, str]:
            return {"user": "me", "trace": "0"}

    client = FastHttpSession(server.url, heard.hook, Owner())
    client.get("/x", context={"trace": "1"})
    assert heard.last["context"] == {"user": "me", "trace": "1"}


# the decision table of catch_response

CATCH = [
    ("/200", lambda response: None, [None], None),
    ("/404", lambda response: None, ["LocustBadStatusCode(code=404)"], None),
    ("/404", lambda response: response.success(), [None], None),
    ("/200", lambda response: response.failure("bad"), ["CatchResponseError('bad')"], None),
    ("/200", lambda response: response.failure(KeyError("k")), ["KeyError('k')"], None),
    ("/200", lambda response: (response.failure("bad"), response.success()), [None], None),
    (
        "/200",
        lambda response: (response.success(), response.failure("bad")),
        ["CatchResponseError('bad')"],
        None,
    ),
    ("/200", lambda response: fail(ResponseError("mine")), ["ResponseError('mine')"], None),
    ("/200", lambda response: fail(ValueError("mine")), [], ValueError),
    ("/200", lambda response: fail(RescheduleTask()), [], RescheduleTask),
    ("/200", lambda response: (response.success(), fail(ValueError("mine"))), [None], ValueError),
    (
        "/200",
        lambda response: (response.failure("bad"), fail(ValueError("x"))),
        ["CatchResponseError('bad')"],
        ValueError,
    ),
    ("/404", lambda response: response.raise_for_status(), [], LocustBadStatusCode),
]


def fail(error: BaseException) -> None:
    raise error


def by_code(request: Any, peer: Any) -> bytes:
    return answer(f"{request.path[1:4]} Whatever", b"hello")


@pytest.mark.parametrize(("path", "block", "expected", "raised"), CATCH)
def test_catch_response(server, client, heard, path, block, expected, raised):
    server.script = by_code
    try:
        with client.get(path, catch_response=True) as response:
            assert isinstance(response, ResponseContextManager)
            assert heard.events == []
            block(response)
    except Exception as error:
        assert raised is not None and isinstance(error, raised)
    else:
        assert raised is None
    assert [event["exception"] and repr(event["exception"]) for event in heard.events] == expected


def test_without_a_with_block_nothing_is_reported(client, heard):
    response = client.get("/x", catch_response=True)
    assert heard.events == []
    with pytest.raises(LocustError):
        response.success()
    with pytest.raises(LocustError):
        response.failure("x")


def test_a_with_block_without_catch_response_does_no_harm(client, heard):
    with client.get("/x") as response:
        pass
    assert len(heard.events) == 1
    with pytest.raises(LocustError):
        response.success()


def test_the_block_may_rename_the_request(client, heard):
    with client.get("/x", catch_response=True) as response:
        response.request_meta["name"] = "renamed"
        response.request_meta["context"]["more"] = 1
    assert heard.last["name"] == "renamed"
    assert heard.last["context"] == {"more": 1}
    assert heard.last["response"] is response


STATUS = [
    (200, None), (204, None), (208, None), (226, None), (301, None), (304, None), (308, None),
    (300, 300), (209, 209), (400, 400), (404, 404), (429, 429), (500, 500), (503, 503),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code"), STATUS)
def test_which_codes_are_failures(server, client, heard, status, code):
    server.script = by_code
    response = client.get(f"/{status}")
    expected = None if code is None else f"LocustBadStatusCode(code={code})"
    exception = heard.last["exception"]
    assert (exception and repr(exception)) == expected
    assert response.status_code == status
    assert response.ok is (status < 400)
    if code:
        assert str(exception) == f"URL {server.url}/{status}: code={code}"
        assert response.error is exception


def test_own_success_codes(server, client, heard):
    server.script = by_code
    client.client.valid_response_codes = frozenset([200, 404])
    client.get("/404")
    assert heard.last["exception"] is None


REDIRECTS = [
    ("POST", 301, "POST", b"b"),
    ("POST", 302, "GET", b""),
    ("POST", 303, "GET", b""),
    ("POST", 307, "POST", b"b"),
    ("POST", 308, "POST", b"b"),
    ("PUT", 302, "GET", b""),
]


@pytest.mark.parametrize(("method", "status", "then", "body"), REDIRECTS)
def test_redirects(server, client, heard, method, status, then, body):
    server.script = lambda request, peer: (
        answer(f"{status} Go", b"", "Location: /there", "Set-Cookie: a=1; Path=/")
        if request.path == "/here"
        else OK
    )
    response = client.request(method, "/here", data="b")
    assert response.status_code == 200
    assert response.url == f"{server.url}/there"
    assert server.last.line == f"{then} /there HTTP/1.1"
    assert server.last.body == body
    assert "Cookie: a=1" in server.last.headers
    assert len(heard.events) == 1
    assert (heard.last["name"], heard.last["url"]) == ("/here", f"{server.url}/here")
    assert heard.last["request_type"] == method


def test_a_head_that_is_redirected_becomes_a_get(server, client):
    server.script = lambda request, peer: (
        answer("302 Go", b"", "Location: /there") if request.path == "/here" else OK
    )
    assert client.head("/here").content == b"{}"
    assert server.last.line == "GET /there HTTP/1.1"


LOCATIONS = [
    ("/a/b", "rel", "/a/b/rel"),
    ("/a/c/", "rel", "/a/c/rel"),
    ("/a/d", "?q=1", "/a/d/?q=1"),
    ("/a/f?x=1", "rel", "/a/f/rel"),
    ("/a/h", "/y?p=1#frag", "/y?p=1"),
    ("/a/i", "BASE/z", "/z"),
    ("/a/g", "//AUTHORITY/z", "/z"),
]


@pytest.mark.parametrize(("path", "location", "target"), LOCATIONS)
def test_relative_locations_are_appended(server, client, path, location, target):
    location = location.replace("BASE", server.url).replace("AUTHORITY", server.url[7:])
    server.script = lambda request, peer: (
        answer("302 Go", b"", f"Location: {location}") if request.path == path else OK
    )
    client.get(path)
    assert server.last.path == target


def test_redirects_may_stay_unfollowed(server, client, heard):
    server.script = lambda request, peer: answer("302 Go", b"", "Location: /there")
    response = client.get("/here", allow_redirects=False)
    assert response.status_code == 302
    assert response.headers["location"] == "/there"
    assert heard.last["exception"] is None


def test_the_limit_of_redirects(server, heard):
    server.script = lambda request, peer: answer("302 Go", b"", "Location: /loop")
    client = session(server.url, heard, max_redirects=3)
    response = client.get("/loop")
    assert type(response) is ErrorResponse
    # geventhttpclient 2.3.9 cannot even show this one
    assert repr(heard.last["exception"]) == f"RetriesExceeded('{server.url}/loop')"
    assert len(server.requests) == 4


def test_cookies_come_back_and_can_be_cleared(server, client):
    server.script = lambda request, peer: answer(
        "200 OK", b"", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/"
    )
    client.get("/x")
    server.script = lambda request, peer: OK
    client.get("/x")
    assert "Cookie: a=1; b=2" in server.last.headers
    assert sorted(cookie.name for cookie in client.cookiejar) == ["a", "b"]
    client.cookiejar.clear()
    client.get("/x")
    assert not any(line.startswith("Cookie") for line in server.last.headers)


def test_a_cookie_for_a_path_is_sent_only_there(server, client):
    server.script = lambda request, peer: answer("200 OK", b"", "Set-Cookie: a=1; Path=/deep")
    client.get("/deep/x")
    server.script = lambda request, peer: OK
    client.get("/deep/y")
    assert "Cookie: a=1" in server.last.headers
    client.get("/other")
    assert "Cookie: a=1" not in server.last.headers


# failures; {port} stands for the server's

FAILURES = [
    ("/reset", "HTTPConnectionClosed('connection closed.')"),
    ("/reset-in-head", "ConnectionResetError(104, 'Connection reset by peer')"),
    ("/reset-in-body", "ConnectionResetError(104, 'Connection reset by peer')"),
    ("/close", "HTTPConnectionClosed('connection closed.')"),
    ("/close-in-body", "HTTPParseError('Incomplete response.')"),
    ("/close-between-chunks", "HTTPParseError('Incomplete response.')"),
    ("/silent", "RetriesExceeded('http://127.0.0.1:{port}/silent', 0, original=timed out)"),
    ("/silent-in-body", "TimeoutError('timed out')"),
    # geventhttpclient raises these into the task, unrecorded
    ("/garbage", "HTTPParseError('Expected HTTP/', 8)"),
    ("/bad-version", "HTTPParseError('Invalid HTTP version', 9)"),
    ("/bad-code", "HTTPParseError('Invalid response status', 13)"),
    ("/bad-chunk", "HTTPParseError('Invalid character in chunk size', 12)"),
    ("/endless-head", "HTTPParseError('Header overflow')"),
    ("/bad-gzip", "error('Error -3 while decompressing data: incorrect header check')"),
    ("/bad-deflate", "error('Error -3 while decompressing data: incorrect header check')"),
    ("/bad-br", "error('brotli: decoder failed')"),
    ("/cut-gzip", "error('Error -5 while decompressing data: incomplete or truncated stream')"),
    ("/bad-redirect", "ConnectionRefusedError(111, 'Connection refused')"),
    ("/404-latin", "LocustBadStatusCode(code=404)"),
    ("/continue", "None"),
    ("/until-close", "None"),
    ("/http10", "None"),
    ("/slow-loris", "None"),
    ("/no-location", "None"),
]


@pytest.mark.parametrize(("path", "text"), FAILURES)
def test_failures(server, heard, path, text):
    server.script = misbehave
    client = session(server.url, heard, network_timeout=0.3)
    client.get(path)
    assert repr(heard.last["exception"]) == text.format(port=server.port)
    assert heard.last["name"] == path
    server.script = lambda request, peer: OK
    assert client.get("/after").status_code == 200


def test_a_request_without_an_answer_is_sent_once(server, client, heard):
    server.script = misbehave
    client.post("/close", data="x")
    assert repr(heard.last["exception"]) == "HTTPConnectionClosed('connection closed.')"
    assert len(server.requests) == 1


def test_only_what_does_no_harm_twice_is_sent_again_on_a_new_connection(server, client, heard):
    server.script = lambda request, peer: OK if peer.served == 1 else None
    assert [client.get("/x").status_code for _ in range(3)] == [200] * 3
    server.requests.clear()
    assert client.post("/x", data="x").status_code == 0  # geventhttpclient sends it again
    assert len(server.requests) == 1


# geventhttpclient counts such an answer as status 200 with what had come of the body
@pytest.mark.parametrize(
    "path", ["/close-in-body", "/close-between-chunks", "/reset-in-body", "/silent-in-body"]
)
def test_a_failure_inside_the_body_leaves_no_answer(server, heard, path):
    server.script = misbehave
    response = session(server.url, heard, network_timeout=0.3).get(path)
    assert (response.status_code, response.content, heard.last["response_length"]) == (0, None, 0)
    assert heard.last["exception"] is response.error


# geventhttpclient raises the first two into the task, unrecorded, and takes the last for a good answer
MALFORMED = [
    (b"HTTP/1.1 200 OK\r\nContent-Le", "HTTPParseError('Invalid EOF state', 14)"),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        "HTTPParseError('Invalid character in Content-Length', 11)",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokXX0\r\n\r\n",
        "HTTPParseError('Invalid character in chunk size', 12)",
    ),
]


@pytest.mark.parametrize(("sent", "text"), MALFORMED)
def test_malformed_answers_are_failures(server, client, heard, sent, text):
    server.script = lambda request, peer: peer.send(sent)
    assert client.get("/x").status_code == 0
    assert repr(heard.last["exception"]) == text


@pytest.mark.parametrize("retries", [1, 3])
def test_a_request_that_times_out_is_tried_again(server, heard, retries):
    server.script = misbehave
    client = session(server.url, heard, network_timeout=0.1, max_retries=retries)
    client.post("/silent", data="x")
    expected = f"RetriesExceeded('{server.url}/silent', {retries}, original=timed out)"
    assert repr(heard.last["exception"]) == expected
    assert [request.body for request in server.requests] == [b"x"] * (1 + retries)
    assert heard.last["response_time"] >= 100 * (1 + retries)
    server.script = lambda request, peer: OK if len(server.requests) % 2 == 0 else misbehave(request, peer)
    server.requests.clear()
    assert client.get("/silent").status_code == 200
    assert heard.last["exception"] is None


PLACES = [
    ("http://127.0.0.1:1", "ConnectionRefusedError(111, 'Connection refused')"),
    ("http://nosuch.invalid", "gaierror(-2, 'Name or service not known')"),
    ("", "gaierror(-2, 'Name or service not known')"),
    ("foo://x", "gaierror(-2, 'Name or service not known')"),
]


@pytest.mark.parametrize(("url", "text"), PLACES)
def test_servers_that_are_not_there(heard, url, text):
    response = session(url, heard).get("/x")
    assert repr(heard.last["exception"]) == text
    assert heard.last["name"] == "/x"
    assert type(response) is ErrorResponse


def test_what_a_failed_response_is(heard):
    response = session("http://127.0.0.1:1", heard).get("/x")
    facts = (response.status_code, response.headers, response.content, response.text, response.ok)
    assert facts == (0, None, None, None, True)
    assert response.request.method == "GET"
    with pytest.raises(ConnectionRefusedError):
        response.raise_for_status()
    with pytest.raises(TypeError):
        response.json()


def test_a_silent_handshake(server, heard):
    server.script = misbehave
    client = session(server.url.replace("http", "https"), heard, connection_timeout=0.2, network_timeout=0.2)
    client.get("/x")
    url = server.url.replace("http", "https")
    expected = f"RetriesExceeded('{url}/x', 0, original=The handshake operation timed out)"
    assert repr(heard.last["exception"]) == expected


def test_a_failure_inside_catch_response_can_be_called_a_success(heard):
    with session("http://127.0.0.1:1", heard).get("/x", catch_response=True) as response:
        assert response.status_code == 0
        assert isinstance(response.error, ConnectionRefusedError)
        response.success()
    assert heard.last["exception"] is None


# responses


def test_what_a_response_is(server, client):
    server.script = lambda request, peer: answer(
        "200 OK", b'{"a": [1, 2.5, null]}', "Content-Type: application/json", "X-A: 1", "X-A: 2"
    )
    response = client.get("/x", headers={"X-Mine": "1"})
    assert type(response) is FastResponse
    assert type(response.content) is bytes  # geventhttpclient: bytearray
    assert response.json() == {"a": [1, 2.5, None]}
    assert response.text == '{"a": [1, 2.5, null]}'
    assert response.encoding == "utf-8"
    assert response.headers["x-a"] == ["1", "2"]
    assert response.headers.get("CONTENT-TYPE") == "application/json"
    assert response.headers.getlist("x-a") == ["1", "2"]
    assert ("Content-Type", "application/json") in response.headers.items()
    assert response.headers.get("missing") is None
    assert response.request.headers["x-mine"] == "1"
    assert (response.request.url, response.request.method) == (f"{server.url}/x", "GET")
    assert len(response) == 21


JSON = [
    b"{}", b"[1, 2]", b'"text"', b"12", b"1e400", b"-0", b"12345678901234567890123", b"NaN", b"-Infinity",
    b'"\\ud800"', b'{"a": 1, "a": 2}', b"", b"{", b"[1,]", b"nul", b"\xef\xbb\xbf{}", b'"\x01"', b"01",
    b"[" * 300 + b"]" * 300, '"ü€😀"'.encode(), b'"\xff"', b" \t\n{}\r ", b"{}x", b"1.0", b"true",
]  # fmt: skip


@pytest.mark.parametrize("text", JSON)
def test_json_is_what_the_standard_library_makes_of_it(server, client, text):
    import json

    server.script = lambda request, peer: answer("200 OK", text, "Content-Type: application/json")
    response = client.get("/x")
    try:
        expected: Any = json.loads(response.text)
    except ValueError as error:
        with pytest.raises(type(error)) as raised:
            response.json()
        assert str(raised.value) == str(error)
    else:
        result = response.json()
        assert repr(result) == repr(expected)


ENCODINGS = [
    ("Content-Type: text/html", "grün".encode("latin-1"), "grün"),
    ("Content-Type: text/html; charset=utf-8", "grün".encode(), "grün"),
    ("Content-Type: text/plain; charset=cp1252", b"\x80", "€"),
    ("Content-Type: application/json", b"\xff", "\ufffd"),
]


@pytest.mark.parametrize(("header", "body", "text"), ENCODINGS)
def test_text(server, client, header, body, text):
    server.script = lambda request, peer: answer("200 OK", body, header)
    assert client.get("/x").text == text


def test_an_encoding_of_the_users(server, client):
    server.script = lambda request, peer: answer("200 OK", b"\xa4", "Content-Type: text/html")
    response = client.get("/x")
    response.encoding = "iso-8859-15"
    assert response.text == "€"


def test_compressed_bodies(server, client, heard):
    import gzip

    server.script = lambda request, peer: answer(
        "200 OK", gzip.compress(b"hello" * 50), "Content-Encoding: gzip"
    )
    response = client.get("/x")
    assert response.content == b"hello" * 50
    assert heard.last["response_length"] == 250


# streams


def in_pieces(request: Any, peer: Any) -> bytes | None:
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nab\ncd\n\r\n")
    client_has_seen.wait(5)
    client_has_seen.clear()
    return b"5\r\nef\ngh\r\n0\r\n\r\n"


client_has_seen = __import__("threading").Event()


def test_a_streamed_answer_is_handed_out_while_it_arrives(server, client, heard):
    server.script = in_pieces
    response = client.get("/x", stream=True)
    assert heard.last["exception"] is None
    pieces = response.iter_content(1024)
    assert next(pieces) == "ab\ncd\n"
    client_has_seen.set()
    assert list(pieces) == ["ef\ngh"]
    server.script = lambda request, peer: OK
    assert client.get("/y").status_code == 200
    assert server.connections == 1


def test_lines_of_a_streamed_answer(server, client):
    server.script = in_pieces
    lines = client.iter_lines("/x")
    assert [next(lines), next(lines)] == ["ab", "cd"]
    client_has_seen.set()
    assert list(lines) == ["ef", "gh"]


def test_lines_of_a_failed_answer_are_none(server, client):
    server.script = lambda request, peer: answer("404 Not Found", b"no\nlines")
    with pytest.raises(fasthttp.LocustBadStatusCode):
        next(client.iter_lines("/x"))


def test_reading_a_streamed_answer(server, client):
    server.script = lambda request, peer: answer("200 OK", b"one\ntwo\nthree")
    response = client.get("/x", stream=True)
    assert response.stream.readline() == b"one\n"  # geventhttpclient would look for a carriage return, too
    assert response.read(2) == b"tw"
    assert response.content == b"o\nthree"


def test_a_streamed_answer_that_nobody_reads_leaves_nothing(server, client):
    server.script = in_pieces
    client.get("/x", stream=True).release()
    client_has_seen.set()
    server.script = lambda request, peer: OK
    assert client.get("/y").status_code == 200


def test_a_cookie_cannot_end_its_line(server, client):
    client.cookiejar.set_cookie(create_cookie("bad", "1\r\nInjected: yes"))
    with pytest.raises(ValueError, match="line break"):
        client.get("/x")
    assert server.requests == []


# connections, interruption, memory


def test_a_pool_that_is_replaced_does_not_end_the_requests_under_way(server, client):
    def slow(request, peer):
        client_has_seen.wait(5)
        return OK

    client_has_seen.clear()
    server.script = slow
    under_way = gevent.spawn(client.get, "/x")
    gevent.sleep(0.05)
    client.client.clientpool = fasthttp.HTTPClientPool(2)
    client_has_seen.set()
    assert under_way.get(timeout=5).status_code == 200


def test_connections_are_reused_and_can_be_closed(server, client):
    for _ in range(3):
        client.get("/x")
    assert server.connections == 1
    client.client.clientpool.close()
    client.get("/x")
    assert server.connections == 2


def test_concurrent_requests_share_so_many_connections(server, heard):
    server.script = lambda request, peer: (nap(0.05), OK)[1]
    client = session(server.url, heard, concurrency=3)
    gevent.joinall([gevent.spawn(client.get, "/x") for _ in range(9)])
    assert [event["exception"] for event in heard.events] == [None] * 9
    assert server.connections == 3


def test_users_may_share_a_pool(server, heard):
    pool = fasthttp.HTTPClientPool(concurrency=5)
    for _ in range(3):
        session(server.url, heard, client_pool=pool).get("/x")
    assert server.connections == 1


def test_a_foreign_pool_stands_for_a_shared_one(server, heard):
    class HTTPClientPool:
        client_args = {"concurrency": 5}

    pool = HTTPClientPool()
    for _ in range(3):
        session(server.url, heard, client_pool=pool).get("/x")
    assert server.connections == 1


def nap(seconds: float) -> None:
    import threading

    threading.Event().wait(seconds)


@pytest.mark.parametrize("how", ["kill", "timeout"])
def test_an_interrupted_request_is_given_up(server, client, heard, how):
    server.script = misbehave
    if how == "kill":
        greenlet = gevent.spawn(client.get, "/silent")
        gevent.sleep(0.05)
        greenlet.kill()
        assert heard.events == []
    else:
        # As on stock Locust: the task's own limit is recorded, and the call returns.
        with gevent.Timeout(0.05):
            response = client.get("/silent")
        url = f"{server.url}/silent"
        assert repr(heard.last["exception"]) == f"RetriesExceeded({url!r}, 0, original=0.05 seconds)"
        assert response.status_code == 0
        assert 40 <= heard.last["response_time"] < 2000
    server.script = lambda request, peer: OK
    assert client.get("/x").status_code == 200
    assert server.connections == 2


def test_requests_from_a_callback_of_the_loop_are_refused(client):
    seen: list[BaseException] = []

    def callback() -> None:
        try:
            client.get("/x")
        except BaseException as error:
            seen.append(error)

    gevent.get_hub().loop.run_callback(callback)
    gevent.sleep(0.01)
    assert [type(error).__name__ for error in seen] == ["BlockingSwitchOutError"]


def test_responses_and_sessions_are_freed(server, heard):
    server.script = by_code
    heard.hook = EventHook()
    client = session(server.url, heard)
    responses = []
    for path in ("/200", "/404"):
        with client.get(path, catch_response=True) as response:
            assert response.request_meta["response"] is response
        responses.append(weakref.ref(response))
    try:
        response.raise_for_status()
    except Exception as error:
        assert error.__traceback__ is not None
    gone = weakref.ref(client)
    del client, response
    gc.collect()
    assert [ref() for ref in responses] == [None, None]
    assert gone() is None


# subclasses and patches


def test_an_overridden_request_sees_every_verb(server, heard):
    class Mine(FastHttpSession):
        def request(self, method: str, url: str, **kwargs: Any) -> Any:
            return super().request(method, url, headers={"X-Mine": method}, **kwargs)

    client = Mine(server.url, heard.hook, None)
    client.get("/x", name="n")
    assert "X-Mine: GET" in server.last.headers
    assert heard.last["name"] == "n"


def test_a_patched_request_sees_every_verb(server, client):
    original = client.request
    client.request = lambda method, url, **kwargs: original(method, url, headers={"X-Mine": "1"}, **kwargs)
    client.get("/x")
    assert "X-Mine: 1" in server.last.headers
    del client.request
    client.get("/x")
    assert "X-Mine: 1" not in server.last.headers


# rest


@pytest.fixture
def user(server, heard):
    class Owner(fasthttp.FastHttpUser):
        host = server.url

    class Environment:
        class events:
            request = heard.hook

    return Owner(Environment())


def test_rest_parses_and_asks_for_json(server, user, heard):
    server.script = lambda request, peer: answer("200 OK", b'{"a": 1}', "Content-Type: application/json")
    with user.rest("POST", "/x", json={}) as response:
        assert response.js == {"a": 1}
    assert "Accept: application/json" in server.last.headers
    assert heard.last["exception"] is None


REST = [
    (
        b"no json",
        lambda response: None,
        "Could not parse response as JSON. no json, response code 200, error Expecting",
    ),
    (b"{}", lambda response: fail(AssertionError("wrong")), "wrong"),
    (b"{}", lambda response: fail(AssertionError("wrong,")), "wrong, response was {}"),
    (b"{}", lambda response: fail(AssertionError()), "Assertion failed"),
    (b"{}", lambda response: fail(KeyError("k")), "KeyError: 'k' at "),
    (b"{}", lambda response: response.failure("mine"), "mine"),
]


@pytest.mark.parametrize(("body", "block", "text"), REST)
def test_rest_records_whatever_goes_wrong(server, user, heard, body, block, text):
    server.script = lambda request, peer: answer("200 OK", body)
    with user.rest("GET", "/x") as response:
        block(response)
    exception = heard.last["exception"]
    assert isinstance(exception, CatchResponseError)
    assert str(exception).startswith(text)


def test_rest_without_an_answer(server, user, heard):
    user.client.base_url = "http://127.0.0.1:1"
    with user.rest("GET", "/x") as response:
        assert response.js is None
    assert repr(heard.last["exception"]) == "CatchResponseError('[Errno 111] Connection refused')"


def test_rest_with_a_time_parameter(server, user, heard):
    with user.rest_("GET", "/x?a=1"):
        pass
    assert heard.last["name"] == "/x?a=1&_=..."
    assert server.last.path.startswith("/x?a=1&_=1")


def test_a_user_without_a_host(heard):
    from katydid.locust.exception import StopTest

    class Owner(fasthttp.FastHttpUser):
        pass

    with pytest.raises(StopTest):
        Owner(
            type("Environment", (), {"events": type("Events", (), {"request": heard.hook}), "host": None})()
        )


def test_the_old_name_says_what_to_do():
    with pytest.raises(ImportError, match="FastHttpUser"):
        type("Old", (fasthttp.FastHttpLocust,), {})
