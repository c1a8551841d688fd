"""What `requests` and `urllib3` raise for each way in which an exchange can fail.

The chains of causes are theirs, too: whoever looks for the lowest cause finds what it always found.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from http.client import BadStatusLine, HTTPException, LineTooLong, RemoteDisconnected, UnknownProtocol
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import urldefragauth
from urllib3 import exceptions as lower
from urllib3.connection import HTTPConnection, HTTPSConnection

from katydid import _core

RESOLVER_WORDS = {
    socket.EAI_NONAME: "Name or service not known",
    socket.EAI_AGAIN: "Temporary failure in name resolution",
    socket.EAI_FAIL: "Non-recoverable failure in name resolution",
    socket.EAI_NODATA: "No address associated with hostname",
}


class _Place:
    """The server of a request as `urllib3` names it in its messages."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.authority = parts.netloc
        self._host = parts.hostname or ""
        self.is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self.is_tls else 80)
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.host = self._host

    @property
    def pool(self) -> urllib3.HTTPConnectionPool:
        """A pool that never connects."""
        kind = urllib3.HTTPSConnectionPool if self.is_tls else urllib3.HTTPConnectionPool
        return kind(self._host, self._port)

    @property
    def connection(self) -> HTTPConnection:
        """A connection that never connects."""
        kind = HTTPSConnection if self.is_tls else HTTPConnection
        return kind(self._host, self._port)


def pool_named(url: str) -> urllib3.HTTPConnectionPool:
    """A pool that never connects, for `urllib3`'s messages about the server at `url`."""
    return _Place(url).pool


class _Counted:
    """What `InvalidChunkLength` asks of a response."""

    length_remaining = None

    def __init__(self, received: int) -> None:
        self._received = received

    def tell(self) -> int:
        return self._received


def _chain(*errors: BaseException) -> Any:
    """The first of the errors, each caused by the next."""
    for error, cause in pairwise(errors):
        error.__cause__ = error.__context__ = cause
    return errors[0]


def system_error(number: int) -> OSError:
    """The system's error of this number, in the class that Python has for it."""
    return OSError(number, os.strerror(number))


def certificate_error(label: str) -> ssl.SSLCertVerificationError:
    """The error for a certificate that was refused; the label is OpenSSL's code and words."""
    code, _, words = label.partition(" ")
    error = ssl.SSLCertVerificationError(
        1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {words}"
    )
    error.verify_code = int(code) if code.isdigit() else 0
    error.verify_message = words
    return error


def tls_error(label: str) -> ssl.SSLError:
    """The error for a handshake that failed; the label is OpenSSL's name of the reason and its words."""
    reason, _, words = label.partition(" ")
    return ssl.SSLError(1, f"[SSL: {reason}] {words}" if reason.isupper() else label)


def exception_of(
    failed: _core.Failed,
    url: str,
    request: Any,
    timeout: tuple[float | None, float | None],
    proxy: tuple[str, int, str | None] | None = None,
) -> requests.RequestException:
    """The exception that `requests` raises for a failed exchange.

    Raises:
        urllib3.exceptions.LocationParseError: the host's name cannot be one.
    """
    place = _Place(url)
    words = failed.label or ""
    if proxy:
        near = _at_proxy(url, proxy)
        place = place if place.is_tls else near
        if not failed.is_connected and failed.kind in ("dns", "connect", "connect timeout"):
            return _no_proxy(failed, place, request, timeout, near)
    match failed.kind:
        case "dns":
            _check_name(place.host)
            cause: Any = socket.gaierror(
                failed.number, RESOLVER_WORDS.get(failed.number or 0, "unknown error")
            )
            reason: Any = lower.NameResolutionError(place.host, place.connection, cause)
            return _unreachable(requests.ConnectionError, place, request, reason, cause)
        case "connect":
            cause = system_error(failed.number or 0)
            reason = lower.NewConnectionError(
                place.connection, f"Failed to establish a new connection: {cause}"
            )
            return _unreachable(requests.ConnectionError, place, request, reason, cause)
        case "connect timeout" if not failed.is_connected:
            message = f"Connection to {place.host} timed out. (connect timeout={timeout[0]})"
            reason = lower.ConnectTimeoutError(place.connection, message)
            return _unreachable(requests.ConnectTimeout, place, request, reason, TimeoutError("timed out"))
        case "connect timeout":
            return _silent(place, request, timeout[0])
        case "certificate":
            cause = certificate_error(words)
            return _unreachable(requests.exceptions.SSLError, place, request, lower.SSLError(cause), cause)
        case "tls":
            cause = tls_error(words)
            return _unreachable(requests.exceptions.SSLError, place, request, lower.SSLError(cause), cause)
        case "proxy":
            cause = OSError(f"Tunnel connection failed: {failed.number} {words}".rstrip())
            return _unproxied(place, request, lower.ProxyError("Unable to connect to proxy", cause), cause)
        case "read timeout" if not failed.has_body:
            return _silent(place, request, timeout[1])
        case "read timeout":
            silence = lower.ReadTimeoutError(place.pool, None, "Read timed out.")
            return _chain(
                requests.ConnectionError(silence, request=request), silence, TimeoutError("timed out")
            )
        case "io" if failed.has_body:
            return _broken(system_error(failed.number or 0), request)
        case "closed in body" if failed.body and failed.body[1] is not None:
            return _broken(lower.IncompleteRead(failed.body[0], failed.body[1]), request)
        case "closed in body":
            ended = lower.ProtocolError("Response ended prematurely")
            return _chain(requests.exceptions.ChunkedEncodingError(ended, request=request), ended)
        case "bad chunk":
            length = f"{words.rstrip()}\r\n".encode("latin-1", "replace")
            invalid = lower.InvalidChunkLength(_Counted(0), length)  # type: ignore[arg-type]
            return _broken(invalid, request)
        case "bad header" if "Content-Length" in words:
            return requests.exceptions.InvalidHeader(
                lower.InvalidHeader(_length_words(words)), request=request
            )
    cause = _aborted(failed, words)
    error = lower.ProtocolError("Connection aborted.", cause)
    return _chain(requests.ConnectionError(error, request=request), error, cause)


