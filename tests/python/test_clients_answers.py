# ruff: noqa: E501 -- tables of expected texts read best unbroken
"""What comes back to HttpUser's client, or does not: failures, responses, streams.

Every test that takes `client` runs twice: natively, and through `requests` itself (`trust_env` sends it there). Texts
were observed with Locust 2.46.3 and requests 2.34.2, unless a comment says why ours differ.
"""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable

import pytest
import requests
from katydid.locust.clients import HttpSession
from misbehaving import misbehave
from scripted import OK, Server, answer, client_has_seen, in_pieces

pytestmark = pytest.mark.usefixtures("limit", "no_proxy")


@pytest.fixture
def client(server: Server, make_client: Callable[[str], HttpSession]) -> HttpSession:
    return make_client(server.url)


# failures; {port} stands for the server's

FAILURES = [
    ("/reset", "ConnectionResetError(104, 'Connection reset by peer')"),
    ("/reset-in-head", "ConnectionResetError(104, 'Connection reset by peer')"),
    (
        "/reset-in-body",
        "ChunkedEncodingError(ProtocolError(\"Connection broken: ConnectionResetError(104, 'Connection reset by peer')\","
        " ConnectionResetError(104, 'Connection reset by peer')))",
    ),
    ("/close", "RemoteDisconnected('Remote end closed connection without response')"),
    (
        "/close-in-body",
        "ChunkedEncodingError(ProtocolError('Connection broken: IncompleteRead(3 bytes read, 97 more expected)', "
        "IncompleteRead(3 bytes read, 97 more expected)))",
    ),
    ("/close-between-chunks", "ChunkedEncodingError(ProtocolError('Response ended prematurely'))"),
    ("/garbage", "BadStatusLine('garbage line\\r\\n')"),
    ("/bad-version", "UnknownProtocol('HTTP/9.9')"),
    ("/bad-code", "BadStatusLine('HTTP/1.1 2x0 OK\\r\\n')"),
    ("/endless-head", "HTTPException('got more than 100 headers')"),
    ("/long-header", "LineTooLong('got more than 65536 bytes when reading header line')"),
    (
        "/two-lengths",
        "InvalidHeader(InvalidHeader('Content-Length contained multiple unmatching values (2, 3)'))",
    ),
    (
        "/bad-chunk",
        "ChunkedEncodingError(ProtocolError(\"Connection broken: InvalidChunkLength(got length b'zz\\\\r\\\\n', 0 bytes "
        "read)\", InvalidChunkLength(got length b'zz\\r\\n', 0 bytes read)))",
    ),
    (
        "/bad-gzip",
        "ContentDecodingError(DecodeError('Received response with content-encoding: gzip, but failed to decode it.', "
        "error('Error -3 while decompressing data: incorrect header check')))",
    ),
    (
        "/bad-deflate",
        "ContentDecodingError(DecodeError('Received response with content-encoding: deflate, but failed to decode it.', "
        "error('Error -3 while decompressing data: invalid block type')))",
    ),
    (
        "/silent",
        "ReadTimeout(ReadTimeoutError(\"HTTPConnectionPool(host='127.0.0.1', port={port}): Read timed out. "
        '(read timeout=0.3)"))',
    ),
    (
        "/silent-in-body",
        "ReadTimeoutError(\"HTTPConnectionPool(host='127.0.0.1', port={port}): Read timed out.\")",
    ),
    ("/loop", "TooManyRedirects('Exceeded 30 redirects.')"),
    ("/bad-redirect", "ConnectionRefusedError(111, 'Connection refused')"),
    ("/cut-gzip", "None"),
    ("/404-latin", "HTTPError('404 Client Error: Not Found for url: /404-latin')"),
    ("/continue", "None"),
    ("/until-close", "None"),
    ("/http10", "None"),
    ("/slow-loris", "None"),
    ("/no-location", "None"),
]


@pytest.mark.parametrize(("path", "text"), FAILURES)
def test_failures(server, client, heard, path, text):
    server.script = misbehave
    response = client.get(path, timeout=0.3)
    assert repr(heard.last["exception"]) == text.format(port=server.port)
    if response.status_code == 0:
        assert (response.content, response.text, dict(response.headers)) == (None, "", {})
        assert response.error is not None
    server.script = lambda request, peer: OK
    assert client.get("/after").status_code == 200


# requests takes these for good answers
MALFORMED = [
    (
        "/cut-head",
        "RemoteDisconnected('Remote end closed connection without response')",
    ),
    (
        "/negative-length",
        "InvalidHeader(InvalidHeader('Content-Length: -2 is not a number'))",
    ),
    (
        "/bad-end-of-chunk",
        "ChunkedEncodingError(ProtocolError('Connection broken: InvalidChunkLength(",
    ),
]


@pytest.mark.parametrize(("path", "text"), MALFORMED)
def test_malformed_answers_are_failures(server, client, heard, path, text):
    server.script = misbehave
    assert client.get(path).status_code == 0
    assert repr(heard.last["exception"]).replace('"', "'").startswith(text)


PLACES = [
    ("http://127.0.0.1:1", "ConnectionRefusedError(111, 'Connection refused')"),
    ("http://nosuch.invalid", "gaierror(-2, 'Name or service not known')"),
]


@pytest.mark.parametrize(("url", "text"), PLACES)
def test_servers_that_are_not_there(make_client, heard, url, text):
    response = make_client(url).get("/x")
    assert repr(heard.last["exception"]) == text
    assert heard.last["name"] == "/x"
    with pytest.raises(requests.ConnectionError, match="Max retries exceeded with url: /x"):
        response.raise_for_status()
    with pytest.raises(requests.ConnectionError):
        _ = response.ok
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    assert isinstance(response.request, requests.PreparedRequest)


