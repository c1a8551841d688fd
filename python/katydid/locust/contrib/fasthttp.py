"""A faster HTTP client than `requests`, with the names and the manners of Locust's FastHttpUser.

The ordinary request never enters this file: `katydid._core.FastHttpClient` sends it and builds its response. Here is
what remains: redirects, cookies, odd URLs, uploads, streamed answers, and the exceptions that failures become.
"""

from __future__ import annotations

import json as unshadowed_json
import os
import re
import socket
import ssl
import time
import traceback
import zlib
from base64 import b64encode
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from http.cookiejar import CookieJar
from json import JSONDecodeError
from ssl import SSLError
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from gevent.timeout import Timeout
from requests.compat import chardet
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from katydid import _core
from katydid.http.body import Body
from katydid.http.cookies import CountingJar, cookie_line, keep_cookies
from katydid.http.headers import SessionHeaders, fill_in
from katydid.http.hop import Hop, head_of, merged, payload_of, pieces, place, with_query

from ..exception import CatchResponseError, LocustError, ResponseError, StopTest
from ..user.users import User

_ABSOLUTE_URL = re.compile(r"^https?://", re.IGNORECASE)
_AGENT = "python/gevent-http-client-2.3.9"
_CODINGS = "gzip, deflate, br"
_SUCCESS_CODES = frozenset([*range(200, 209), 226, 301, 302, 303, 304, 307, 308])
_REDIRECT_CODES = frozenset([301, 302, 303, 307, 308])
_RESOLVER_WORDS = {
    -2: "Name or service not known",
    -3: "Temporary failure in name resolution",
    -4: "Non-recoverable failure in name resolution",
    -5: "No address associated with hostname",
}


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


class Headers(dict[str, Any]):
    """Header fields of an answer or a request: names in any case, several values of one name as a list."""

    def __init__(self, fields: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        for name, value in fields:
            self.add(name, value)

    def add(self, name: str, value: Any) -> None:
        """Add a field; one of the same name stays."""
        known = super().get(name.lower())
        super().__setitem__(name.lower(), [*(known or ()), (name, value)])

    def __getitem__(self, name: str) -> Any:
        values = [value for _, value in super().__getitem__(name.lower())]
        return values[0] if len(values) == 1 else values

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name.lower(), [(name, value)])

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field, a list where it was sent several times."""
        return self[name] if name in self else default

    def getlist(self, name: str) -> list[Any]:
        """All values of a field."""
        return [value for _, value in super().get(name.lower(), ())]

    get_all = getheaders = getlist

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a field and return its value."""
        if name not in self and default:
            return default[0]
        value = self[name]
        del self[name]
        return value

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The value of a field, which is added first where it is missing."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, other: Any = (), **more: Any) -> None:
        """Set fields, in place of those of the same names."""
        pairs = other.items() if hasattr(other, "items") else other
        for name, value in [*pairs, *more.items()]:
            self[name] = value

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        """Every field with its name as it was written."""
        return [field for fields in super().values() for field in fields]

    def values(self) -> list[Any]:  # type: ignore[override]
        """The value of every field."""
        return [value for _, value in self.items()]

    def copy(self) -> Headers:
        """Another one with the same fields."""
        return Headers(self.items())

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.items())

    def __repr__(self) -> str:
        return f"Headers({ {name: ', '.join(map(str, self.getlist(name))) for name, _ in self.items()} })"


class FastRequest:
    """What was sent."""

    payload: str | bytes | None = None

    def __init__(self, url: str, method: str = "GET", headers: Any = None, payload: Any = None) -> None:
        self.url = url
        self.method = method
        self.headers = headers
        self.payload = payload

    @property
    def body(self) -> Any:
        """The body; another name of `payload`."""
        return self.payload

    @property
    def original_host(self) -> str | None:
        """The host that was asked."""
        return urlsplit(self.url).hostname

    def get_full_url(self) -> str:
        """The URL, by a method as `urllib` has it."""
        return self.url

    full_url = property(get_full_url)

    def get_header(self, name: str, default: Any = None) -> Any:
        """The value of a header."""
        return self.headers.get(name, default)

    def has_header(self, name: str) -> bool:
        """Whether a header was sent."""
        return name in self.headers

    def header_items(self) -> Any:
        """Names and values of the headers."""
        return self.headers.items()


