# ruff: noqa: E501, C416 -- tables read best unbroken; iterating is what is tried
"""What a locustfile does with HttpUser's client: one call, or a few, in each case.

A case gets a stage (`client_driver.Stage`) and returns what is to be compared; raising is a result too.
"""

from __future__ import annotations

import io
import pickle
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from client_places import AUTHORITY, CLIENT
from misbehaving import misbehave
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth, HTTPProxyAuth
from requests.cookies import RequestsCookieJar, create_cookie
from scripted import OK, answer
from urllib3.util.retry import Retry
from urllib3.util.timeout import Timeout

Case = Callable[[Any], Any]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Put a function into the table under its name."""
    CASES[function.__name__] = function
    return function


def call(name: str, method: str, *positional: Any, **named: Any) -> None:
    """Put one call of the client into the table."""
    CASES[name] = lambda stage: getattr(stage.client, method)(*positional, **named)


def served(name: str, reply: bytes | Callable[..., bytes | None], act: Case) -> None:
    """Put an act into the table that meets a server with this answer or script."""

    def play(stage: Any) -> Any:
        stage.server.script = (lambda request, peer: reply) if isinstance(reply, bytes) else reply
        return act(stage)

    CASES[name] = play


# URLs and methods

call("get", "get", "/items")
call("get_with_query", "get", "/items?a=1 b|c#frag")
call("get_with_dots_and_escapes", "get", "/a/../b/%7e/ü")
call("get_with_percent_sign", "get", "/100%/x?y=50%")
call("get_with_empty_query", "get", "/x?")
call("get_with_empty_fragment", "get", "/x#")
call("get_with_double_slash", "get", "//x//y")
call("get_without_a_slash", "get", "?only=query")
call("get_with_the_empty_path", "get", "")
call("get_with_a_blank_in_front", "get", " /x")
call("get_with_brackets", "get", "/x?a[]=1&b={2}")
call("get_with_a_backslash", "get", "/a\\b")
call("get_with_a_tab", "get", "/a\tb")
call("get_with_a_line_break", "get", "/a\r\nX: y")
call("get_with_a_nul", "get", "/a\0b")
call("get_with_a_quote", "get", "/a\"b'c")
call("get_with_plus_and_tilde", "get", "/a+b~c?d+e=~")
call("get_with_semicolons", "get", "/a;b=c?d;e")
call("get_a_missing_schema", "get", "http:/x")
call("lower_case_method", "request", "get", "/x")
call("own_method", "request", "PROPFIND", "/x")
call("method_with_a_blank", "request", "GE T", "/x")
call("method_with_a_line_break", "request", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "/x")
call("method_that_is_empty", "request", "", "/x")
call("method_that_is_none", "request", None, "/x")
call("method_in_other_letters", "request", "GÜT", "/x")
call("method_in_bytes", "request", b"GET", "/x")
call("options", "options", "/x")
call("delete", "delete", "/x")
call("delete_with_json", "delete", "/x", json={"a": 1})
call("patch", "patch", "/x", "text")
call("put", "put", "/x", {"a": 1})
call("url_in_bytes", "get", b"/x")
call("url_that_is_none", "get", None)
served("head", answer(), lambda stage: stage.client.head("/x"))
served("head_does_not_follow", answer("302 F", b"", "Location: /y"), lambda stage: stage.client.head("/x"))


@case
def absolute_urls(stage):
    stage.client.get(f"{stage.server.url}/abs?x=1")
    stage.client.get(f"{stage.server.url.upper()}/upper")
    stage.client.get(stage.server.url.replace("http", "HtTp") + "/mixed")
    return stage.client.get(stage.server.url)


@case
def absolute_url_with_credentials(stage):
    return stage.client.get(stage.server.url.replace("//", "//u:p%40@") + "/x")


@case
def host_with_credentials(stage):
    client = stage.user(stage.server.url.replace("//", "//us:pw@")).client
    stage.note(client.base_url.count("@"), type(client.auth).__name__)
    return client.get("/x")


@case
def host_with_a_path(stage):
    client = stage.user(f"{stage.server.url}/api/").client
    client.get("x")
    return client.get("/x")


@case
def other_name_of_the_host(stage):
    return stage.user(stage.server.url.replace("127.0.0.1", "LocalHost")).client.get("/x")


for name, url in [("no_schema", "nowhere/x"), ("unknown_schema", "foo://x"), ("no_host", "http://"),
                  ("bad_port", "http://127.0.0.1:99999/x"), ("port_of_letters", "http://127.0.0.1:http/x"),
                  ("label_too_long", f"http://{'a' * 70}.example/"), ("star_as_host", "http://*.example/x"),
                  ("bad_ipv6", "http://[::1/x"), ("mailto", "mailto:me@here")]:  # fmt: skip

    def _wrong(stage, url=url):
        return stage.user(url).client.get("")

    CASES[f"url_with_{name}"] = _wrong


# parameters

for name, params in {
    "dict": {"a": "1 2", "b": ["x", "y"], "c": 3, "d": "ü&="}, "none_float_bool": {"a": None, "b": 1.5, "c": True},
    "empty": {}, "text": "raw=1 2", "bytes": b"raw=1", "pairs": [("a", 1), ("a", 2)], "tuple_values": {"a": (1, 2)},
    "only_none": {"a": None}, "empty_list": {"a": []}, "empty_text": {"a": ""}, "int_names": {1: 2},
    "bytes_values": {"a": b"\xff"}, "decimal": {"a": Decimal("1.50")}, "generator": {"a": None, "b": range(2)},
    "ordered": OrderedDict([("z", 1), ("a", 2)]), "number": 5,
}.items():  # fmt: skip
    call(f"params_{name}", "get", "/x?z=1", params=params)

# headers

for name, headers in {
    "own": {"X-B": "1", "accept-encoding": "identity"}, "removed": {"Accept": None, "user-agent": "me"},
    "without_agent": {"User-Agent": None}, "without_encoding": {"Accept-Encoding": None},
    "host": {"Host": "other.example"}, "cookie": {"Cookie": "own=1"}, "bytes": {b"X-Bytes": b"1"},
    "latin": {"X-Latin": "grün".encode("latin-1")}, "text_beyond_ascii": {"X-T": "grün"},
    "text_beyond_latin": {"X-T": "日本"}, "number": {"X-N": 1}, "blank_in_front": {"X": " v"},
    "blank_behind": {"X": "v "}, "line_break": {"X": "v\r\nY: w"}, "name_with_colon": {"X:": "v"},
    "name_with_blank": {"X Y": "v"}, "empty_name": {"": "v"}, "empty_value": {"X": ""},
    "two_spellings": {"x-a": "1", "X-A": "2"}, "connection_close": {"Connection": "close"},
    "expect": {"Expect": "100-continue"}, "zero_length": {"Content-Length": "0"}, "empty_dict": {},
    "authorization": {"Authorization": "Bearer t"}, "nul": {"X": "a\0b"}, "tab": {"X": "a\tb"},
    "none_value_only": {"X-None": None}, "transfer_encoding": {"Transfer-Encoding": "chunked"},
}.items():  # fmt: skip
    call(f"headers_{name}", "get", "/x", headers=headers)
call("headers_that_are_pairs", "get", "/x", headers=[("X", "1")])
call("post_with_too_short_a_length", "post", "/x", b"abc", headers={"Content-Length": "3"})


@case
def headers_of_the_session(stage):
    client = stage.client
    client.headers["X-Mine"] = "1"
    client.get("/a")
    client.headers.update({"X-Mine": "2", "Accept": "text/html"})
    client.get("/b", headers={"x-mine": None})
    del client.headers["X-Mine"]
    client.headers.setdefault("X-Default", "3")
    client.get("/c")
    client.headers.pop("accept")
    client.get("/d")
    client.headers = {"Only": "this"}
    client.get("/e")
    client.headers.clear()
    return client.get("/f")


@case
def headers_given_are_not_changed(stage):
    headers = {"X": "1"}
    stage.client.post("/x", json={}, headers=headers)
    return headers


# bodies

for name, data in {
    "form": {"a": "1 2", "ü": "ß", "n": 3}, "form_with_lists": {"a": ["1", "2"], "none": None},
    "form_of_none": {"x": None}, "form_of_empty_list": {"x": []}, "form_with_float": {"x": 1.5, "y": True},
    "form_with_bytes": {"x": b"\xff"}, "form_with_nested": {"x": {"y": 1}}, "pairs": [("a", "1"), ("a", "2")],
    "tuple_of_pairs": (("a", "1"),), "text": "häl", "empty_text": "", "bytes": b"abc", "empty_bytes": b"",
    "bytearray": bytearray(b"abc"), "memoryview": memoryview(b"abc"), "empty_dict": {}, "empty_list": [],
    "number": 5, "zero": 0, "surrogate": "a\ud800", "list_of_text": ["ab", "cd"], "range": range(3),
}.items():  # fmt: skip
    call(f"post_{name}", "post", "/x", data)
    if name in ("form", "text", "bytes", "bytearray", "form_of_none"):
        call(f"get_with_{name}", "get", "/x", data=data)

for name, document in {
    "object": {"a": "ü", "b": 1.5, "c": [None, True]}, "empty": {}, "none": None, "list": [1], "zero": 0, "false": False,
    "empty_text": "", "nan": {"x": float("nan")}, "set": {"x": {1}}, "keys": {1: 2, None: 3}, "text": "t",
    "decimal": Decimal("1.5"),
}.items():  # fmt: skip
    call(f"json_{name}", "post", "/x", json=document)
call("json_as_second_positional", "post", "/x", None, {"second": "positional"})
call("json_and_own_type", "post", "/x", json={"a": 1}, headers={"content-type": "x/y"})
call("json_and_data", "post", "/x", data="d", json={"ignored": 1})
call("json_and_empty_data", "post", "/x", data={}, json={"counts": 1})
call("get_with_json", "get", "/x", json={"with": "body"})


class Source:
    """Something to read from, of unknown length."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = [*pieces, b""]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def read(self, amount: int = -1) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def upload(name: str, make: Callable[[], Any], **named: Any) -> None:
    """Put an upload of something that is used up by it into the table."""
    CASES[name] = lambda stage: stage.client.post("/x", data=make(), **named)