@pytest.mark.parametrize(
    ("url", "error"),
    [("", requests.exceptions.MissingSchema), ("foo://x", requests.exceptions.InvalidSchema),
     ("http://", requests.exceptions.InvalidURL)],
)  # fmt: skip
def test_wrong_urls_are_raised_into_the_task(make_client, heard, url, error):
    with pytest.raises(error):
        make_client(url).get("/x")
    assert heard.events == []


def test_a_dead_connection_is_replaced_in_silence(server, client, heard):
    server.script = lambda request, peer: OK if peer.served == 1 else None
    for _ in range(3):
        client.get("/x")
    assert [event["exception"] for event in heard.events] == [None] * 3


# responses


def test_what_a_response_is(server, client):
    server.script = lambda request, peer: answer(
        "200 Fine", b'{"a": 1}', "Content-Type: application/json", "X-A: 1", "X-A: 2", "Link: </n>; rel=next"
    )
    response = client.post("/x", json={"q": 1}, headers={"X-Mine": "1"})
    assert isinstance(response, requests.Response)
    assert (response.status_code, response.reason, bool(response), repr(response)) == (
        200, "Fine", True, "<Response [200]>",
    )  # fmt: skip
    assert response.content == b'{"a": 1}'
    assert response.text == '{"a": 1}'
    assert response.json() == {"a": 1}
    assert response.json(parse_int=str) == {"a": "1"}
    assert response.encoding == "utf-8"
    assert response.headers["x-a"] == "1, 2"
    assert response.links["next"]["url"] == "/n"
    assert 0 < response.elapsed.total_seconds() < 5
    assert response.history == []
    assert list(response.iter_content(3)) == [b'{"a', b'": ', b"1}"]
    assert list(response.iter_lines()) == [b'{"a": 1}']
    assert response.raw.status == 200
    request = response.request
    assert (request.method, request.url, request.path_url) == ("POST", f"{server.url}/x", "/x")
    assert request.headers["x-mine"] == "1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == "8"
    assert request.body in (b'{"q": 1}', '{"q": 1}')
    response.close()


def test_attributes_may_be_set(server, client):
    server.script = lambda request, peer: answer("200 OK", b"\xa4", "Content-Type: text/html")
    response = client.get("/x")
    response.encoding = "iso-8859-15"
    assert response.text == "€"
    response._content = b"mine"
    assert (response.content, response.text) == (b"mine", "mine")
    response.status_code = 404
    response.reason = "mine"
    assert not response.ok
    with pytest.raises(requests.HTTPError, match="404 Client Error: mine"):
        response.raise_for_status()


def test_a_response_can_be_pickled(client):
    copy = pickle.loads(pickle.dumps(client.get("/x")))
    assert (copy.status_code, copy.content, copy.headers["content-type"]) == (200, b"{}", "application/json")


@pytest.mark.parametrize("text", [b"", b"{", b"nul", b"\xff"])
def test_what_is_no_json(server, client, text):
    server.script = lambda request, peer: answer("200 OK", text, "Content-Type: application/json")
    with requests.Session() as plain, pytest.raises(requests.JSONDecodeError) as theirs:
        plain.get(server.url).json()
    with pytest.raises(requests.JSONDecodeError) as ours:
        client.get("/x").json()
    assert str(ours.value) == str(theirs.value)


def test_json_in_another_encoding(server, client):
    server.script = lambda request, peer: answer(
        "200 OK", '"grün"'.encode("latin-1"), "Content-Type: text/html"
    )
    assert client.get("/x").json() == "grün"


def test_compressed_bodies(server, client, heard):
    server.script = lambda request, peer: answer(
        "200 OK", gzip.compress(b"hello" * 50), "Content-Encoding: gzip"
    )
    assert client.get("/x").content == b"hello" * 50
    assert heard.last["response_length"] == 250


# streams


def test_a_streamed_answer_is_handed_out_while_it_arrives(server, client, heard):
    server.script = in_pieces
    response = client.get("/x", stream=True)
    assert heard.last["exception"] is None
    lines = response.iter_lines(chunk_size=1)
    assert next(lines) == b"ab"
    client_has_seen.set()
    assert list(lines) == [b"cd", b"ef", b"gh"]
    server.script = lambda request, peer: OK
    assert client.get("/y").status_code == 200
    assert server.connections == 1


def test_the_length_of_a_streamed_answer_is_the_announced_one(server, client, heard):
    server.script = lambda request, peer: answer("200 OK", b"hello")
    response = client.get("/x", stream=True)
    assert heard.last["response_length"] == 5
    assert response.raw.read() == b"hello"


def test_a_streamed_answer_that_breaks_off(server, client):
    server.script = misbehave
    response = client.get("/close-in-body", stream=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="3 bytes read, 97 more expected"):
        _ = response.content
    response = client.get("/silent-in-body", stream=True, timeout=0.2)
    with pytest.raises(requests.ConnectionError, match="Read timed out"):
        _ = response.content


def test_streams_are_decoded_and_can_be_closed(server, client):
    server.script = lambda request, peer: answer(
        "200 OK", gzip.compress(b"hello" * 1000), "Content-Encoding: gzip"
    )
    with client.get("/x", stream=True, catch_response=True) as response:
        assert b"".join(response.iter_content(100)) == b"hello" * 1000
    server.script = in_pieces
    client.get("/x", stream=True).close()
    client_has_seen.set()
    server.script = lambda request, peer: OK
    assert client.get("/y").status_code == 200
