# ruff: noqa: E501 -- tables read best unbroken
"""What a locustfile does with FastHttpUser's client: one call, or a few, in each case.

A case gets a stage (`client_driver.Stage`) and returns what is to be compared; raising is a result too.
"""

from __future__ import annotations

import gzip
import io
import ssl
import time
import zlib
from collections.abc import Iterator
from typing import Any

import either_cases
import gevent
from case_table import Table, by_code
from client_places import AUTHORITY
from either_cases import chain
from misbehaving import misbehave
from scripted import OK, answer

CASES = Table(either_cases.CASES)
case, call, served = CASES.case, CASES.call, CASES.served

# URLs and methods

for name, url in {
    "plain": "/items", "query": "/items?a=1&b=c", "fragment": "/x#part", "percent": "/a%20b", "dots": "/a/../b",
    "double_slash": "//x//y", "brackets": "/x?a[]=1&b={2}", "plus": "/a+b~c?d+e=~", "empty_query": "/x?",
    "semicolons": "/a;b=c?d;e", "quote": "/a\"b'c", "pipe": "/x?a|b", "without_slash": "?q", "empty": "",
}.items():  # fmt: skip
    call(f"get_{name}", "get", url)
for method in ("get", "PROPFIND", "BREW"):
    call(f"method_{method}", "request", method, "/x")
for verb in ("get", "options", "delete", "put", "patch", "post"):
    call(f"verb_{verb}", verb, "/x")
served("verb_head", answer(), lambda stage: stage.client.head("/x"))
call("positional_arguments", "request", "POST", "/x", "a name", "data", False)
call("put_positional", "put", "/x", "data")
call("patch_positional", "patch", "/x", "data")
call("post_positional", "post", "/x", None, {"a": 1})


@case
def absolute_urls(stage):
    stage.client.get(f"{stage.server.url}/abs?x=1")
    return stage.client.get(stage.server.url.replace("http", "HTTP") + "/upper")


@case
def host_with_credentials(stage):
    client = stage.user(stage.server.url.replace("//", "//us:pw@")).client
    stage.note(client.base_url.count("@"), client.auth_header)
    return client.get("/x")


# options of a call

for name, params in {
    "dict": {"a": "1 2", "b": "ü"}, "list_values": {"b": ["x", "y"]}, "numbers": {"c": 3, "d": 1.5},
    "text": "raw=1", "empty": {},
}.items():  # fmt: skip
    call(f"params_{name}", "get", "/x?z=1", params=params)
call("unknown_keyword", "get", "/x", timeout=3)
call("unknown_keyword_of_post", "post", "/x", verify=False)
call("unknown_keyword_of_put", "put", "/x", data="d", more="1")

for name, headers in {
    "own": {"X-B": "1"}, "encoding": {"accept-encoding": "identity"}, "agent": {"User-Agent": "me"},
    "host": {"Host": "other.example"}, "cookie": {"Cookie": "own=1"}, "lower_agent": {"user-agent": "me"},
    "content_type": {"Content-Type": "x/y"}, "accept": {"Accept": "text/html"}, "empty": {},
    "empty_value": {"X": ""}, "close": {"Connection": "close"},
}.items():  # fmt: skip
    call(f"headers_{name}", "get", "/x", headers=headers)
    call(f"headers_{name}_and_json", "post", "/x", json={"a": 1}, headers=dict(headers))


@case
def headers_given_are_changed(stage):
    headers = {"X": "1"}
    stage.client.post("/x", json={}, headers=headers)
    return headers


for name, data in {
    "form": {"a": "1 2", "n": 3}, "form_of_none": {"x": None}, "text": "häl", "empty_text": "", "bytes": b"abc",
    "empty_bytes": b"", "empty_dict": {}, "form_with_list": {"x": ["1", "2"]}, "form_with_umlaut": {"ü": "ß"},
}.items():  # fmt: skip
    call(f"post_{name}", "post", "/x", data)
call("get_with_data", "get", "/x", data="body")

call("json_keys", "post", "/x", json={1: 2})
call("auth_and_header", "get", "/x", auth=("u", "p"), headers={"Authorization": "mine"})

CASES["files_one"] = lambda stage: (
    stage.client.post("/x", files={"f": ("n.txt", io.BytesIO(b"xx"))}).status_code
)
CASES["files_and_data"] = lambda stage: stage.client.post(
    "/x", data={"k": "v"}, files={"f": ("n.txt", b"xx", "a/b")}
)

# names, context, events


@case
def names(stage):
    client = stage.client
    client.get("/items/7", name="/items/[id]")
    client.get("/items/7", name="")
    client.get("/items/7", name=None)
    client.get("/x", params={"a": 1})
    return client.get(f"{stage.server.url}/abs")


@case
def context(stage):
    stage.client.get("/a", context={"trace": 7})
    user = stage.user(context=lambda self: {"who": "me", "trace": 0})
    user.client.get("/c", context={"trace": 8})
    return user.client.get("/d")