upload("upload_a_file", lambda: io.BytesIO(b"file"))
upload("upload_a_text_file", lambda: io.StringIO("grün"))
upload("upload_an_empty_file", lambda: io.BytesIO(b""))
upload("upload_a_generator", lambda: (piece for piece in [b"ab", b"", b"cd"]))
upload("upload_a_generator_of_text", lambda: (piece for piece in ["ab", "grün"]))
upload("upload_an_empty_generator", lambda: iter([]))
upload("upload_numbers", lambda: iter([1, 2]))
upload("upload_a_source_without_length", lambda: Source(b"ab", b"cd"))
upload("upload_with_a_length_given", lambda: iter([b"abcd"]), headers={"Content-Length": "4"})
upload("upload_bytearrays", lambda: iter([bytearray(b"ab"), memoryview(b"cd")]))


@case
def upload_the_rest_of_a_file(stage):
    file = io.BytesIO(b"file and more")
    file.seek(5)
    return stage.client.post("/x", data=file)


@case
def upload_from_disk(stage):
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 100_000)
        file.seek(0)
        return stage.client.put("/x", data=file).status_code


@case
def upload_whose_source_fails(stage):
    def source() -> Iterator[bytes]:
        yield b"ab"
        raise KeyError("source")

    stage.client.get(
        "/before"
    )  # with a connection, the first piece is on the wire before the second is asked for
    stage.attempt(lambda: stage.client.post("/x", data=source()))
    return stage.client.get("/after").status_code


