# ruff: noqa: E501 -- tables of expected texts read best unbroken
"""HttpUser's client: a requests.Session in every respect, whichever way a request goes.

Every test that takes `client` runs twice: natively, and through `requests` itself (`trust_env` sends it there). Texts
were observed with Locust 2.46.3 and requests 2.34.2, unless a comment says why ours differ.
"""

from __future__ import annotations

import gc
import io
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
import requests
from katydid.http.adapter import NativeAdapter
from katydid.locust.clients import HttpSession, ResponseContextManager
from katydid.locust.event import EventHook
from katydid.locust.exception import LocustError, RescheduleTask, ResponseError
from listening import by_code, fail
from misbehaving import misbehave
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from scripted import OK, Received, Server, answer

pytestmark = pytest.mark.usefixtures("limit", "no_proxy")


@pytest.fixture
def client(server: Server, make_client: Callable[[str], HttpSession]) -> HttpSession:
    return make_client(server.url)


# the same bytes as requests

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("get", ("/items",), {}),
    ("get", ("/items?a=1 b|c#frag",), {}),
    ("get", ("/a/../b/%7e/ü",), {}),
    ("get", ("/items?z=1",), {"params": {"a": "1 2", "b": ["x", "y"], "c": 3, "d": "ü&="}}),
    ("get", ("/items",), {"params": {"a": None, "b": 1.5, "c": True}}),
    ("get", ("/items",), {"params": {}}),
    ("get", ("/items",), {"params": "raw=1"}),
    ("get", ("/items",), {"params": [("a", 1), ("a", 2)]}),
    ("get", ("/x",), {"headers": {"X-B": "1", "accept-encoding": "identity"}}),
    ("get", ("/x",), {"headers": {"Accept": None, "user-agent": "me"}}),
    ("get", ("/x",), {"headers": {"User-Agent": None}}),
    ("get", ("/x",), {"headers": {"Accept-Encoding": None}}),
    ("get", ("/x",), {"headers": {"Host": "other.example"}}),
    ("get", ("/x",), {"headers": {"Cookie": "own=1"}}),
    ("get", ("/x",), {"headers": {b"X-Bytes": b"1"}}),
    ("get", ("/x",), {"headers": {"X-Latin": "grün".encode("latin-1")}}),
    ("get", ("/x",), {"auth": ("u", "p")}),
    ("get", ("/x",), {"cookies": {"a": "1"}}),
    ("get", ("/x",), {"timeout": 5}),
    ("get", ("/x",), {"timeout": (5, 5)}),
    ("get", ("/x",), {"verify": False}),
    ("get", ("/x",), {"data": "with body"}),
    ("get", ("/x",), {"json": {"with": "body"}}),
    ("post", ("/x",), {}),
    ("post", ("/x", {"a": "1 2", "ü": "ß", "n": 3}), {}),
    ("post", ("/x", {"a": ["1", "2"], "none": None}), {}),
    ("post", ("/x", [("a", "1"), ("a", "2")]), {}),
    ("post", ("/x", "häl"), {}),
    ("post", ("/x", ""), {}),
    ("post", ("/x", b"abc"), {}),
    ("post", ("/x",), {"json": {"a": "ü", "b": 1.5, "c": [None, True]}}),
    ("post", ("/x",), {"json": {}}),
    ("post", ("/x",), {"json": None}),
    ("post", ("/x", None, {"second": "positional"}), {}),
    ("post", ("/x",), {"json": {"a": 1}, "headers": {"content-type": "x/y"}}),
    ("post", ("/x",), {"data": "d", "json": {"ignored": 1}}),
    ("put", ("/x", {"a": 1}), {}),
    ("patch", ("/x", "y"), {}),
    ("delete", ("/x",), {}),
    ("delete", ("/x",), {"json": {}}),
    ("options", ("/x",), {}),
    ("head", ("/head",), {}),
    ("request", ("get", "/x"), {}),
    ("request", ("PROPFIND", "/x"), {}),
    ("request", ("POST", "/x"), {"headers": {"Content-Length": "0"}}),
]


@pytest.mark.parametrize(("verb", "positional", "named"), CALLS)
def test_the_wire_is_that_of_requests(server, client, verb, positional, named):
    server.script = lambda request, peer: answer() if request.line.startswith("HEAD") else OK
    at = 1 if verb == "request" else 0
    with requests.Session() as plain:
        full = (*positional[:at], server.url + positional[at], *positional[at + 1 :])
        getattr(plain, verb)(*full, **named)
    assert getattr(client, verb)(*positional, **named).status_code == 200
    theirs, ours = server.requests
    assert ours.head == theirs.head
    assert ours.body == theirs.body


