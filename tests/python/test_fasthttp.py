# ruff: noqa: E501 -- tables of expected texts read best unbroken
"""FastHttpUser's client: bytes on the wire, names, events, redirects, cookies, failures, streams.

Expected texts and bytes were observed with Locust 2.46.3 and geventhttpclient 2.3.9, unless a comment says why ours
differ.
"""

from __future__ import annotations

import gc
import io
import threading
import weakref
from typing import Any

import gevent
import pytest
from katydid.locust.contrib import fasthttp
from katydid.locust.contrib.fasthttp import (
    ErrorResponse,
    FastHttpSession,
    LocustBadStatusCode,
    ResponseContextManager,
)
from katydid.locust.event import EventHook
from katydid.locust.exception import CatchResponseError, LocustError, RescheduleTask, ResponseError
from listening import Listener, by_code, fail, fast_session
from misbehaving import misbehave
from scripted import OK, Server, answer

pytestmark = pytest.mark.usefixtures("limit")


@pytest.fixture
def client(server: Server, heard: Listener) -> FastHttpSession:
    return fast_session(server.url, heard)


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
    fast_session(url, heard, headers={"A": "b", "User-Agent": "me"}).get("/x")
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


@pytest.mark.parametrize(
    ("arguments", "content_type"),
    [
        ({"json": {"a": 1}}, "application/json"),
        ({"data": {"a": 1}}, "application/x-www-form-urlencoded; charset=utf-8"),
        ({"data": "a"}, "text/plain; charset=utf-8"),
    ],
)
def test_a_body_that_is_redirected_stays_what_it_was(server, client, arguments, content_type):
    moved = answer("307 Moved", b"", "Location: /there")
    server.script = lambda request, _: moved if request.path == "/moved" else answer()
    client.post("/moved", **arguments)
    assert [request.path for request in server.requests] == ["/moved", "/there"]
    headers = [
        {name.lower(): value for name, _, value in (line.partition(": ") for line in request.headers)}
        for request in server.requests
    ]
    assert [each["content-type"] for each in headers] == [content_type] * 2
    assert headers[0].get("accept") == headers[1].get("accept")


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
    client = fast_session(server.url, heard, max_redirects=3)
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


# connections, interruption, memory


def test_a_pool_that_is_replaced_does_not_end_the_requests_under_way(server, client):
    go_on = threading.Event()

    def slow(request, peer):
        go_on.wait(5)
        return OK

    server.script = slow
    under_way = gevent.spawn(client.get, "/x")
    gevent.sleep(0.05)
    client.client.clientpool = fasthttp.HTTPClientPool(2)
    go_on.set()
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
    client = fast_session(server.url, heard, concurrency=3)
    gevent.joinall([gevent.spawn(client.get, "/x") for _ in range(9)])
    assert [event["exception"] for event in heard.events] == [None] * 9
    assert server.connections == 3


def test_users_may_share_a_pool(server, heard):
    pool = fasthttp.HTTPClientPool(concurrency=5)
    for _ in range(3):
        fast_session(server.url, heard, client_pool=pool).get("/x")
    assert server.connections == 1


def test_a_foreign_pool_stands_for_a_shared_one(server, heard):
    class HTTPClientPool:
        client_args = {"concurrency": 5}

    pool = HTTPClientPool()
    for _ in range(3):
        fast_session(server.url, heard, client_pool=pool).get("/x")
    assert server.connections == 1


def nap(seconds: float) -> None:
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
    client = fast_session(server.url, heard)
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