for name, files in {
    "one": lambda: {"f": io.BytesIO(b"xx")}, "named": lambda: {"f": ("n.txt", io.BytesIO(b"xx"))},
    "typed": lambda: {"f": ("n.txt", b"xx", "text/x")}, "with_headers": lambda: {"f": ("n", "x", "a/b", {"X": "1"})},
    "text": lambda: {"f": "content"}, "several": lambda: [("f", ("a", b"1")), ("f", ("b", b"2"))],
    "odd_name": lambda: {"f": ('n"ü.txt', b"xx")}, "without_name": lambda: {"f": (None, "value")},
    "empty": dict, "none": lambda: {"f": None}, "bytearray": lambda: {"f": bytearray(b"xx")},
}.items():  # fmt: skip
    CASES[f"files_{name}"] = lambda stage, files=files: stage.client.post(
        "/x", files=files(), data={"k": "v"}
    )
CASES["files_alone"] = lambda stage: stage.client.post("/x", files={"f": b"1"})
CASES["files_and_text"] = lambda stage: stage.client.post("/x", files={"f": b"1"}, data="text")

# names and context


@case
def names(stage):
    client = stage.client
    client.get("/items/7", name="/items/[id]")
    client.get("/items/7", name="")
    client.get("/items/7", name=None)
    client.get("/items/7", name=7)
    with client.rename_request("renamed"):
        client.get("/x", params={"a": 1})
        client.get("/x", name="own")
        with client.rename_request("inner"):
            client.get("/x")
        client.get("/x")
    client.request_name = "set"
    client.get("/x")
    client.request_name = None
    return client.get("/ü x", params={"b": "c d"})


@case
def context(stage):
    class Mine(dict):
        pass

    stage.client.get("/a", context={"trace": 7})
    stage.client.get("/b", context=Mine(x=1), stream=True)
    user = stage.user(context=lambda self: {"who": "me", "trace": 0})
    user.client.get("/c", context={"trace": 8})
    return user.client.get("/d")


@case
def positional_arguments(stage):
    return stage.client.request("GET", "/x", "a name", False, {"c": 1})


@case
def unknown_keyword(stage):
    return stage.client.get("/x", nonsense=1)


@case
def missing_argument(stage):
    return stage.client.get()


# catch_response


def by_code(request: Any, peer: Any) -> bytes:
    code = "".join(sign for sign in request.path[1:4] if sign.isdigit()) or "200"
    body = b"" if code in ("204", "304") else b'{"a": "hello"}'
    return answer(f"{code} Whatever", body, "Content-Type: application/json")


for code in (200, 204, 300, 304, 400, 404, 500, 503, 599):
    served(f"status_{code}", by_code, lambda stage, code=code: stage.client.get(f"/{code}", name="mine"))

for name, path, block in [
    ("open", "/404", lambda response: None),
    ("success", "/404", lambda response: response.success()),
    ("failure", "/200", lambda response: response.failure("bad")),
    ("failure_of_exception", "/200", lambda response: response.failure(KeyError("k"))),
    ("failure_of_dict", "/200", lambda response: response.failure({"a": 1})),
    ("failure_then_success", "/200", lambda response: (response.failure("bad"), response.success())),
    ("raise_value_error", "/200", lambda response: (_ for _ in ()).throw(ValueError("mine"))),
    ("raise_for_status", "/404", lambda response: response.raise_for_status()),
    ("raise_after_success", "/404", lambda response: (response.success(), response.raise_for_status())),
    ("raise_after_failure", "/200", lambda response: (response.failure("bad"), response.raise_for_status())),
    ("rename", "/404", lambda response: response.request_meta.update(name="renamed", request_type="MINE")),
    ("time_and_length", "/200", lambda response: response.request_meta.update(response_length=7)),
    ("context", "/200", lambda response: response.request_meta["context"].update(more=1)),
]:

    def _caught(stage, path=path, block=block):
        stage.server.script = by_code
        with stage.client.get(path, catch_response=True) as response:
            block(response)
        return response

    CASES[f"catch_{name}"] = _caught


@case
def catch_misused(stage):
    response = stage.client.get("/x", catch_response=True)
    stage.attempt(response.__class__.success.__get__(response))
    stage.attempt(lambda: stage.client.get("/x").__enter__())
    with stage.client.get("/x", catch_response=True) as used:
        pass
    used.success()
    return len(stage.events)


@case
def catch_what_never_came(stage):
    with stage.user("http://127.0.0.1:1").client.get("/x", catch_response=True) as response:
        stage.note(response.status_code, response.text, response.content, response.error)
        response.success()
    return response