@case
def no_such_attributes(stage):
    return [
        hasattr(stage.client, name)
        for name in ("rename_request", "request_name", "headers", "cookies", "close")
    ]


# status codes and catch_response


for code in (200, 201, 203, 204, 206, 208, 209, 226, 300, 304, 305, 400, 404, 418, 500, 503):
    served(f"status_{code}", by_code, lambda stage, code=code: stage.client.get(f"/{code}"))


@case
def catch_nothing(stage):
    with stage.client.get("/x") as response:
        stage.note(response.status_code)
    stage.client.get("/x", catch_response=True)
    return len(stage.events)


@case
def catch_what_never_came(stage):
    with stage.user("http://127.0.0.1:1").client.get("/x", catch_response=True) as response:
        stage.note(response.status_code, response.text, response.content, response.error)
        response.success()
    return None


# rest

for name, body, block in [
    ("good", b'{"a": 1}', lambda response: None),
    ("empty", b"", lambda response: None),
    ("not_json", b"<html>", lambda response: None),
    ("null", b"null", lambda response: None),
    ("assertion", b'{"a": 1}', lambda response: exec("assert response.js['a'] == 2, 'expected 2,'")),
    ("manual", b'{"a": 1}', lambda response: response.failure("mine")),
]:

    def _rest(stage, body=body, block=block):
        stage.server.script = lambda request, peer: answer("200 OK", body)
        user = stage.user()
        with user.rest("POST", "/x", json={"q": 1}) as response:
            try:
                block(response)
            except AssertionError as error:
                stage.note(error)
                raise
        return response.js

    CASES[f"rest_{name}"] = _rest


@case
def rest_assertion_with_a_comma(stage):
    stage.server.script = lambda request, peer: answer("200 OK", b'{"a": 1}')
    with stage.user().rest("GET", "/x", headers={"X": "1"}) as response:
        raise AssertionError("expected 2,")
    return response.js


@case
def rest_of_a_bad_status(stage):
    stage.server.script = by_code
    with stage.user().rest("GET", "/404", name="mine") as response:
        pass
    return response.js


@case
def rest_that_never_comes(stage):
    with stage.user("http://127.0.0.1:1").rest("GET", "/x") as response:
        pass
    return response.status_code


@case
def rest_with_the_time(stage):
    now = time.time
    time.time = lambda: 5.0  # type: ignore[assignment]
    try:
        user = stage.user()
        with user.rest_("GET", "/x?a=1") as response:
            stage.note(response.js)
        with user.rest_("GET", "/x", name="mine") as response:
            return response.js
    finally:
        time.time = now  # type: ignore[assignment]


# redirects and cookies

for method, code in [("POST", 301), ("POST", 302), ("POST", 303), ("POST", 307), ("POST", 308), ("PUT", 301),
                     ("PUT", 302), ("GET", 307), ("DELETE", 302)]:  # fmt: skip

    def _redirected(stage, method=method, code=code):
        def script(request: Any, peer: Any) -> bytes:
            if request.path == "/deep/here":
                return answer(f"{code} Go", b"", "Location: /there", "Set-Cookie: a=1; Path=/")
            return OK

        stage.server.script = script
        return stage.client.request(method, "/deep/here", data="b", headers={"X": "1"})

    CASES[f"redirect_{method}_{code}"] = _redirected


served("redirects_named", chain, lambda stage: stage.client.get("/3", name="mine"))
served("redirects_up_to_the_users_limit", chain, lambda stage: stage.user(max_redirects=2).client.get("/2"))
served("redirects_up_to_the_calls_limit", chain, lambda stage: stage.client.get("/2", max_redirects=2))


@case
def cookies(stage):
    stage.server.script = lambda request, peer: answer(
        "200 OK", b"", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/deep", "Set-Cookie: c=3; Max-Age=0"
    )
    stage.client.get("/deep/x")
    stage.server.script = lambda request, peer: OK
    stage.client.get("/deep/y")
    stage.client.get("/other")
    stage.note(sorted((cookie.name, cookie.value, cookie.path) for cookie in stage.client.cookiejar))
    stage.client.cookiejar.clear()
    return stage.client.get("/deep/z")


# answers

served("answer_with_headers", answer("200 Fine", b"{}", "X-A: 1", "x-a: 2", "X-B: 3"),
       lambda stage: [stage.client.get("/x").headers.getlist("x-a"), stage.client.get("/x").headers["x-b"]])  # fmt: skip
