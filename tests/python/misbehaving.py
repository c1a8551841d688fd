"""What a server can do wrong, by the path that is asked for."""

from __future__ import annotations

import gzip
import threading

from scripted import Peer, Received, answer

_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_NAP = threading.Event()


def misbehave(request: Received, peer: Peer) -> bytes | None:
    """The script of a server that keeps no promise."""
    path = request.path
    if path == "/reset":
        peer.reset()
        return None
    if path in ("/reset-in-head", "/reset-in-body"):
        peer.send(_HEAD + (b"Content-Le" if path == "/reset-in-head" else b"Content-Length: 100\r\n\r\nabc"))
        _NAP.wait(0.05)
        peer.reset()
        return None
    if path in ("/silent", "/silent-in-body"):
        if path == "/silent-in-body":
            peer.send(_HEAD + b"Content-Length: 100\r\n\r\nabc")
        peer.socket.recv(1)  # until the client has had enough
        return None
    if path == "/slow-loris":
        peer.send(_HEAD + b"Content-Length: 5\r\n\r\n")
        for _ in range(5):
            peer.send(b"x")
            _NAP.wait(0.05)
        return b""
    if path in _CLOSING:
        peer.send(_CLOSING[path])
        return None
    return _ANSWERS[path]


_CLOSING = {
    "/close": b"",
    "/close-in-body": _HEAD + b"Content-Length: 100\r\n\r\nabc",
    "/close-between-chunks": _CHUNKED + b"3\r\nabc\r\n",
    "/garbage": b"garbage line\r\n\r\n",
    "/bad-version": b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "/bad-code": b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
    "/endless-head": _HEAD + b"".join(b"X-%d: v\r\n" % number for number in range(3000)),
    "/long-header": _HEAD + b"X: " + b"v" * 200_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "/two-lengths": _HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\noka",
    "/bad-chunk": _CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n",
    "/cut-head": _HEAD + b"Content-Le",
    "/negative-length": _HEAD + b"Content-Length: -2\r\n\r\nok",
    "/bad-end-of-chunk": _CHUNKED + b"2\r\nokXX0\r\n\r\n",
    "/until-close": _HEAD + b"Connection: close\r\n\r\nuntil the end",
    "/http10": b"HTTP/1.0 200 OK\r\n\r\nold",
}

_ANSWERS = {
    "/bad-gzip": answer("200 OK", b"notgzip!", "Content-Encoding: gzip"),
    "/bad-deflate": answer("200 OK", b"notgzip!", "Content-Encoding: deflate"),
    "/bad-br": answer("200 OK", b"notgzip!", "Content-Encoding: br"),
    "/cut-gzip": answer("200 OK", gzip.compress(b"hello world" * 10)[:-12], "Content-Encoding: gzip"),
    "/loop": answer("302 Found", b"", "Location: /loop"),
    "/404": answer("404 Not Found", b"hello"),
    "/500": answer("500 Oops", b"hello"),
    "/300": answer("300 Choose", b"hello"),
    "/404-latin": answer("404 Not Found", b"\xff\xfe"),
    "/continue": b"HTTP/1.1 100 Continue\r\n\r\n" + answer("200 OK", b"ok"),
    "/bad-redirect": answer("302 Found", b"", "Location: http://127.0.0.1:1/there"),
    "/no-location": answer("302 Found"),
}