@case
def meta_before_the_block(stage):
    response = stage.client.get("/x", catch_response=True, context={"a": 1})
    meta = response.request_meta
    stage.note(sorted(meta), meta["name"], meta["exception"], meta["response"] is response)
    with response:
        response.request_meta["name"] = "later"
    return None


# redirects

for method, code in [("POST", 301), ("POST", 302), ("POST", 303), ("POST", 307), ("POST", 308), ("PUT", 301),
                     ("PUT", 302), ("HEAD", 303), ("GET", 307), ("DELETE", 302)]:  # fmt: skip

    def _redirected(stage, method=method, code=code):
        def script(request: Any, peer: Any) -> bytes:
            is_first = request.path == "/deep/here"
            body = b"" if method == "HEAD" else b"{}"
            return answer(f"{code} Go", b"", "Location: there", "Set-Cookie: a=1; Path=/") if is_first else answer(
                "200 OK", body)  # fmt: skip

        stage.server.script = script
        return stage.client.request(method, "/deep/here", data="b", headers={"Content-Type": "x/y"})

    CASES[f"redirect_{method}_{code}"] = _redirected


def chain(request: Any, peer: Any) -> bytes:
    step = int(request.path.rpartition("/")[2] or 0)
    return answer("302 Go", b"hop", f"Location: /{step - 1}") if step else OK