served(
    "answer_without_charset",
    answer("200 OK", "grün und größer".encode()),
    lambda stage: stage.client.get("/x"),
)
served("answer_in_chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_in_gzip", answer("200 OK", gzip.compress(b"hello"), "Content-Encoding: gzip"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_in_deflate", answer("200 OK", zlib.compress(b"hello"), "Content-Encoding: deflate"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_with_bad_gzip", misbehave, lambda stage: stage.client.get("/bad-gzip"))
served("answer_with_bad_length", b"HTTP/1.1 200 OK\r\nContent-Length: x2\r\n\r\nok",
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_with_negative_length", b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
       lambda stage: stage.client.get("/x"))  # fmt: skip

for path in ("/reset", "/reset-in-body", "/close-in-body", "/garbage", "/bad-version", "/bad-code", "/two-lengths",
             "/bad-chunk", "/close-between-chunks", "/no-location", "/404", "/500", "/300"):  # fmt: skip

    def _broken(stage, path=path):
        stage.server.script = misbehave
        result = stage.attempt(lambda: stage.client.get(path))
        stage.server.script = lambda request, peer: OK
        stage.note(stage.client.get("/after").status_code)
        return result is not None

    CASES[f"broken_{path[1:].replace('-', '_')}"] = _broken


@case
def refused(stage):
    response = stage.user("http://127.0.0.1:1").client.post("/x?a=1", json={"b": 1}, name="mine")
    stage.attempt(response.raise_for_status)
    return response


@case
def silence(stage):
    stage.server.script = misbehave
    return stage.user(network_timeout=0.3).client.get("/silent")


@case
def silence_with_retries(stage):
    stage.server.script = misbehave
    return stage.user(network_timeout=0.2, max_retries=2).client.get("/silent").status_code


@case
def read_a_response(stage):
    stage.server.script = lambda request, peer: answer("200 OK", b"ab\ncd\r\nef", "Content-Type: text/plain")
    client = stage.client
    stage.note(bytes(client.get("/1").read(3)), len(client.get("/2")), client.get("/3").status)
    response = client.get("/4")
    stage.note(response.isclosed(), response.info()["content-type"], "content-TYPE" in response.headers)
    stage.note(sorted(name.lower() for name in response.headers))
    return response


@case
def read_a_stream(stage):
    stage.server.script = lambda request, peer: answer("200 OK", b"ab\ncd\r\nef", "Content-Type: text/plain")
    client = stage.client
    response = client.get("/1", stream=True)
    stage.note(len(stage.events), stage.events[-1]["response_length"])
    stage.note(bytes(response.stream.read(3)), bytes(response.stream.read()))
    stage.note(b"".join(bytes(piece) for piece in client.get("/2", stream=True).iter_content(3, False)))
    response = client.get("/3", stream=True)
    stage.note(bytes(response.stream.readline(b"\n")), bytes(response.read()))
    client.get("/4", stream=True).release()
    return bytes(client.get("/5", stream=True).content)


# settings of the user

call_defaults = {"X-Default": "1", "User-Agent": "mine"}


@case
def default_headers(stage):
    client = stage.user(default_headers=call_defaults).client
    client.get("/1")
    client.get("/2", headers={"x-default": "2"})
    return client.post("/3", json={})


@case
def concurrency(stage):
    def script(request: Any, peer: Any) -> bytes:
        gevent.sleep(0.05)
        return OK

    stage.server.script = script
    client = stage.user(concurrency=2).client
    gevent.joinall([gevent.spawn(client.get, "/x") for _ in range(6)])
    return [stage.server.connections, len(stage.events)]


@case
def client_pool(stage):
    from locust.contrib import fasthttp

    pool = fasthttp.HTTPClientPool(concurrency=3)
    for _ in range(2):
        stage.user(client_pool=pool).client.get("/x")
    return stage.server.connections


@case
def closing_the_pool(stage):
    stage.client.get("/x")
    stage.client.client.clientpool.close()
    stage.client.get("/x")
    return stage.server.connections


@case
def insecure(stage):
    url = stage.places.secure("elsewhere.pem").url
    stage.user(url).client.get("/1")
    return stage.user(url, insecure=False).client.get("/2", name="mine").status_code


@case
def ssl_context_factory(stage):
    url = stage.places.secure().url
    context = lambda: ssl.create_default_context(cafile=AUTHORITY)  # noqa: E731
    return stage.user(url, insecure=False, ssl_context_factory=staticmethod(context)).client.get("/1")


@case
def proxy(stage):
    proxy = stage.places.proxy()
    stage.user(proxy_host="127.0.0.1", proxy_port=proxy.port).client.get("/plain?a=1")
    secure = stage.places.secure().url
    return stage.user(secure, proxy_host="127.0.0.1", proxy_port=proxy.port).client.get("/tunnel").status_code


@case
def proxy_that_refuses(stage):
    proxy = stage.places.proxy()
    proxy.refuses = "407 Proxy Authentication Required"
    return (
        stage.user("https://127.0.0.1:1", proxy_host="127.0.0.1", proxy_port=proxy.port)
        .client.get("/x")
        .status_code
    )


@case
def settings_are_shown(stage):
    agent = stage.user(max_redirects=4, max_retries=2).client.client
    return [agent.max_redirects, agent.max_retries, sorted(agent.valid_response_codes)]


@case
def several_sources(stage):
    def source() -> Iterator[bytes]:
        yield b"ab"
        yield b"cd"

    return stage.client.post("/x", data=source()).status_code
