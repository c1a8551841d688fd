"""The transport of a `requests` session: its prepared requests over the native connections.

`requests` prepares, follows redirects, calls hooks and authenticates; only the exchange itself is ours, so
timing, timeouts and failures are those of every other request.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import get_auth_from_url, prepend_scheme_if_needed, select_proxy, urldefragauth
from urllib3._collections import HTTPHeaderDict
from urllib3.exceptions import LocationValueError
from urllib3.response import HTTPResponse
from urllib3.util.request import body_to_chunks
from urllib3.util.timeout import Timeout
from urllib3.util.url import parse_url

from katydid import _core

from .failure import exception_of, pool_named, system_error
from .hop import place

_PIECE = 65536
"""Bytes of a streamed body that are handed out at once, if nobody asks for less."""
_BLOCK = 16384
"""Bytes of a file that make one piece of a request: `urllib3`'s number, for it can be seen on the wire."""
_NO_TOKEN = re.compile(r"[^-!#$%&'*+.^_`|~0-9a-zA-Z]")

Proxy = tuple[str, int, str | None]
"""Host, port and the value of `Proxy-Authorization`."""


class NativeAdapter(BaseAdapter):
    """Sends prepared requests natively; through proxies with TLS or SOCKS, by `requests`' own adapter."""

    def __init__(self, pool: _core.ConnectionPool, bundle: str) -> None:
        super().__init__()
        self._pool = pool
        self._bundle = bundle
        self._fallback: HTTPAdapter | None = None

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send a prepared request.

        Raises:
            requests.RequestException: there is no answer.
            ValueError: method or headers would not be HTTP, or the time limits are none.
        """
        url = request.url or ""
        try:
            proxy = _proxy(select_proxy(url, proxies))
        except LocationValueError as error:
            raise requests.exceptions.InvalidURL(error, request=request) from error
        if proxy is NotImplemented:
            return self.fallback.send(request, stream, timeout, verify, cert, proxies)
        try:
            origin, host, target = place(url)
        except OSError as error:
            raise requests.exceptions.InvalidURL(error, request=request) from error
        if origin[0]:
            _check_files(verify, cert)
        elif proxy:
            target = urldefragauth(url)
        limits = limits_of(timeout)
        framing = _Framing(request)
        outcome = self._pool.exchange(
            origin,
            request.method or "",
            _head(request, framing, host, target, proxy if not origin[0] else None),
            framing.body,
            chunked=framing.is_chunked,
            stream=stream,
            connect=limits[0],
            network=limits[1],
            verify=verify,
            cert=cert or None,
            bundle=self._bundle,
            proxy=proxy,
        )
        if isinstance(outcome, _core.Failed):
            raise exception_of(outcome, url, request, limits, proxy)
        return _response(self, request, outcome, url)

    @property
    def fallback(self) -> HTTPAdapter:
        """The adapter of `requests`."""
        if self._fallback is None:
            self._fallback = HTTPAdapter()
        return self._fallback

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()
        if self._fallback is not None:
            self._fallback.close()


def limits_of(timeout: Any) -> tuple[Any, Any]:
    """The limits for connecting and for reading that a `timeout` argument means.

    Raises:
        ValueError: it is neither a number above zero nor a pair of them.
    """
    if isinstance(timeout, tuple):
        try:
            connect, read = timeout
            limits = Timeout(connect=connect, read=read)
        except ValueError as error:
            raise ValueError(
                f"Invalid timeout {timeout}. Pass a (connect, read) timeout tuple, "
                f"or a single float to set both timeouts to the same value."
            ) from error
    elif isinstance(timeout, Timeout):
        limits = timeout
    else:
        limits = Timeout(connect=timeout, read=timeout)
    return limits.connect_timeout, limits.read_timeout


def _proxy(url: str | None) -> Any:
    """The proxy at `url`; `NotImplemented` if `requests` has to deal with it."""
    if not url:
        return None
    parts = parse_url(prepend_scheme_if_needed(url, "http"))
    if parts.scheme != "http" or not parts.host:
        return NotImplemented
    user, password = get_auth_from_url(url)
    line = requests.auth._basic_auth_str(user, password) if user else None
    return parts.host.strip("[]"), parts.port or 80, line


def _check_files(verify: Any, cert: Any) -> None:
    """Say of a missing file what `requests` says of it."""
    if isinstance(verify, str) and not os.path.exists(verify):
        raise OSError(f"Could not find a suitable TLS CA certificate bundle, invalid path: {verify}")
    certificate, key = cert if isinstance(cert, tuple) else (cert, None)
    if certificate and not os.path.exists(certificate):
        raise OSError(f"Could not find the TLS certificate file, invalid path: {certificate}")
    if key and not os.path.exists(key):
        raise OSError(f"Could not find the TLS key file, invalid path: {key}")


class _Framing:
    """How the body of a request is delimited, by the rules of `requests` and `urllib3` together."""

    def __init__(self, request: requests.PreparedRequest) -> None:
        body, headers = request.body, request.headers
        chunks, length = body_to_chunks(body, request.method or "", _BLOCK)
        self.is_chunked = "Content-Length" not in headers and (
            body is not None or "Transfer-Encoding" in headers
        )
        self.line: tuple[str, str] | None = None
        """What is announced where the request does not do so itself."""
        if self.is_chunked and "Transfer-Encoding" not in headers:
            self.line = ("Transfer-Encoding", "chunked")
        elif not self.is_chunked and length is not None and "Content-Length" not in headers:
            self.line = ("Content-Length", str(length))
        self.body: bytes | Iterator[bytes] | None
        if self.is_chunked or not isinstance(body, str | bytes | bytearray | None):
            self.body = _pieces(chunks or (), self.is_chunked)
        else:
            self.body = body.encode() if isinstance(body, str) else body and bytes(body)


def _pieces(chunks: Iterable[Any], is_chunked: bool) -> Iterator[bytes]:
    for piece in chunks:
        if isinstance(piece, str):
            yield piece.encode()
        elif isinstance(piece, bytes):
            yield piece
        elif piece:
            yield bytes(_view(piece, is_chunked))


def _view(piece: Any, is_chunked: bool) -> memoryview:
    try:
        return memoryview(piece)
    except TypeError:
        kind = type(piece)
        if is_chunked:
            raise TypeError(f"object of type '{kind.__name__}' has no len()") from None
        raise TypeError(f"data should be a bytes-like object or an iterable, got {kind}") from None


def _head(
    request: requests.PreparedRequest, framing: _Framing, host: str, target: str, proxy: Proxy | None
) -> bytes:
    method = request.method or ""
    if wrong := _NO_TOKEN.search(method):
        raise ValueError(
            f"Method cannot contain non-token characters {method!r} (found at least {wrong.group()!r})"
        )
    lines: list[tuple[str, Any]] = []
    headers = request.headers
    if "Host" not in headers:
        lines.append(("Host", host))
    if "Accept-Encoding" not in headers:
        lines.append(("Accept-Encoding", "identity"))
    if framing.line:
        lines.append(framing.line)
    if "User-Agent" not in headers:
        lines.append(("User-Agent", f"python-urllib3/{urllib3.__version__}"))
    lines.extend(headers.items())
    if proxy and proxy[2]:
        lines.append(("Proxy-Authorization", proxy[2]))
    written = [f"{method} {target} HTTP/1.1".encode()]
    for name, value in lines:
        parts = [part if isinstance(part, bytes) else str(part).encode("latin-1") for part in (name, value)]
        for part, what in zip(parts, ("name", "value"), strict=True):
            if b"\r" in part or b"\n" in part:
                raise ValueError(f"Invalid header {what} {part!r}")
        written.append(b": ".join(parts))
    return b"\r\n".join([*written, b"", b""])


class _Raw:
    """The body of an answer for `urllib3`, which decodes it and counts its bytes."""

    def __init__(self, incoming: _core.Incoming, url: str) -> None:
        self.incoming = incoming
        self._url = url
        self.msg = Message(incoming.fields)
        self.closed = False
        self._failed: _core.Failed | None = None

    def read(self, amt: int | None = None) -> bytes:
        piece = self.read1(-1 if amt is None else amt)
        while amt is not None and 0 < len(piece) < amt and not self._failed:
            # A short read means the end to urllib3.
            more: Any = self.incoming.read(amt - len(piece))
            if isinstance(more, _core.Failed):
                self._failed = more  # once what arrived before has been handed out
            elif more:
                piece += more
            else:
                break
        return piece

    def read1(self, amt: int = -1) -> bytes:
        piece: Any = self._failed or self.incoming.read(amt)
        return self._fail(piece) if isinstance(piece, _core.Failed) else piece

    def _fail(self, failed: _core.Failed) -> bytes:
        match failed.kind:
            case "read timeout":
                raise TimeoutError("timed out")
            case "io":
                raise system_error(failed.number or 0)
            case "closed in body" if failed.body and failed.body[1] is not None:
                return b""  # urllib3 has counted, and says what is missing
        raise exception_of(failed, self._url, None, (None, None)).__context__ or OSError(failed.kind)

    def close(self) -> None:
        self.closed = True
        self.incoming.close()

    def isclosed(self) -> bool:
        return self.closed or self.incoming.is_complete

    def release_conn(self) -> None:
        self.incoming.close()


class Message:
    """Header fields as `http.client` shows them to `http.cookiejar`."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def get_all(self, name: str, default: Any = None) -> Any:
        """All values of one header, or `default`."""
        return [value for known, value in self._fields if known.lower() == name.lower()] or default