class FastResponse(_core.Response):
    """An answer."""

    @property
    def headers(self) -> Headers | None:
        """The answer's header fields; `None` where no answer came."""
        kept = self.__dict__
        if "headers" not in kept:
            kept["headers"] = Headers(self._fields()) if self._is_native else None
        return kept["headers"]

    @property
    def request(self) -> FastRequest | None:
        """What was sent to get this answer."""
        kept = self.__dict__
        if "request" not in kept:
            client, method, _, headers, payload = self._sent()
            kept["request"] = FastRequest(self._final_url, method, client._shown_headers(headers), payload)
        return kept["request"]

    @property
    def url(self) -> str | None:
        """The URL that this is the answer of, after redirects."""
        return self._final_url

    @property
    def content(self) -> bytes | None:
        """The body, decompressed; `None` where no answer came."""
        body = self.__dict__.get("_response")
        if body is not None:  # streamed
            kept = self.__dict__
            if "_content" not in kept:
                kept["_content"] = body.content((self._header("content-encoding") or "").strip().lower())
            return kept["_content"]
        return self._body()

    data = content

    @property
    def text(self) -> str | None:
        """The body as text, in `encoding` or else in the one that the headers or the text itself suggest."""
        content = self.content
        if content is None:
            return None
        if self.encoding is None:
            self.encoding = self._suggested_encoding(content)
        if self.encoding is None:
            return None
        return str(content, str(self.encoding), errors="replace")

    encoding: str | None = None
    """Set it before `text` is read where the answer's own word is not to be believed."""

    def _suggested_encoding(self, content: bytes) -> str | None:
        named = get_encoding_from_headers(CaseInsensitiveDict({"content-type": self._header("content-type") or ""}))
        return named or chardet.detect(content)["encoding"]

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            JSONDecodeError: it is none.
        """
        if self.encoding in (None, "utf-8"):
            parsed = self._json()
            if parsed is not None:
                return parsed
        return unshadowed_json.loads(self.text)  # type: ignore[arg-type]

    def raise_for_status(self) -> None:
        """Raise what went wrong, if something did."""
        if self.error is not None:
            raise self.error

    def _outcome(self) -> BaseException | None:
        error = self.error
        if error is None and self.status_code not in _SUCCESS_CODES:
            error = self.error = self._sent()[0]._bad_status(self)
        return error

    @property
    def ok(self) -> bool:
        """Whether the status code is below 400."""
        return self.status_code < 400

    @property
    def status(self) -> str:
        """The status code as text."""
        return str(self.status_code)

    @property
    def stream(self) -> Body | None:
        """The body as something to read from."""
        if not self._is_native:
            return None
        return self.__dict__.setdefault("_stream", self.__dict__.get("_response") or Body.of(self._body()))

    def read(self, n: int = -1) -> bytes:
        """Read at most `n` bytes of the body, all that is left by default."""
        return self.stream.read(n) if self.stream else b""

    def readline(self) -> bytes:
        """Read a line of the body."""
        return self.stream.readline() if self.stream else b""

    def iter_content(self, chunk_size: int = 1024, decode_content: bool = True) -> Iterator[str | bytes]:
        """Read the body in pieces, as text where a piece is UTF-8 and `decode_content` is not off."""
        body = self.stream
        if body is None:
            raise LocustError("there is no body to read: no answer came")
        while True:
            try:
                piece = body.read1(chunk_size)
            except (HTTPParseError, OSError):
                return
            if not piece:
                return
            yield _as_text(piece) if decode_content else piece

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def __len__(self) -> int:
        return len(self.content or b"")

    def __bool__(self) -> bool:
        return True

    def info(self) -> Headers | None:
        """The header fields, by the name that `urllib` has for them."""
        return self.headers

    def unzipped(self, gzip: bool = True) -> bytes | None:
        """The decompressed body."""
        return self.content

    def release(self) -> None:
        """Give up what was not read of the body."""
        if body := self.__dict__.get("_response"):
            body.close()

    close = release

    def isclosed(self) -> bool:
        """Whether the body was read to its end."""
        body = self.__dict__.get("_response")
        return body is None or body.is_closed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code}]>"


class ErrorResponse(FastResponse):
    """What a call returns where no answer came."""


class ResponseContextManager(FastResponse):
    """The answer to a call with `catch_response=True`: the code in its with-block decides what is recorded."""

    def raise_for_status(self) -> None:
        """Raise what went wrong, unless the with-block has called it a success."""
        result = self._manual_result
        if isinstance(result, Exception):
            raise result
        if result is None:
            super().raise_for_status()


class RestResponseContextManager(ResponseContextManager):
    """A `ResponseContextManager` whose body was parsed; for annotations."""

    js: Any
    error: Any
    headers: Any


class HTTPClientPool(_core.ConnectionPool):
    """Connections that several users share: give one as `client_pool`."""

    def __new__(cls, concurrency: int = 1, **_kwargs: Any) -> HTTPClientPool:
        return super().__new__(cls, concurrency)


class LocustUserAgent:
    """The settings of a client, where Locust has them: `user.client.client`."""

    response_type = FastResponse
    request_type = FastRequest
    valid_response_codes = _SUCCESS_CODES
    redirect_resonse_codes = _REDIRECT_CODES

    def __init__(self, session: FastHttpSession, max_redirects: int, max_retries: int) -> None:
        self._session = session
        self.max_redirects = max_redirects
        self.max_retries = max_retries

    @property
    def clientpool(self) -> _core.ConnectionPool:
        """The connections; `close()` makes the next request open a new one."""
        return self._session._pool

    @clientpool.setter
    def clientpool(self, pool: _core.ConnectionPool) -> None:
        self._session._pool = pool

    @property
    def cookiejar(self) -> CookieJar:
        """The cookies."""
        return self._session.cookiejar

    @property
    def default_headers(self) -> Any:
        """Headers that every request sends."""
        return self._session._default_headers

    def close(self) -> None:
        """Close the connections."""
        self.clientpool.close()


class FastHttpSession(_core.FastHttpClient):
    """A user's connection to its servers: sends requests, keeps cookies, records every request."""

    auth_header: str | None = None

    def __init__(
        self,
        base_url: str | None,
        request_event: Any,
        user: User | None,
        insecure: bool = True,
        client_pool: Any = None,
        ssl_context_factory: Callable[..., Any] | None = None,
        *,
        network_timeout: float | None = 60.0,
        connection_timeout: float | None = 60.0,
        max_redirects: int = 3,
        max_retries: int = 3,
        concurrency: int = 1,
        headers: Any = None,
        proxy_host: str | None = None,
        proxy_port: int | None = None,
        **_kwargs: Any,
    ) -> None:
        self.request_event = request_event
        self.user = user
        self.cookiejar = CountingJar()
        self._default_headers = SessionHeaders({"User-Agent": _AGENT, **(headers or {})})
        self._pool = client_pool if isinstance(client_pool, _core.ConnectionPool) else _core.ConnectionPool(concurrency)
        proxy = (proxy_host, proxy_port or 80) if proxy_host else None
        self._is_proxied = proxy is not None
        self._configure(
            connect=connection_timeout,
            network=network_timeout,
            insecure=_is_insecure(insecure, ssl_context_factory),
            proxy=proxy,
        )
        self._limits = (max_redirects, max_retries)
        self.base_url = base_url
        self._take_credentials()

    def _take_credentials(self) -> None:
        """User and password of the base URL become a header."""
        parts = urlsplit(self.base_url or "")
        if parts.username and parts.password:
            self.auth_header = _basic(parts.username, parts.password)
            self._default_headers["Authorization"] = self.auth_header
            host = parts.netloc.rpartition("@")[2]
            self.base_url = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))

    @property
    def client(self) -> LocustUserAgent:
        """The client's settings and connections."""
        kept = self.__dict__
        if "client" not in kept:
            kept["client"] = LocustUserAgent(self, *self._limits)
        return kept["client"]

    def iter_lines(self, url: str, method: str = "GET", **kwargs: Any) -> Generator[str]:
        """Send a request and yield the lines of its answer as they arrive."""
        response = self.request(method, url, stream=True, **kwargs)
        body = response.stream
        rest = b""
        while body is not None and (piece := body.read1(4096)):
            *lines, rest = (rest + piece).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in lines)
        if rest:
            yield rest.decode("utf-8", "replace")

    # What the native half hands over

    def _cookie_line(self, url: str) -> tuple[str | None, bool]:
        return cookie_line(self.cookiejar, url)

    def _request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool = False,
        stream: bool = False,
        headers: Any = None,
        auth: tuple[str | bytes, str | bytes] | None = None,
        json: Any = None,
        allow_redirects: bool = True,
        context: dict[str, Any] | None = None,
        params: Any = None,
        files: Any = None,
        max_redirects: int | None = None,
        max_retries: int | None = None,
        to_string: bool = False,
        debug_stream: Any = None,
        **others: Any,
    ) -> FastResponse:
        """Send a request that is out of the ordinary."""
        headers = {} if headers is None else headers
        full = url if _ABSOLUTE_URL.match(url) else f"{self.base_url}{url}"
        if auth:
            headers["Authorization"] = _basic(*auth)
        fill_in(headers, "Accept-Encoding", _CODINGS)
        if not data and json is not None:
            data = unshadowed_json.dumps(json).encode()
            fill_in(headers, "Content-Type", "application/json")
            fill_in(headers, "Accept", "application/json")
        if others:
            # A keyword that nobody knows is a parameter, or a field of the form that is posted.
            if method == "POST" and (not data or isinstance(data, dict)):
                data = {**(data or {}), **others}
            else:
                params = {**(params or {}), **others}
        lines, payload = payload_of(CaseInsensitiveDict(headers), data, files)
        kind: type[FastResponse] = ResponseContextManager if catch_response else FastResponse
        response = self._respond(kind, method, full, name or url, headers, payload, context, bool(catch_response))
        hop = Hop(method.upper(), with_query(full, params), {**headers, **lines}, payload)
        self._perform(response, hop, allow_redirects, stream, max_redirects)
        if not catch_response:
            response._report()
        return response

    def _perform(
        self,
        response: FastResponse,
        hop: Hop,
        follows: bool,
        stream: bool = False,
        limit: int | None = None,
        is_redirect: bool = False,
    ) -> None:
        """Fill `response` with the answer to `hop`, or with that of the last hop that it leads to."""
        left = self.client.max_redirects if limit is None else limit
        url = hop.url if is_redirect else None  # the response's own: without the parameters
        while True:
            outcome = self._send(hop, stream)
            if isinstance(outcome, OSError):
                return self._set_error(response, outcome)
            if isinstance(outcome, _core.Failed):
                return self._fail(response, outcome, hop.url)
            has_cookies, has_location, is_damaged = response._take(outcome, url, is_open=stream)
            if has_cookies:
                keep_cookies(self.cookiejar, hop.url, response._fields())
            if not (follows and has_location and outcome.status in _REDIRECT_CODES):
                break
            if left <= 0:
                return self._set_error(response, RetriesExceeded(hop.url))
            left -= 1
            hop = hop.redirected(outcome.status, response._header("location") or "")
            url = hop.url
        if stream:
            response.__dict__["_response"] = Body(outcome, lambda failed: self._exception(failed, hop.url))
        elif is_damaged:
            _decode_again(response)

    def _send(self, hop: Hop, stream: bool) -> Any:
        """One exchange: its answer, or why there is none."""
        try:
            origin, host, target = place(hop.url)
        except OSError as error:
            return error
        if self._is_proxied and not origin[0]:
            target = f"http://{host}{target}"
        lines = merged(self._default_headers, hop.lines)
        if isinstance(hop.payload, str):
            hop = Hop(hop.method, hop.url, hop.lines, hop.payload.encode())
        in_pieces = not (hop.payload is None or isinstance(hop.payload, bytes))
        chunked = in_pieces and "Content-Length" not in CaseInsensitiveDict(lines)
        head = head_of(hop, lines, self.cookiejar, host, target, chunked)
        body = pieces(hop.payload) if in_pieces else hop.payload
        return self._exchange(origin, hop.method, head, body, chunked=chunked, stream=stream)

    def _settle(self, response: FastResponse, is_redirect: bool, is_damaged: bool) -> None:
        """Deal with what is out of the ordinary about the answer to an ordinary request."""
        _, method, url, headers, payload = response._sent()
        keep_cookies(self.cookiejar, url, response._fields())
        if is_redirect:
            lines = dict(headers or {})
            fill_in(lines, "Accept-Encoding", _CODINGS)
            more, payload = payload_of(CaseInsensitiveDict(lines), payload, None)
            first = Hop(method, url, {**lines, **more}, payload)
            if self.client.max_redirects <= 0:
                return self._set_error(response, RetriesExceeded(url))
            hop = first.redirected(response.status_code, response._header("location") or "")
            self._perform(response, hop, True, limit=self.client.max_redirects - 1, is_redirect=True)
        elif is_damaged:
            _decode_again(response)
        return None

    def _fail(self, response: FastResponse, failed: _core.Failed, url: str | None = None) -> None:
        """Make `response` the response of a request that failed."""
        response._lose(failed)
        self._set_error(response, self._exception(failed, url or response._final_url))

    def _set_error(self, response: FastResponse, error: BaseException) -> None:
        if response._is_native:
            response._lose(None)
        response.error = error
        if type(response) is FastResponse:
            response.__class__ = ErrorResponse

    def _exception(self, failed: _core.Failed, url: str) -> Exception:
        return exception_of(failed, url, self.client.max_retries)

    def _bad_status(self, response: FastResponse) -> Exception | None:
        if response.status_code in self.client.valid_response_codes:
            return None
        return LocustBadStatusCode(response._final_url, code=response.status_code)

    def _shown_headers(self, headers: Any) -> Headers:
        """The headers of a request as its response shows them."""
        shown = Headers(self._default_headers.items())
        shown.update(headers or {})
        shown.setdefault("Accept-Encoding", _CODINGS)
        return shown


