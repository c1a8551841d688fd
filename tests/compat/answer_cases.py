# ruff: noqa: E501, C416 -- tables read best unbroken; iterating is what is tried
"""What a locustfile makes of the answers to HttpUser's client, of their lack and of what comes between.

A case gets a stage (`client_driver.Stage`) and returns what is to be compared; raising is a result too.
"""

from __future__ import annotations

import pickle
from typing import Any

from case_table import Table
from client_places import AUTHORITY, CLIENT
from either_cases import INTERRUPTIONS, stall
from misbehaving import misbehave
from scripted import OK, answer
from urllib3.util.timeout import Timeout

CASES = Table()
case, call, served = CASES.case, CASES.call, CASES.served

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
served("answer_of_text_without_charset", answer("200 OK", b"gr\xfcn", "Content-Type: text/html"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served(
    "answer_without_type", answer("200 OK", "grün und größer".encode()), lambda stage: stage.client.get("/x")
)
served("answer_with_unknown_charset", answer("200 OK", b"x", "Content-Type: text/html; charset=none"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_with_odd_header", b"HTTP/1.1 200 OK\r\nX-L: gr\xfcn\r\nX-E:\r\nContent-Length: 0\r\n\r\n",
       lambda stage: stage.client.get("/x"))  # fmt: skip
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

for how, interrupt in INTERRUPTIONS.items():

    def _interrupted_stream(stage, interrupt=interrupt):
        stage.server.script = stall("body")
        response = stage.client.get("/stall", stream=True)
        interrupt(stage, lambda: response.content)
        return stage.client.get("/after").status_code

    CASES[f"{how}_in_a_stream"] = _interrupted_stream
