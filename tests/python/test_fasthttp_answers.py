# ruff: noqa: E501 -- tables of expected texts read best unbroken
"""What comes back to FastHttpUser's client, or does not: failures, responses, streams.

Expected texts and bytes were observed with Locust 2.46.3 and geventhttpclient 2.3.9, unless a comment says why ours
differ.
"""

from __future__ import annotations

from typing import Any

import pytest
from katydid.locust.contrib import fasthttp
from katydid.locust.contrib.fasthttp import (
    ErrorResponse,
    FastHttpSession,
    FastResponse,
)
from listening import Listener, fast_session
from misbehaving import misbehave
from requests.cookies import create_cookie
from scripted import OK, Server, answer, client_has_seen, in_pieces

pytestmark = pytest.mark.usefixtures("limit")


@pytest.fixture
def client(server: Server, heard: Listener) -> FastHttpSession:
    return fast_session(server.url, heard)


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
    client = fast_session(server.url, heard, network_timeout=0.3)
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
    response = fast_session(server.url, heard, network_timeout=0.3).get(path)
    assert (response.status_code, response.content, heard.last["response_length"]) == (0, None, 0)
    assert heard.last["exception"] is response.error


# geventhttpclient raises the first two into the task, unrecorded, and takes the last for a good answer
MALFORMED = [
    ("/cut-head", "HTTPParseError('Invalid EOF state', 14)"),
    (
        "/negative-length",
        "HTTPParseError('Invalid character in Content-Length', 11)",
    ),
    (
        "/bad-end-of-chunk",
        "HTTPParseError('Invalid character in chunk size', 12)",
    ),
]


@pytest.mark.parametrize(("path", "text"), MALFORMED)
def test_malformed_answers_are_failures(server, client, heard, path, text):
    server.script = misbehave
    assert client.get(path).status_code == 0
    assert repr(heard.last["exception"]) == text


@pytest.mark.parametrize("retries", [1, 3])
def test_a_request_that_times_out_is_tried_again(server, heard, retries):
    server.script = misbehave
    client = fast_session(server.url, heard, network_timeout=0.1, max_retries=retries)
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
    response = fast_session(url, heard).get("/x")
    assert repr(heard.last["exception"]) == text
    assert heard.last["name"] == "/x"
    assert type(response) is ErrorResponse


def test_what_a_failed_response_is(heard):
    response = fast_session("http://127.0.0.1:1", heard).get("/x")
    facts = (response.status_code, response.headers, response.content, response.text, response.ok)
    assert facts == (0, None, None, None, True)
    assert response.request.method == "GET"
    with pytest.raises(ConnectionRefusedError):
        response.raise_for_status()
    with pytest.raises(TypeError):
        response.json()


def test_a_silent_handshake(server, heard):
    server.script = misbehave
    client = fast_session(
        server.url.replace("http", "https"), heard, connection_timeout=0.2, network_timeout=0.2
    )
    client.get("/x")
    url = server.url.replace("http", "https")
    expected = f"RetriesExceeded('{url}/x', 0, original=The handshake operation timed out)"
    assert repr(heard.last["exception"]) == expected


def test_a_failure_inside_catch_response_can_be_called_a_success(heard):
    with fast_session("http://127.0.0.1:1", heard).get("/x", catch_response=True) as response:
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