FastHttpSession._native_methods = {"request": FastHttpSession.request}


def _basic(user: str | bytes, password: str | bytes) -> str:
    words = [word.encode("latin-1") if isinstance(word, str) else word for word in (user, password)]
    return "Basic " + b64encode(b":".join(words)).decode()


def _as_text(piece: bytes) -> str | bytes:
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return piece


def insecure_ssl_context_factory() -> ssl.SSLContext:
    """A context that accepts every certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_insecure(insecure: bool, factory: Callable[[], ssl.SSLContext] | None) -> bool:
    if factory is None or factory is insecure_ssl_context_factory:
        return insecure
    return factory().verify_mode == ssl.CERT_NONE


def exception_of(failed: _core.Failed, url: str, retries: int) -> Exception:
    """The exception that a failure on the wire is known by."""
    words, number = failed.label or "", failed.number
    match failed.kind:
        case "dns":
            return socket.gaierror(number, _RESOLVER_WORDS.get(number, "name resolution failed"))
        case "connect":
            return OSError(number, os.strerror(number))
        case "connect timeout":
            what = "The handshake operation timed out" if failed.is_connected else "timed out"
            return RetriesExceeded(url, retries, original=what)
        case "read timeout":
            return TimeoutError("timed out") if failed.has_head else RetriesExceeded(url, retries, original="timed out")
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
        case "bad header":
            return HTTPParseError("Invalid header token", 10)
        case "bad chunk":
            return HTTPParseError("Invalid character in chunk size", 12)
        case "head too long" | "too many headers":
            return HTTPParseError("Header overflow")
        case "certificate":
            return ssl.SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {words}")
        case "tls":
            return SSLError(1, words)
        case "proxy":
            return OSError(f"Tunnel connection failed: {number}")
    return HTTPParseError(failed.kind)


def _bad_line(line: str) -> tuple[str, int]:
    if not line.startswith("HTTP/"):
        return "Expected HTTP/", 8
    if not re.match(r"HTTP/1\.[01] ", line):
        return "Invalid HTTP version", 9
    return "Invalid response status", 13


def _decode_again(response: FastResponse) -> None:
    """Have Python's decoder judge a body that the native one refused, for the words of its error."""
    body = response._body() or b""
    coding = (response._header("content-encoding") or "").strip().lower()
    response._set_body(b"")
    try:
        if coding in ("gzip", "x-gzip"):
            response._set_body(zlib.decompress(body, 16 + zlib.MAX_WBITS))
        elif coding == "deflate":
            response._set_body(zlib.decompress(body))
        else:
            response.error = zlib.error(f"{'brotli' if coding == 'br' else coding}: decoder failed")
    except zlib.error as error:
        response.error = error


