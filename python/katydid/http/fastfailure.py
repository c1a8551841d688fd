"""What geventhttpclient raises for each way in which a request can fail."""

from __future__ import annotations

import os
import re
import socket
import zlib
from http.client import HTTPException
from ssl import SSLError
from typing import Any

from gevent.timeout import Timeout

from katydid import _core

from .failure import RESOLVER_WORDS, certificate_error, tls_error


class ConnectionError(Exception):
    """A request that has no acceptable answer, and the URL that it was for."""

    def __init__(self, url: str, *args: Any, **facts: Any) -> None:
        super().__init__(url, *args)
        self.url = url
        self.__dict__.update(facts)
        self._facts = ", ".join([*map(str, args), *(f"{name}={value}" for name, value in facts.items())])

    def __str__(self) -> str:
        return f"URL {self.url}: {self._facts}" if self._facts else f"URL {self.url}"

    def __repr__(self) -> str:
        facts = f", {self._facts}" if self._facts else ""
        return f"{type(self).__name__}({self.url!r}{facts})"


class RetriesExceeded(ConnectionError):
    """The request timed out, or was redirected, more often than is allowed."""


class LocustBadStatusCode(ConnectionError):
    """The answer's status code is none of those that count as a success."""

    def __repr__(self) -> str:
        # Without the URL: failures of one kind are counted together.
        return f"{type(self).__name__}({self._facts})" if self._facts else super().__repr__()


class HTTPParseError(HTTPException):
    """The answer is not HTTP."""


class HTTPConnectionClosed(HTTPParseError):
    """The server closed the connection before it answered."""


FAILURE_EXCEPTIONS = (
    ConnectionError,
    ConnectionRefusedError,
    ConnectionResetError,
    OSError,
    SSLError,
    Timeout,
    HTTPParseError,
    zlib.error,
)
"""What may become of a request on the wire; recorded as its failure, never raised by a call."""


def exception_of(failed: _core.Failed, url: str, retries: int) -> Exception:
    """The exception that a failure on the wire is known by."""
    words, number = failed.label or "", failed.number or 0
    match failed.kind:
        case "dns":
            return socket.gaierror(number, RESOLVER_WORDS.get(number, "name resolution failed"))
        case "connect":
            return OSError(number, os.strerror(number))
        case "connect timeout":
            what = "The handshake operation timed out" if failed.is_connected else "timed out"
            return RetriesExceeded(url, retries, original=what)
        case "read timeout":
            return (
                TimeoutError("timed out")
                if failed.has_head
                else RetriesExceeded(url, retries, original="timed out")
            )
        case "io" if failed.has_head or number != 104:
            return OSError(number, os.strerror(number))
        case "io" | "closed before answer":
            return HTTPConnectionClosed("connection closed.")
        case "closed in head":
            return HTTPParseError("Invalid EOF state", 14)
        case "closed in body":
            return HTTPParseError("Incomplete response.")
        case "bad status line":
            return HTTPParseError(*_bad_line(words))
        case "bad header" if len(re.findall(r"Content-Length: \d+", words)) == 2:
            return HTTPParseError("Duplicate Content-Length", 4)
        case "bad header" if "Content-Length" in words:
            return HTTPParseError("Invalid character in Content-Length", 11)
        case "bad header":
            return HTTPParseError("Invalid header token", 10)
        case "bad chunk":
            return HTTPParseError("Invalid character in chunk size", 12)
        case "head too long" | "too many headers":
            return HTTPParseError("Header overflow")
        case "certificate":
            return certificate_error(words)
        case "tls":
            return tls_error(words)
        case "proxy":
            return OSError(f"Tunnel connection failed: {number}")
    return HTTPParseError(failed.kind)


def _bad_line(line: str) -> tuple[str, int]:
    if not line.startswith("HTTP/"):
        return "Expected HTTP/", 8
    if not re.match(r"HTTP/1\.[01] ", line):
        return "Invalid HTTP version", 9
    return "Invalid response status", 13