class Original:
    """The head of an answer in the shape of `http.client`, for those who look below `urllib3`."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.msg = Message(fields)

    def isclosed(self) -> bool:
        """The body was read."""
        return True

    def close(self) -> None:
        """There is nothing left to close."""


class _Answer(HTTPResponse):
    """`urllib3`'s view of an answer."""

    @property
    def _pool(self) -> urllib3.HTTPConnectionPool:
        """Whom messages name as the place that the answer came from."""
        return pool_named(self._request_url or "")

    @_pool.setter
    def _pool(self, pool: Any) -> None:
        """There is none to return a connection to."""

    def stream(self, amt: int | None = _PIECE, decode_content: bool | None = None) -> Generator[bytes]:
        """The body in pieces of at most `amt` bytes: those of a chunked one as they arrive, full or not."""
        if not self.chunked or amt == 0:
            yield from super().stream(amt, decode_content)
            return
        while piece := self.read1(amt or _PIECE, decode_content):
            yield piece


def _response(
    adapter: Any, request: requests.PreparedRequest, incoming: _core.Incoming, url: str
) -> requests.Response:
    raw_body = _Raw(incoming, url)
    raw = _Answer(
        body=raw_body,  # type: ignore[arg-type]
        headers=HTTPHeaderDict(incoming.fields),
        status=incoming.status,
        version=incoming.version,
        reason=incoming.reason,
        preload_content=False,
        decode_content=False,
        original_response=raw_body,  # type: ignore[arg-type]
        request_method=request.method,
        request_url=url,
    )
    return HTTPAdapter.build_response(adapter, request, raw)