served("redirects_in_a_chain", chain, lambda stage: stage.client.get("/3"))
served("redirects_unfollowed", chain, lambda stage: stage.client.get("/3", allow_redirects=False))
served("redirects_unfollowed_next", chain, lambda stage: stage.client.get("/3", allow_redirects=False).next)
served("redirects_and_stream", chain, lambda stage: stage.client.get("/2", stream=True))
served("redirects_and_params", chain, lambda stage: stage.client.get("/1", params={"q": "/1"}))
served("redirect_of_a_form", chain, lambda stage: stage.client.post("/1", {"a": 1}))
served("redirect_loop", answer("302 F", b"", "Location: /loop"), lambda stage: stage.client.get("/loop"))
served("redirect_nowhere", answer("302 F"), lambda stage: stage.client.get("/x"))
served("redirect_to_refusal", misbehave, lambda stage: stage.client.get("/bad-redirect"))
served(
    "redirect_to_wrong_schema",
    answer("302 F", b"", "Location: foo://x"),
    lambda stage: stage.client.get("/x"),
)
served("redirect_to_no_host", answer("302 F", b"", "Location: http://"), lambda stage: stage.client.get("/x"))
served("redirect_with_fragment", chain, lambda stage: stage.client.get("/1#part").url)
served("redirect_with_umlaut",
       lambda request, peer: answer("302 F", b"", "Location: /zür?a b") if request.path == "/x" else OK,
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("redirect_that_is_large",
       lambda request, peer: answer("302 F", b"x" * 100_000, "Location: /y") if request.path == "/x" else OK,
       lambda stage: stage.client.get("/x").history[0].content[:3])  # fmt: skip


@case
def redirects_up_to_the_limit(stage):
    stage.server.script = chain
    stage.client.max_redirects = 2
    stage.client.get("/2")
    return stage.client.get("/3")


@case
def redirect_to_another_host_loses_credentials(stage):
    other = stage.places.open("OTHER")
    stage.server.script = lambda request, peer: answer("302 F", b"", f"Location: {other.url}/y")
    return stage.client.get("/x", auth=("u", "p"), headers={"Cookie": "a=1", "X": "1"})


@case
def redirect_named(stage):
    stage.server.script = chain
    with stage.client.get("/2", name="two", catch_response=True) as response:
        response.failure("no")
    return response


# cookies


@case
def cookies_are_kept(stage):
    stage.server.script = lambda request, peer: answer(
        "200 OK", b"", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/deep", "Set-Cookie: c=3; Max-Age=0",
        "Set-Cookie: d=4; Domain=elsewhere.example", "Set-Cookie: e=5; Secure", 'Set-Cookie: f="6 7"; HttpOnly',
    )  # fmt: skip
    stage.client.get("/deep/x")
    stage.server.script = lambda request, peer: OK
    stage.client.get("/deep/y")
    stage.client.get("/other")
    return sorted(stage.client.cookies.get_dict().items())


@case
def cookies_of_a_call(stage):
    stage.client.get("/x", cookies={"a": "1"})
    stage.client.cookies.set("c", "3")
    stage.client.get("/x", cookies={"a": "1", "c": "4"})
    jar = RequestsCookieJar()
    jar.set("j", "5", path="/x")
    stage.client.get("/x", cookies=jar)
    return stage.client.get("/y", headers={"Cookie": "h=1"}, cookies={"a": "1"})


@case
def cookies_of_the_session(stage):
    cookies = stage.client.cookies
    cookies["a"] = "1"
    cookies.update({"b": "2"})
    stage.client.get("/1")
    cookies.set("a", None)
    stage.client.get("/2")
    del cookies["b"]
    cookies.set_cookie(create_cookie("p", "3", path="/3"))
    stage.client.get("/3")
    stage.client.get("/4")
    stage.client.cookies = requests.cookies.cookiejar_from_dict({"own": "jar"})
    stage.client.get("/5")
    stage.client.cookies.clear()
    return stage.client.get("/6")


@case
def cookies_with_odd_values(stage):
    stage.client.cookies.set("a", "semi;colon")
    stage.client.cookies.set("b", 'qu"ote')
    stage.client.get("/1")
    stage.client.cookies.set("ü", "ß")
    return stage.client.get("/2")


@case
def cookie_with_a_line_break(stage):
    stage.client.cookies.set("bad", "1\r\nInjected: yes")
    return stage.client.get("/x")


# credentials


class Token(AuthBase):
    """Puts a header into the request and changes its URL."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Token"] = "t"
        request.url = f"{request.url}?signed=1"
        return request


def digest(request: Any, peer: Any) -> bytes:
    if any(line.startswith("Authorization: Digest") for line in request.headers):
        return OK
    return answer("401 No", b"no", 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5')


@case
def digest_credentials(stage):
    stage.server.script = digest
    auth = HTTPDigestAuth("u", "p")
    response = stage.client.get("/x", auth=auth)
    stage.note([hop.status_code for hop in response.history])
    second = stage.client.get("/y", auth=auth)
    return [response.status_code, second.status_code, len(second.history)]


for name, auth in {
    "pair": ("u", "p"), "basic": HTTPBasicAuth("u", "p"), "beyond_ascii": ("ü", "ß"), "token": Token(),
    "function": lambda request: request, "proxy_auth": HTTPProxyAuth("u", "p"), "list": ["u", "p"],
    "numbers": (1, 2), "bytes": (b"u", b"p"), "beyond_latin": ("日", "本"),
}.items():  # fmt: skip
    call(f"auth_{name}", "get", "/x", auth=auth)


@case
def auth_of_the_session(stage):
    stage.client.auth = ("u", "p")
    stage.client.get("/1")
    stage.client.get("/2", auth=("other", "p"))
    stage.client.get("/3", headers={"Authorization": "mine"})
    stage.client.auth = Token()
    stage.client.get("/4")
    stage.client.auth = None
    return stage.client.get("/5")


@case
def netrc_and_proxies_of_the_environment(stage):
    import os

    with tempfile.TemporaryDirectory() as folder:
        netrc = Path(folder) / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password word\n")
        os.environ["NETRC"] = str(netrc)
        proxy = stage.places.proxy()
        os.environ["http_proxy"] = proxy.url
        try:
            stage.client.get("/1")
            stage.client.trust_env = True
            stage.client.get("/2")
            os.environ["no_proxy"] = "127.0.0.1"
            return stage.client.get("/3")
        finally:
            for variable in ("NETRC", "http_proxy", "no_proxy"):
                os.environ.pop(variable, None)


# hooks, adapters, prepared requests


@case
def hooks(stage):
    seen: list[Any] = []
    stage.client.get("/1", hooks={"response": lambda response, **kwargs: seen.append(response.status_code)})
    stage.client.get("/2", hooks={"response": [lambda response, **kwargs: seen.append(sorted(kwargs))]})
    stage.client.hooks["response"].append(lambda response, **kwargs: seen.append(type(response).__name__))
    stage.client.get("/3")
    return seen


@case
def hook_that_replaces_the_response(stage):
    other = requests.Response()
    other.status_code = 299
    other._content = b"other"
    other.url = "http://other/"

    def replace(response: Any, **kwargs: Any) -> Any:
        other.request = response.request
        return other

    response = stage.client.get("/x", hooks={"response": replace})
    return [response.status_code, response.content, response.url]


@case
def hook_that_raises(stage):
    def refuse(response: Any, **kwargs: Any) -> None:
        raise requests.RequestException("hook", request=response.request, response=response)

    return stage.client.get("/x", hooks={"response": refuse})


@case
def hook_that_raises_status(stage):
    stage.server.script = by_code
    return stage.client.get(
        "/404", hooks={"response": lambda response, **kwargs: response.raise_for_status()}
    )


@case
def adapter_for_a_path(stage):
    class Mine(BaseAdapter):
        def send(self, request: Any, **kwargs: Any) -> requests.Response:
            made = requests.Response()
            made.status_code, made._content, made.url = 201, b"made", request.url
            made.request, made.reason = request, "Made"
            stage.note(sorted(kwargs), kwargs["timeout"], kwargs["verify"])
            return made

        def close(self) -> None:
            pass

    stage.client.mount(f"{stage.server.url}/mine", Mine())
    stage.client.get("/other")
    stage.client.get("/x", timeout=3)
    response = stage.client.get("/mine", timeout=3)
    return [response.status_code, response.content, response.reason]


@case
def adapter_with_retries(stage):
    stage.server.script = lambda request, peer: OK if len(stage.server.requests) > 2 else answer("503 Busy")
    stage.client.mount("http://", HTTPAdapter(max_retries=Retry(5, status_forcelist=[503], backoff_factor=0)))
    return stage.client.get("/x").status_code


@case
def adapters_are_found(stage):
    stage.attempt(lambda: stage.client.get_adapter("foo://x"))
    stage.client.mount("foo://", HTTPAdapter())
    stage.note(type(stage.client.get_adapter("foo://x")).__name__)
    return list(stage.client.adapters)


@case
def prepared_requests(stage):
    session = stage.client
    session.get("/before")  # stock Locust's `send` does not work before the first request
    session.headers["X-S"] = "1"
    session.cookies.set("a", "1")
    request = requests.Request(
        "POST", f"{stage.server.url}/x", params={"a": 1}, json={"b": 2}, headers={"Y": "2"}
    )
    prepared = session.prepare_request(request)
    response = session.send(prepared, timeout=3, allow_redirects=False)
    prepared.body, prepared.headers["Content-Length"] = b"other", "5"
    session.send(prepared, stream=True)
    return [prepared, response.status_code, response.content, len(stage.events)]


@case
def request_prepared_without_a_session(stage):
    prepared = requests.Request("GET", f"{stage.server.url}/x").prepare()
    stage.client.get("/before")
    return stage.client.send(prepared).status_code


@case
def send_what_is_not_prepared(stage):
    return stage.client.send(requests.Request("GET", f"{stage.server.url}/x"))


@case
def merged_settings(stage):
    stage.client.proxies = {"http": "http://p:1"}
    stage.client.verify = False
    merged = stage.client.merge_environment_settings(stage.server.url, {}, None, None, None)
    return sorted(merged.items(), key=str)


@case
def methods_that_a_class_overrides(stage):
    import locust.clients

    class Mine(locust.clients.HttpSession):
        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            request.headers = {**(request.headers or {}), "X-Prepared": "1"}
            return super().prepare_request(request)

        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            return super().request(method, f"{url}?mine", *args, **kwargs)

        def get_redirect_target(self, response: requests.Response) -> str | None:
            return "/target" if response.status_code == 201 else None

        def rebuild_auth(self, prepared: Any, response: Any) -> None:
            prepared.headers["X-Rebuilt"] = "1"

    stage.server.script = lambda request, peer: answer("201 Made") if "/first" in request.path else OK
    client = Mine(stage.server.url, stage.environment.events.request, None)
    client.trust_env = False
    return client.get("/first")


@case
def session_as_a_context_manager(stage):
    with stage.client as client:
        client.get("/1")
    return stage.client.get("/2").status_code


# answers

served("answer_with_links", answer("200 Fine", b"{}", "X-A: 1", "X-A: 2", "Link: </n>; rel=next, </l>; rel=last"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served(
    "answer_without_reason",
    b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    lambda stage: stage.client.get("/x"),
)
served("answer_with_latin_reason", b"HTTP/1.1 404 gr\xfcn\r\nContent-Length: 0\r\n\r\n",
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_with_utf8_reason", "HTTP/1.1 404 grün\r\nContent-Length: 0\r\n\r\n".encode(),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_in_latin", answer("200 OK", b"gr\xfcn", "Content-Type: text/html; charset=iso-8859-1"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_of_text_without_charset", answer("200 OK", b"gr\xfcn", "Content-Type: text/html"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served(
    "answer_without_type", answer("200 OK", "grün und größer".encode()), lambda stage: stage.client.get("/x")
)
served("answer_with_unknown_charset", answer("200 OK", b"x", "Content-Type: text/html; charset=none"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_with_odd_header", b"HTTP/1.1 200 OK\r\nX-L: gr\xfcn\r\nX-E:\r\nContent-Length: 0\r\n\r\n",
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_in_http_10", misbehave, lambda stage: stage.client.get("/http10"))
served("answer_until_close", misbehave, lambda stage: stage.client.get("/until-close"))
served("answer_after_continue", misbehave, lambda stage: stage.client.get("/continue"))
served("answer_in_chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
       lambda stage: stage.client.get("/x"))  # fmt: skip
served(
    "answer_with_json_in_utf16",
    answer("200 OK", '{"a": 1}'.encode("utf-16")),
    lambda stage: stage.client.get("/x"),
)
served("answer_with_bom", answer("200 OK", b'\xef\xbb\xbf{"a": 1}'), lambda stage: stage.client.get("/x"))
served("answer_with_large_numbers", answer("200 OK", b'{"a": 12345678901234567890123, "b": 1e400, "c": NaN}'),
       lambda stage: repr(stage.client.get("/x").json()))  # fmt: skip
served(
    "answer_with_zstd", answer("200 OK", b"x", "Content-Encoding: zstd"), lambda stage: stage.client.get("/x")
)
served("answer_with_unknown_coding", answer("200 OK", b"x", "Content-Encoding: mine"),
       lambda stage: stage.client.get("/x"))  # fmt: skip

for coding in ("gzip", "deflate", "raw-deflate", "gzip, gzip"):

    def _compressed(stage, coding=coding):
        import gzip
        import zlib

        text = b'{"a": "hello"}'
        made = {"gzip": gzip.compress(text), "deflate": zlib.compress(text), "raw-deflate": zlib.compress(text)[2:-4],
                "gzip, gzip": gzip.compress(gzip.compress(text))}[coding]  # fmt: skip
        header = f"Content-Encoding: {coding.removeprefix('raw-')}"
        stage.server.script = lambda request, peer: answer("200 OK", made, header)
        stage.note(stage.client.get("/s", stream=True).raw.read(3))
        return stage.client.get("/x")

    CASES[f"answer_in_{coding.replace(', ', '_').replace('-', '_')}"] = _compressed

for path in ["/reset", "/reset-in-body", "/close", "/close-in-body", "/close-between-chunks", "/garbage",
             "/bad-version", "/bad-code", "/endless-head", "/two-lengths", "/bad-chunk", "/bad-gzip",
             "/bad-deflate", "/silent", "/silent-in-body", "/cut-gzip", "/404-latin", "/no-location"]:  # fmt: skip

    def _broken(stage, path=path):
        stage.server.script = misbehave
        response = stage.client.get(path, timeout=0.3)
        stage.server.script = lambda request, peer: OK
        stage.note(stage.client.get("/after").status_code)
        return response

    CASES[f"broken_{path[1:].replace('-', '_')}"] = _broken


@case
def refused(stage):
    response = stage.user("http://127.0.0.1:1").client.post("/x?a=1", json={"b": 1}, name="mine")
    stage.attempt(lambda: response.ok)
    stage.attempt(response.raise_for_status)
    return [response.error.request.method, response.error.request.url, response.url, response.reason]


@case
def unknown_host(stage):
    return stage.user("http://nosuch.invalid").client.get("/x")


@case
def timeouts(stage):
    stage.server.script = misbehave
    stage.client.get("/continue", timeout=(1, None))
    stage.client.get("/continue", timeout=None)
    stage.client.get("/silent", timeout=(1, 0.2))
    stage.client.get("/silent", timeout=Timeout(connect=1, read=0.2))
    for wrong in ("x", 0, -1, (1, 2, 3), True):
        stage.attempt(lambda wrong=wrong: stage.client.get("/continue", timeout=wrong))
    return None


# reading


@case
def read_a_response(stage):
    stage.server.script = lambda request, peer: answer("200 OK", b"ab\ncd\r\nef", "Content-Type: text/plain")
    response = stage.client.get("/x")
    stage.note(list(response.iter_content(3)), list(response.iter_lines()), list(response))
    stage.note(list(response.iter_content(3, decode_unicode=True)))
    stage.note(repr(response), bool(response), response.raw.read(), response.raw.closed)
    stage.attempt(lambda: list(response.iter_content("3")))
    response.encoding = "ascii"
    stage.note(response.text)
    copy = pickle.loads(pickle.dumps(response))
    stage.note(
        copy.status_code, copy.content, copy.encoding, copy.url, copy.reason, sorted(copy.headers.items())
    )
    response._content = b"mine"
    response.status_code = 404
    stage.attempt(response.raise_for_status)
    response.close()
    return response.content


@case
def read_a_stream(stage):
    stage.server.script = lambda request, peer: answer("200 OK", b"ab\ncd\r\nef", "Content-Type: text/plain")
    client = stage.client
    stage.note(list(client.get("/1", stream=True).iter_content(3)))
    stage.note(list(client.get("/2", stream=True).iter_lines(chunk_size=2)))
    stage.note(
        client.get("/3", stream=True).raw.read(4), client.get("/4", stream=True).raw.read(decode_content=True)
    )
    response = client.get("/5", stream=True)
    stage.note(next(response.iter_content(1)))
    stage.attempt(lambda: response.content)
    stage.attempt(lambda: list(response.iter_content(1)))
    response.close()
    stage.note(client.get("/6", stream=True).content)
    stage.note(client.get("/7", stream=True).text, client.get("/8", stream=True).raw.headers["content-type"])
    with client.get("/9", stream=True, catch_response=True) as caught:
        stage.note(caught.raw.readline())
    client.stream = True
    return client.get("/10").content


@case
def read_a_stream_in_chunks(stage):
    stage.server.script = lambda request, peer: (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n2\r\ncd\r\n0\r\n\r\n"
    )
    stage.note([bytes(piece) for piece in stage.client.get("/1", stream=True).raw.stream(2)])
    stage.note(list(stage.client.get("/2", stream=True).iter_lines()))
    stage.note(list(stage.client.get("/2", stream=True).iter_content(None)))
    stage.note([line for line in stage.client.get("/3", stream=True).raw])
    return stage.client.get("/4", stream=True).raw.read(1)


@case
def streams_that_break_off(stage):
    stage.server.script = misbehave
    for path in (
        "/close-in-body",
        "/silent-in-body",
        "/reset-in-body",
        "/close-between-chunks",
        "/bad-chunk",
    ):
        response = stage.client.get(path, stream=True, timeout=0.3)
        stage.attempt(lambda response=response: response.content)
    return [event["exception"] for event in stage.events]


@case
def stream_that_nobody_reads_for_a_while(stage):
    import gevent

    def script(request: Any, peer: Any) -> bytes | None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
        gevent.sleep(0.5)
        return b"def"

    stage.server.script = script
    response = stage.client.get("/x", stream=True, timeout=0.3)
    gevent.sleep(0.4)
    return response.content


# trust and proxies


@case
def trusted_authority(stage):
    url = stage.places.secure().url
    stage.client.get(f"{url}/1", verify=AUTHORITY)
    stage.client.verify = AUTHORITY
    return stage.client.get(f"{url}/2")


@case
def untrusted_authority(stage):
    url = stage.places.secure().url
    stage.client.get(f"{url}/1", verify=False)
    return stage.client.get(f"{url}/2", name="mine")


@case
def trust_of_a_missing_file(stage):
    url = stage.places.secure().url
    stage.attempt(lambda: stage.client.get(f"{url}/1", verify="/nowhere.pem"))
    stage.attempt(lambda: stage.client.get(f"{url}/1", cert="/nowhere.pem"))
    stage.attempt(lambda: stage.client.get(f"{url}/1", cert=("/nowhere.pem", "/nowhere.key")))
    stage.client.verify = "/nowhere.pem"
    return stage.client.get(f"{url}/2")


@case
def client_certificate(stage):
    url = stage.places.secure(asks_for_client=True).url
    stage.client.verify = AUTHORITY
    stage.client.get(f"{url}/1", cert=CLIENT)
    stage.client.cert = (CLIENT, CLIENT)
    return stage.client.get(f"{url}/2").status_code


for is_secure in (False, True):
    for has_password in (False, True):

        def _through_a_proxy(stage, is_secure=is_secure, has_password=has_password):
            proxy = stage.places.proxy(is_secure, has_password)
            stage.client.verify = AUTHORITY
            stage.client.proxies = {"http": proxy.url, "https": proxy.url}
            stage.client.get("/plain?a=1")
            stage.client.post("/plain", {"a": 1}, proxies={"http": proxy.url}, headers={"X": "1"})
            return stage.client.get(f"{stage.places.secure().url}/tunnel", name="mine")

        CASES[f"proxy{'_with_tls' * is_secure}{'_with_password' * has_password}"] = _through_a_proxy


@case
def proxy_of_a_call(stage):
    proxy = stage.places.proxy()
    stage.client.get("/1", proxies={"http": proxy.url})
    stage.client.get("/2", proxies={"http://127.0.0.1": proxy.url, "https": "http://127.0.0.1:1"})
    stage.client.get("/3", proxies={"all": proxy.url.removeprefix("http://")})
    stage.client.get("/4", proxies={"http": None})
    stage.client.get("/5", proxies={"http": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"})
    return stage.client.get("/6", proxies={})


@case
def proxy_that_refuses(stage):
    proxy = stage.places.proxy()
    proxy.refuses = "407 Proxy Authentication Required"
    stage.client.proxies = {"http": proxy.url, "https": proxy.url}
    stage.client.get("/plain")
    return stage.client.get("https://127.0.0.1:1/tunnel")


@case
def proxy_that_is_not_there(stage):
    stage.client.proxies = {"http": "http://127.0.0.1:1", "https": "http://127.0.0.1:1"}
    stage.client.get("/plain")
    return stage.client.get("https://127.0.0.1:2/tunnel")


for name, url in [("odd_schema", "foo://x"), ("no_host", "http://"), ("socks", "socks5://127.0.0.1:1"),
                  ("path", "http://127.0.0.1:1/path"), ("bad_port", "http://127.0.0.1:x")]:  # fmt: skip
    CASES[f"proxy_with_{name}"] = lambda stage, url=url: stage.client.get("/x", proxies={"http": url})


@case
def proxy_and_redirect(stage):
    proxy = stage.places.proxy()
    stage.server.script = lambda request, peer: OK if request.path.endswith("0") else answer(
        "302 Go", b"", "Location: /0")  # fmt: skip
    stage.client.proxies = {"http": proxy.url}
    return stage.client.get("/1")


@case
def connections_are_kept(stage):
    for _ in range(3):
        stage.client.get("/x")
    stage.client.get("/x", headers={"Connection": "close"})
    stage.client.post("/x", data=iter([b"a"]))
    stage.client.get("/x", hooks={"response": lambda response, **kwargs: None})
    stage.client.close()
    stage.client.get("/x")
    return stage.server.connections


# interruptions


def stall(place: Any) -> Callable[..., bytes | None]:
    """A script that says so much and then nothing, until the client has had enough."""

    def script(request: Any, peer: Any) -> bytes | None:
        if request.path != "/stall":
            return OK
        if place == "body":
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        elif place == "redirect":
            peer.send(answer("302 Go", b"", "Location: /next"))
            peer.socket.recv(65536)
        peer.socket.recv(1)
        return None

    return script


def killed(stage: Any, act: Callable[[], Any]) -> None:
    import gevent

    greenlet = gevent.spawn(act)
    gevent.sleep(0.1)
    greenlet.kill()
    stage.note("killed", greenlet.value)


def raised_into(stage: Any, act: Callable[[], Any]) -> None:
    import gevent

    greenlet = gevent.spawn(stage.attempt, act)
    gevent.sleep(0.1)
    greenlet.kill(KeyError("from outside"))


def timed_out(stage: Any, act: Callable[[], Any]) -> None:
    import gevent

    def limited() -> Any:
        with gevent.Timeout(0.1):
            return act()

    stage.attempt(limited)


def timed_out_silently(stage: Any, act: Callable[[], Any]) -> None:
    import gevent

    with gevent.Timeout(0.1, False):
        act()
    stage.note("went on")


def timed_out_with_an_error_of_its_own(stage: Any, act: Callable[[], Any]) -> None:
    import gevent

    def limited() -> Any:
        with gevent.Timeout(0.1, ValueError("too slow")):
            return act()

    stage.attempt(limited)


INTERRUPTIONS = {
    "killed": killed, "raised_into": raised_into, "timed_out": timed_out,
    "timed_out_silently": timed_out_silently, "timed_out_with_an_error": timed_out_with_an_error_of_its_own,
}  # fmt: skip
for how, interrupt in INTERRUPTIONS.items():
    for place in ("head", "body", "redirect"):

        def _interrupted(stage, interrupt=interrupt, place=place):
            stage.server.script = stall(place)
            interrupt(stage, lambda: stage.client.get("/stall", name="mine"))
            return stage.client.get("/after").status_code

        CASES[f"{how}_in_the_{place}"] = _interrupted

    def _interrupted_stream(stage, interrupt=interrupt):
        stage.server.script = stall("body")
        response = stage.client.get("/stall", stream=True)
        interrupt(stage, lambda: response.content)
        return stage.client.get("/after").status_code

    def _interrupted_block(stage, interrupt=interrupt):
        stage.server.script = stall("head")

        def act() -> None:
            with stage.client.get("/stall", catch_response=True) as response:
                response.success()

        interrupt(stage, act)
        return stage.client.get("/after").status_code

    CASES[f"{how}_in_a_stream"] = _interrupted_stream
    CASES[f"{how}_in_front_of_a_block"] = _interrupted_block