class FastHttpUser(User):
    """A user with a fast HTTP client, which is `self.client`."""

    network_timeout: float | None = 60.0
    """Seconds without a byte after which a request fails."""
    connection_timeout: float | None = 60.0
    """Seconds after which an attempt to connect fails."""
    max_redirects: int = 30
    """Most redirects that a request follows."""
    max_retries: int = 0
    """How often a request is tried again that timed out."""
    insecure: bool = True
    """Accept every certificate."""
    default_headers: dict[str, str] | None = None
    """Headers that every request sends."""
    concurrency: int = 10
    """Most connections of this user to one server."""
    proxy_host: str | None = None
    proxy_port: int | None = None
    client_pool: HTTPClientPool | None = None
    """Connections to share with other users."""
    ssl_context_factory: Callable[[], ssl.SSLContext] | None = None
    """Makes the context whose `verify_mode` is to be used."""
    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        if self.host is None:
            raise StopTest(
                "no host to send requests to: set `host` in the user class, or give --host on the command line"
            )
        self.client = FastHttpSession(
            base_url=self.host,
            request_event=self.environment.events.request,
            user=self,
            insecure=self.insecure,
            client_pool=self.client_pool,
            ssl_context_factory=self.ssl_context_factory,
            network_timeout=self.network_timeout,
            connection_timeout=self.connection_timeout,
            max_redirects=self.max_redirects,
            max_retries=self.max_retries,
            concurrency=self.concurrency,
            headers=self.default_headers,
            proxy_host=self.proxy_host,
            proxy_port=self.proxy_port,
        )

    @contextmanager
    def rest(
        self, method: str, url: str, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> Generator[RestResponseContextManager]:
        """Send a request to a JSON interface; use it in a with-block.

        The parsed body is `js` of the response. An answer that is not JSON is a failure, and so is every exception
        in the block: it is recorded with its place and the start of the answer, and goes no further.
        """
        headers = headers or {}
        fill_in(headers, "Content-Type", "application/json")
        fill_in(headers, "Accept", "application/json")
        with self.client.request(method, url, catch_response=True, headers=headers, **kwargs) as response:
            response.js = None
            if response.content is None:
                response.failure(str(response.error))
            elif response.text:
                _parse(response)
            try:
                yield response
            except AssertionError as error:
                response.failure(_complaint(error, response))
            except Exception as error:
                response.failure(
                    f"{type(error).__name__}: {error} at {', '.join(_places(error))}. Response was {_start(response)}"
                )

    @contextmanager
    def rest_(
        self, method: str, url: str, name: str | None = None, **kwargs: Any
    ) -> Generator[RestResponseContextManager]:
        """The same with a parameter `_` that holds the time, which no cache has seen before."""
        separator = "&" if "?" in url else "?"
        name = f"{url}{separator}_=..." if name is None else name
        with self.rest(method, f"{url}{separator}_={int(time.time() * 1000)}", name=name, **kwargs) as response:
            yield response


def _parse(response: RestResponseContextManager) -> None:
    try:
        response.js = response.json()
    except JSONDecodeError as error:
        response.failure(
            f"Could not parse response as JSON. {response.text[:250]}, response code {response.status_code}, "
            f"error {error}"
        )


def _start(response: FastResponse) -> str | None:
    text = response.text
    return text[:200] if text else text


def _complaint(error: AssertionError, response: FastResponse) -> str:
    if not error.args:
        return "Assertion failed"
    complaint = error.args[0]
    if isinstance(complaint, str) and complaint.endswith(","):
        return f"{complaint[:-1]}, response was {_start(response)}"
    return complaint


def _places(error: Exception) -> list[str]:
    """Where an exception came from, without the directories of whoever runs this."""
    home = re.compile(r"/(?:home|Users)/\w*/")
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{home.sub('~/', frame.filename)}:{frame.lineno}{frame.name and ', in ' + frame.name}" for frame in frames]


class FastHttpLocust:
    """The name that FastHttpUser had before Locust 1.0."""

    def __init_subclass__(cls, **_kwargs: Any) -> None:
        raise ImportError("FastHttpLocust has been called FastHttpUser since Locust 1.0; import that")
