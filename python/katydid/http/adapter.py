"""The transport of a `requests` session: its prepared requests over the native connections.

`requests` prepares, follows redirects, calls hooks and authenticates; only the exchange itself is ours, so
timing, timeouts and failures are those of every other request.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import select_proxy
from urllib3._collections import HTTPHeaderDict
from urllib3.response import HTTPResponse

from katydid import _core

from .failure import exception_of, system_error
from .hop import pieces, place

_PIECE = 65536
"""Bytes of a streamed body that are handed out at once, if nobody asks for less."""


class NativeAdapter(BaseAdapter):
    """Sends prepared requests natively; those that need a proxy go through `requests`' own adapter."""

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
        """
        url = request.url or ""
        if select_proxy(url, proxies):
            return self.fallback.send(request, stream, timeout, verify, cert, proxies)
        try:
            origin, host, target = place(url)
        except OSError as error:
            raise requests.exceptions.InvalidURL(error, request=request) from error
        if origin[0]:
            _check_files(verify, cert)
        limits = limits_of(timeout)
        in_pieces = not isinstance(request.body, str | bytes | None)
        body = pieces(request.body) if in_pieces else request.body
        outcome = self._pool.exchange(
            origin,
            request.method or "GET",
            _head(request, host, target),
            body.encode() if isinstance(body, str) else body,
            chunked=in_pieces and "Content-Length" not in request.headers,
            stream=stream,
            connect=limits[0],
            network=limits[1],
            verify=verify,
            cert=cert or None,
            bundle=self._bundle,
        )
        if isinstance(outcome, _core.Failed):
            raise exception_of(outcome, url, request, limits)
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


def limits_of(timeout: Any) -> tuple[float | None, float | None]:
    """The limits for connecting and for reading that a `timeout` argument means.

    Raises:
        ValueError: it is neither a number nor a pair of numbers.
    """
    if isinstance(timeout, tuple):
        try:
            connect, read = timeout
        except ValueError as error:
            raise ValueError(f"invalid timeout {timeout}: give one number, or (connect, read)") from error
        return connect, read
    if hasattr(timeout, "connect_timeout"):  # urllib3's own class
        return timeout.connect_timeout, timeout.read_timeout
    return timeout, timeout


def _check_files(verify: Any, cert: Any) -> None:
    """Say of a missing file what `requests` says of it."""
    if isinstance(verify, str) and not os.path.exists(verify):
        raise OSError(f"Could not find a suitable TLS CA certificate bundle, invalid path: {verify}")
    certificate, key = cert if isinstance(cert, tuple) else (cert, None)
    if certificate and not os.path.exists(certificate):
        raise OSError(f"Could not find the TLS certificate file, invalid path: {certificate}")
    if key and not os.path.exists(key):
        raise OSError(f"Could not find the TLS key file, invalid path: {key}")


def _head(request: requests.PreparedRequest, host: str, target: str) -> bytes:
    lines: list[tuple[str, Any]] = []
    headers = request.headers
    if "Host" not in headers:
        lines.append(("Host", host))
    if "Accept-Encoding" not in headers:
        lines.append(("Accept-Encoding", "identity"))
    if "User-Agent" not in headers:
        lines.append(("User-Agent", f"python-urllib3/{urllib3.__version__}"))
    lines.extend(headers.items())
    written = [f"{request.method} {target} HTTP/1.1".encode()]
    for name, value in lines:
        line = b": ".join(
            part if isinstance(part, bytes) else str(part).encode("latin-1") for part in (name, value)
        )
        if b"\r" in line or b"\n" in line:
            raise requests.exceptions.InvalidHeader(
                f"the header {name!r} contains a line break", request=request
            )
        written.append(line)
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