def test_uploads(server, client):
    client.post("/x", data=io.BytesIO(b"file"))
    assert server.last.body == b"file"
    assert "Content-Length: 4" in server.last.headers
    client.post("/x", data=iter([b"ab", b"cd"]))
    assert server.last.body == b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
    client.post("/x", files={"f": ("n.txt", io.BytesIO(b"xx"))}, data={"k": "v"})
    assert b'name="f"; filename="n.txt"\r\n\r\nxx\r\n' in server.last.body


def test_an_upload_whose_source_fails(server, client):
    def source() -> Iterator[bytes]:
        yield b"ab"
        raise KeyError("source")

    with pytest.raises(KeyError, match="source"):
        client.post("/x", data=source())
    assert client.get("/x").status_code == 200


def test_the_sessions_own_settings_count_at_once(server, client):
    client.headers["X-Mine"] = "1"
    client.get("/x")
    assert "X-Mine: 1" in server.last.headers
    client.headers.update({"X-Mine": "2", "Accept": "text/html"})
    client.get("/x")
    assert {"X-Mine: 2", "Accept: text/html"} <= set(server.last.headers)
    del client.headers["X-Mine"]
    client.get("/x")
    assert not any(line.startswith("X-Mine") for line in server.last.headers)
    client.headers = {"User-Agent": "plain", "Accept-Encoding": "identity"}
    client.get("/x")
    assert server.last.headers[1:] == ["User-Agent: plain", "Accept-Encoding: identity"]
    client.params = {"all": "1"}
    client.get("/x", params={"one": "2"})
    assert server.last.path == "/x?all=1&one=2"


def test_credentials(server, client, make_client):
    client.auth = ("u", "p")
    client.get("/x")
    assert "Authorization: Basic dTpw" in server.last.headers
    client.auth = None
    client.get("/x")
    assert not any(line.startswith("Authorization") for line in server.last.headers)
    other = make_client(server.url.replace("//", "//us:pw@"))
    other.get("/x")
    assert "Authorization: Basic dXM6cHc=" in server.last.headers
    assert other.base_url == server.url

    class Token(AuthBase):
        def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["X-Token"] = "t"
            return request

    client.get("/x", auth=Token())
    assert "X-Token: t" in server.last.headers


NAMES = [
    (("/items?a=1",), {}, "/items?a=1", "/items?a=1"),
    (("/items",), {"params": {"a": "1 2"}}, "/items?a=1+2", "/items?a=1+2"),
    (("/items/7",), {"name": "/items/[id]"}, "/items/[id]", "/items/7"),
    (("/items/7",), {"name": ""}, "/items/7", "/items/7"),
    (("/items/ü",), {}, "/items/%C3%BC", "/items/%C3%BC"),
    (("BASE/abs?x=1",), {}, "/abs?x=1", "/abs?x=1"),
    (("",), {}, "/", "/"),
]


@pytest.mark.parametrize(("positional", "named", "name", "path"), NAMES)
def test_names_in_the_statistics(server, client, heard, positional, named, name, path):
    response = client.get(*[text.replace("BASE", server.url) for text in positional], **named)
    assert heard.last["name"] == name
    assert heard.last["url"] == server.url + path
    assert response.url == server.url + path


def test_the_base_url_may_have_a_path(server, make_client, heard):
    make_client(server.url + "/api/").get("/x")
    assert server.last.path == "/api//x"
    assert heard.last["name"] == "/api//x"


def test_requests_are_renamed(client, heard):
    with client.rename_request("renamed"):
        client.get("/x")
        client.get("/x", name="own")
    client.get("/x")
    assert [event["name"] for event in heard.events] == ["renamed", "own", "/x"]
    assert client.request_name is None


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


# the decision table of catch_response


