# ruff: noqa: E501 -- tables read best unbroken; iterating is what is tried
"""What a locustfile sends with HttpUser's client: one call, or a few, in each case.

A case gets a stage (`client_driver.Stage`) and returns what is to be compared; raising is a result too.
"""

from __future__ import annotations

import io
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from case_table import Table, by_code
from scripted import answer

CASES = Table()
case, call, served = CASES.case, CASES.call, CASES.served

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
    "empty_text": "", "keys": {1: 2, None: 3}, "decimal": Decimal("1.5"),
}.items():  # fmt: skip
    call(f"json_{name}", "post", "/x", json=document)
call("json_as_second_positional", "post", "/x", None, {"second": "positional"})
call("json_and_own_type", "post", "/x", json={"a": 1}, headers={"content-type": "x/y"})
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


for code in (200, 204, 300, 304, 400, 404, 500, 503, 599):
    served(f"status_{code}", by_code, lambda stage, code=code: stage.client.get(f"/{code}", name="mine"))


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
