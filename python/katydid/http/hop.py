"""One hop of a request that is out of the ordinary: from a URL and a body to a finished head.

The manners are geventhttpclient's: how it joins URLs, which headers it writes and in which order.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from requests.models import RequestEncodingMixin
from requests.structures import CaseInsensitiveDict
from requests.utils import super_len

from .cookies import cookie_header

_PIECE = 64 * 1024
_BODY_HEADERS = ("content-type", "content-length", "transfer-encoding")


class Hop:
    """A method, a URL, the header lines of the call, and a body."""

    def __init__(self, method: str, url: str, lines: dict[str, str], payload: Any) -> None:
        self.method = method
        self.url = url
        self.lines = lines
        self.payload = payload

    def redirected(self, status: int, location: str) -> Hop:
        """The hop that a redirect asks for."""
        url = joined(self.url, location)
        if status in (302, 303):
            kept = {name: value for name, value in self.lines.items() if name.lower() not in _BODY_HEADERS}
            return Hop("GET", url, kept, None)
        return Hop(self.method, url, self.lines, self.payload)


def joined(base: str, location: str) -> str:
    """Where a redirect leads. A relative path is appended to the present one, unlike in RFC 3986."""
    if location.lower().startswith(("http://", "https://")) or "://" in location:
        return location
    parts = urlsplit(base)
    if location.startswith("//"):
        return f"{parts.scheme}:{location}"
    root = f"{parts.scheme}://{parts.netloc}"
    if location.startswith("/"):
        return root + location
    return f"{root}{parts.path.rstrip('/')}/{location}"


def place(url: str) -> tuple[tuple[bool, str, int], str, str]:
    """Origin (TLS, host, port), `Host` and request target of a URL.

    Raises:
        socket.gaierror: the URL names no host that could be asked.
        ValueError: its port is none.
    """
    parts = urlsplit(url)
    port = parts.port
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    is_tls = parts.scheme.lower() == "https"
    usual = 443 if is_tls else 80
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = name if port in (None, usual) else f"{name}:{port}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return (is_tls, parts.hostname, port or usual), host, target


def with_query(url: str, params: Any) -> str:
    """The URL with more parameters."""
    if not params:
        return url
    encode = RequestEncodingMixin._encode_params  # type: ignore[attr-defined]
    more = params if isinstance(params, str) else encode(params)
    if not more:  # None is no value
        return url
    base, fragment_sign, fragment = url.partition("#")
    separator = "&" if "?" in base else "?"
    return f"{base}{separator}{more}{fragment_sign}{fragment}"


def payload_of(headers: CaseInsensitiveDict[Any], data: Any, files: Any) -> tuple[dict[str, str], Any]:
    """The header lines that a body needs, and the body: text, bytes or an iterator over pieces."""
    if files:
        body, content_type = RequestEncodingMixin._encode_files(files, data or {})  # type: ignore[attr-defined]
        return {"content-type": content_type, "content-length": str(len(body))}, body
    if not data and not isinstance(data, Iterator):
        return {}, None
    if isinstance(data, dict | list | tuple):
        data, content_type = urlencode(data), "application/x-www-form-urlencoded; charset=utf-8"
    elif isinstance(data, str):
        content_type = "text/plain; charset=utf-8"
    else:
        content_type = "application/octet-stream"
    lines = {} if "Content-Type" in headers else {"content-type": content_type}
    if isinstance(data, str):
        lines["content-length"] = str(len(data.encode()))
    elif isinstance(data, bytes | bytearray):
        data = bytes(data)
    elif hasattr(data, "read"):
        if length := super_len(data):
            lines["Content-Length"] = str(length)
    elif not hasattr(data, "__iter__"):
        raise TypeError(
            f"a request body is text, bytes, a mapping, a file or an iterator, not {type(data).__name__}"
        )
    return lines, data


def pieces(body: Any) -> Iterator[bytes]:
    """The pieces of a file or of an iterator."""
    source = iter(lambda: body.read(_PIECE), None) if hasattr(body, "read") else body
    for piece in source:
        if not piece and hasattr(body, "read"):
            return
        yield piece.encode() if isinstance(piece, str) else piece


def merged(defaults: Any, lines: dict[str, Any]) -> dict[str, Any]:
    """A session's header lines with those of a call, which take the places of those of the same names."""
    own = CaseInsensitiveDict(lines)
    spelled = {name.lower(): name for name in lines}
    result = {spelled.get(name.lower(), name): own.get(name, value) for name, value in defaults.items()}
    return {**result, **{name: value for name, value in lines.items() if name not in result}}


def head_of(hop: Hop, lines: dict[str, Any], jar: Any, host: str, target: str, chunked: bool) -> bytes:
    """The finished head.

    Raises:
        ValueError: a header would end its line and begin another.
    """
    written = CaseInsensitiveDict(lines)
    if "Cookie" not in written and (cookies := cookie_header(jar, hop.url)):
        lines = {**lines, "Cookie": cookies}
    if "Host" not in written:
        lines = {**lines, "Host": host}
    if chunked:
        lines = {**lines, "Transfer-Encoding": "chunked"}
    elif isinstance(hop.payload, bytes) and "Content-Length" not in written:
        lines = {**lines, "Content-Length": str(len(hop.payload))}
    head = [f"{hop.method} {target} HTTP/1.1"]
    for name, value in lines.items():
        if any(sign in f"{name}{value}" for sign in "\r\n\0"):
            raise ValueError(f"the header {name!r} contains a line break or a NUL")
        head.append(f"{name}: {value}")
    if any(sign in head[0] for sign in "\r\n\0"):
        raise ValueError(f"the URL {hop.url!r} contains a line break or a NUL")
    return "\r\n".join([*head, "", ""]).encode()