CATCH = [
    ("/200", lambda response: None, [None], None),
    ("/404", lambda response: None, ["HTTPError('404 Client Error: Whatever for url: /404')"], None),
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
    ("/404", lambda response: response.raise_for_status(), [], requests.HTTPError),
    ("/404", lambda response: (response.success(), response.raise_for_status()), [None], None),
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


def test_misuse_of_catch_response(client, heard):
    response = client.get("/x", catch_response=True)
    assert heard.events == []
    with pytest.raises(LocustError):
        response.success()
    with pytest.raises(LocustError), client.get("/x"):
        pass
    assert len(heard.events) == 1
    with pytest.raises(LocustError):
        requests.Response().failure("x")


def test_the_block_may_rename_the_request(server, client, heard):
    server.script = by_code
    with client.get("/404", catch_response=True) as response:
        response.request_meta["name"] = "renamed"
        response.request_meta["context"]["more"] = 1
    assert heard.last["name"] == "renamed"
    assert heard.last["context"] == {"more": 1}
    assert repr(heard.last["exception"]) == "HTTPError('404 Client Error: Whatever for url: renamed')"
    assert response.url == f"{server.url}/404"


STATUS = [
    (200, None), (204, None), (300, None), (304, None), (399, None),
    (400, "HTTPError('400 Client Error: Whatever for url: mine')"),
    (404, "HTTPError('404 Client Error: Whatever for url: mine')"),
    (500, "HTTPError('500 Server Error: Whatever for url: mine')"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "text"), STATUS)
def test_which_codes_are_failures(server, client, heard, status, text):
    server.script = by_code
    response = client.get(f"/{status}", name="mine")
    exception = heard.last["exception"]
    assert (exception and repr(exception)) == text
    assert response.ok is (text is None)
    assert response.status_code == status


# redirects and cookies

REDIRECTS = [
    ("POST", 301, "GET", b""), ("POST", 302, "GET", b""), ("POST", 303, "GET", b""), ("POST", 307, "POST", b"b"),
    ("POST", 308, "POST", b"b"), ("PUT", 301, "PUT", b""), ("PUT", 303, "GET", b""),
]  # fmt: skip


@pytest.mark.parametrize(("method", "status", "then", "body"), REDIRECTS)
def test_redirects(server, client, heard, method, status, then, body):
    server.script = lambda request, peer: (
        answer(f"{status} Go", b"", "Location: there", "Set-Cookie: a=1; Path=/")
        if request.path == "/deep/here"
        else OK
    )
    response = client.request(method, "/deep/here", data="b")
    assert response.status_code == 200
    assert response.url == f"{server.url}/deep/there"
    assert [earlier.status_code for earlier in response.history] == [status]
    assert response.history[0].url == f"{server.url}/deep/here"
    assert response.json() == {}
    assert response.request.method == then
    assert server.last.line == f"{then} /deep/there HTTP/1.1"
    assert server.last.body == body
    assert "Cookie: a=1" in server.last.headers
    assert len(heard.events) == 1
    assert (heard.last["name"], heard.last["url"]) == ("/deep/here", f"{server.url}/deep/here")
    assert heard.last["response_length"] == 2


def test_a_redirects_time_is_that_of_all_its_hops(server, client, heard):
    def script(request: Received, peer: Any) -> bytes:
        threading.Event().wait(0.1)
        return answer("302 Go", b"", "Location: /there") if request.path == "/here" else OK

    server.script = script
    client.get("/here")
    assert 200 <= heard.last["response_time"] < 2000


def test_redirects_may_stay_unfollowed(server, client, heard):
    server.script = lambda request, peer: answer("302 Go", b"", "Location: /there")
    response = client.get("/here", allow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (302, "/there")
    assert response.is_redirect
    assert client.head("/here").status_code == 302
    assert heard.last["exception"] is None
    assert len(server.requests) == 2


def test_cookies(server, client):
    server.script = lambda request, peer: answer(
        "200 OK", b"", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/deep"
    )
    response = client.get("/deep/x")
    assert dict(response.cookies) == {"a": "1", "b": "2"}
    assert dict(client.cookies) == {"a": "1", "b": "2"}
    server.script = lambda request, peer: OK
    client.get("/deep/y")
    assert "Cookie: b=2; a=1" in server.last.headers
    client.get("/other")
    assert "Cookie: a=1" in server.last.headers
    client.cookies.set("c", "3")
    client.get("/other", cookies={"d": "4"})
    assert "Cookie: a=1; c=3; d=4" in server.last.headers
    client.cookies.clear()
    client.get("/other")
    assert not any(line.startswith("Cookie") for line in server.last.headers)


def test_a_cookie_cannot_end_its_line(server, client):
    client.cookies.set("bad", "1\r\nInjected: yes")
    with pytest.raises(ValueError, match="Invalid header value"):
        client.get("/x")
    assert server.requests == []
    client.cookies = requests.cookies.cookiejar_from_dict({"foreign": "1"})
    client.get("/other")
    assert "Cookie: foreign=1" in server.last.headers


# what only requests can do


def test_hooks(server, client):
    seen: list[int] = []
    client.get("/x", hooks={"response": lambda response, **kwargs: seen.append(response.status_code)})
    client.hooks["response"].append(lambda response, **kwargs: seen.append(-response.status_code))
    client.get("/x")
    assert seen == [200, -200]


def test_an_adapter_of_the_users(server, client, heard):
    class Mine(HTTPAdapter):
        def send(self, request: Any, **kwargs: Any) -> requests.Response:
            request.headers["X-Adapter"] = "mine"
            return super().send(request, **kwargs)

    client.mount("http://", Mine())
    response = client.get("/x")
    assert "X-Adapter: mine" in server.last.headers
    assert response.status_code == 200
    assert heard.last["exception"] is None


def test_a_pool_manager_to_share(server, heard):
    from urllib3 import PoolManager

    manager = PoolManager(maxsize=5)
    for _ in range(2):
        HttpSession(server.url, heard.hook, None, pool_manager=manager).get("/x")
    assert server.connections == 1


def test_a_proxy(server, client):
    client.proxies = {"http": server.url}
    client.get("http://elsewhere.example/x")
    assert server.last.line == "GET http://elsewhere.example/x HTTP/1.1"


def test_through_a_proxy_the_wire_is_timed(server, client, heard):
    """The connections and their times are ours, with a proxy as without."""
    server.script = lambda request, peer: OK
    client.proxies = {"http": server.url}
    for _ in range(2):
        client.get(
            "http://elsewhere.example/x", hooks={"response": lambda response, **kwargs: gevent.sleep(0.1)}
        )
    assert server.connections == 1
    assert all(event["response_time"] < 100 for event in heard.events)


def test_prepared_requests_are_sent_natively(server, client):
    prepared = client.prepare_request(requests.Request("GET", f"{server.url}/x", params={"a": 1}))
    response = client.send(prepared)
    assert (response.status_code, server.last.path) == (200, "/x?a=1")
    assert isinstance(client.get_adapter(server.url), NativeAdapter)


def test_overridden_methods_are_called(server, heard):
    class Mine(HttpSession):
        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            request.headers["X-Prepared"] = "1"
            return super().prepare_request(request)

    class Other(HttpSession):
        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            return super().request(method, url, *args, headers={"X-Mine": method}, **kwargs)

    for kind, line in ((Mine, "X-Prepared: 1"), (Other, "X-Mine: GET")):
        client = kind(server.url, heard.hook, None)
        client.trust_env = False
        client.get("/x")
        assert line in server.last.headers


def test_patched_methods_are_called(server, client, monkeypatch):
    original = client.request
    client.request = lambda method, url, **kwargs: original(method, url, headers={"X-Mine": "1"}, **kwargs)
    client.get("/x")
    assert "X-Mine: 1" in server.last.headers
    del client.request
    sent: list[str] = []
    send = requests.Session.send
    monkeypatch.setattr(
        requests.Session,
        "send",
        lambda self, request, **kw: (sent.append(request.url), send(self, request, **kw))[1],
    )
    client.get("/traced")
    assert sent == [f"{server.url}/traced"]
    monkeypatch.undo()
    client.get("/x")
    assert len(sent) == 1


# connections, interruption, memory


def test_connections_are_reused_and_can_be_closed(server, client):
    for _ in range(3):
        client.get("/x")
    assert server.connections == 1
    client.close()
    client.get("/x")
    assert server.connections == 2


def test_concurrent_requests_have_connections_of_their_own(server, client, heard):
    server.script = lambda request, peer: (threading.Event().wait(0.05), OK)[1]
    gevent.joinall([gevent.spawn(client.get, "/x") for _ in range(20)])
    assert [event["exception"] for event in heard.events] == [None] * 20
    assert server.connections == 20


@pytest.mark.parametrize("how", ["kill", "timeout"])
def test_an_interrupted_request_is_given_up(server, client, heard, how):
    server.script = misbehave
    if how == "kill":
        greenlet = gevent.spawn(client.get, "/silent")
        gevent.sleep(0.05)
        greenlet.kill()
    else:
        with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
            client.get("/silent")
    assert heard.events == []
    server.script = lambda request, peer: OK
    assert client.get("/x").status_code == 200


def test_responses_and_sessions_are_freed(server, make_client, heard):
    server.script = by_code
    heard.hook = EventHook()
    client = make_client(server.url)
    client.request_event = heard.hook
    responses = []
    for path in ("/200", "/404"):
        with client.get(path, catch_response=True) as response:
            assert response.request_meta["response"] is response
        responses.append(weakref.ref(response))
    gone = weakref.ref(client)
    del client, response
    gc.collect()
    assert [ref() for ref in responses] == [None, None]
    assert gone() is None


def test_a_users_client_is_freed_with_it(server, heard):
    class Owner:
        pass

    owner = Owner()
    owner.client = HttpSession(server.url, heard.hook, owner)
    gone = weakref.ref(owner.client)
    del owner
    gc.collect()
    assert gone() is None