def _check_name(host: str) -> None:
    try:
        host.encode("idna")
    except UnicodeError:
        raise lower.LocationParseError(f"'{host}', label empty or too long") from None


def _at_proxy(url: str, proxy: tuple[str, int, str | None]) -> _Place:
    """Whom `urllib3` names when a plain request goes through a proxy."""
    host, port, _ = proxy
    place = _Place(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    place.target = urldefragauth(url)
    return place


def _no_proxy(failed: _core.Failed, place: _Place, request: Any, timeout: Any, near: _Place) -> Any:
    """What `requests` raises where the proxy itself cannot be reached."""
    scheme = "https" if place.is_tls else "http"
    below: Any = exception_of(failed, f"{scheme}://{near.authority}", request, timeout)
    reason = below.__context__.reason
    return _unproxied(place, request, lower.ProxyError("Unable to connect to proxy", reason), reason)


def _unproxied(place: _Place, request: Any, reason: Exception, cause: BaseException) -> Any:
    """A failure at the proxy: whoever looks for the lowest cause passes the proxy's own error by."""
    retries = lower.MaxRetryError(place.pool, place.target, reason)
    error = _chain(requests.exceptions.ProxyError(retries, request=request), retries)
    retries.__cause__, retries.__context__ = reason, cause
    return error


def _length_words(words: str) -> str:
    """What `urllib3` says of two lengths that differ; other complaints stay as they are."""
    numbers = re.findall(r"Content-Length: (\d+)", words)
    if len(numbers) != 2:
        return words
    return f"Content-Length contained multiple unmatching values ({', '.join(sorted(numbers, key=int))})"


def _aborted(failed: _core.Failed, words: str) -> Exception:
    """Why there is no head."""
    match failed.kind:
        case "io":
            return system_error(failed.number or 0)
        case "bad status line" if words.startswith("HTTP/") and not words.startswith("HTTP/1."):
            return UnknownProtocol(words.split()[0])
        case "bad status line":
            return BadStatusLine(f"{words.rstrip()}\r\n")
        case "too many headers":
            return HTTPException("got more than 100 headers")
        case "head too long":
            return LineTooLong("header line")
        case "bad header":
            return HTTPException(words or "malformed header")
    return RemoteDisconnected("Remote end closed connection without response")


def _unreachable(kind: Any, place: _Place, request: Any, reason: Exception, cause: Exception) -> Any:
    retries = lower.MaxRetryError(place.pool, place.target, reason)
    return _chain(kind(retries, request=request), retries, reason, cause)


def _silent(place: _Place, request: Any, limit: float | None) -> Any:
    silence = lower.ReadTimeoutError(place.pool, place.target, f"Read timed out. (read timeout={limit})")
    return _chain(requests.ReadTimeout(silence, request=request), silence, TimeoutError("timed out"))


def _broken(cause: Exception, request: Any) -> Any:
    error = lower.ProtocolError(f"Connection broken: {cause!r}", cause)
    return _chain(requests.exceptions.ChunkedEncodingError(error, request=request), error, cause)


def lowest_cause(error: BaseException) -> BaseException:
    """What Locust records of an exception: the cause below the wrappers that only say that there is one."""
    wrappers = (
        requests.ConnectionError,
        lower.ProtocolError,
        lower.MaxRetryError,
        lower.NewConnectionError,
    )
    while isinstance(error, wrappers) and error.__context__ is not None:
        error = error.__context__
    return error
