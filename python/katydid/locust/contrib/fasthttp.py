"""A faster HTTP client than `requests`, with the names and the manners of Locust's FastHttpUser.

The ordinary request never enters this file: `katydid._core.FastHttpClient` sends it and builds its response.
Here is what remains: redirects, cookies, odd URLs, uploads and streamed answers.
"""

from __future__ import annotations

import json as unshadowed_json
import re
import ssl
import time
import traceback
import zlib
from base64 import b64encode
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from json import JSONDecodeError
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

from gevent.timeout import Timeout
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH, extract_zipped_paths

from katydid import _core
from katydid.http.body import Body
from katydid.http.cookies import CountingJar, cookie_line, keep_cookies
from katydid.http.fastfailure import (
    FAILURE_EXCEPTIONS,
    ConnectionError,
    HTTPConnectionClosed,
    HTTPParseError,
    LocustBadStatusCode,
    RetriesExceeded,
    exception_of,
)
from katydid.http.fastresponse import (
    SUCCESS_CODES,
    ErrorResponse,
    FastRequest,
    FastResponse,
    Headers,
    ResponseContextManager,
    RestResponseContextManager,
)
from katydid.http.headers import SessionHeaders, fill_in
from katydid.http.hop import Hop, head_of, merged, payload_of, pieces, place, with_query
from katydid.http.tls import settings_of

from ..exception import StopTest
from ..user.users import User

__all__ = [
    "FAILURE_EXCEPTIONS",
    "CompatRequest",
    "CompatResponse",
    "ConnectionError",
    "ErrorResponse",
    "FastHttpLocust",
    "FastHttpSession",
    "FastHttpUser",
    "FastRequest",
    "FastResponse",
    "HTTPClientPool",
    "HTTPConnectionClosed",
    "HTTPParseError",
    "Headers",
    "LocustBadStatusCode",
    "LocustUserAgent",
    "ResponseContextManager",
    "RestResponseContextManager",
    "RetriesExceeded",
    "UserAgent",
    "insecure_ssl_context_factory",
]

_ABSOLUTE_URL = re.compile(r"^https?://", re.IGNORECASE)
_AGENT = "python/gevent-http-client-2.3.9"
_CODINGS = "gzip, deflate, br"
_REDIRECT_CODES = frozenset([301, 302, 303, 307, 308])


class HTTPClientPool(_core.ConnectionPool):
    """Connections that several users share: give one as `client_pool`."""

    def __new__(cls, concurrency: int = 1, **_kwargs: Any) -> HTTPClientPool:
        return super().__new__(cls, concurrency)


_shared: WeakKeyDictionary[Any, _core.ConnectionPool] = WeakKeyDictionary()


def _pool_for(client_pool: Any, concurrency: int) -> _core.ConnectionPool:
    """The connections for a session. A pool of geventhttpclient's stands for one of ours that is shared."""
    if client_pool is None:
        return _core.ConnectionPool(concurrency)
    if isinstance(client_pool, _core.ConnectionPool):
        return client_pool
    if client_pool not in _shared:
        _shared[client_pool] = _core.ConnectionPool(
            getattr(client_pool, "client_args", {}).get("concurrency", 1)
        )
    return _shared[client_pool]


class LocustUserAgent:
    """The settings of a client, where Locust has them: `user.client.client`."""

    response_type = FastResponse
    request_type = FastRequest
    valid_response_codes = SUCCESS_CODES
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

    _native_methods: ClassVar[dict[str, Any]]
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
        self._pool = _pool_for(client_pool, concurrency)
        proxy = (proxy_host, proxy_port or 80) if proxy_host else None
        self._is_proxied = proxy is not None
        factory = ssl_context_factory
        verify, cert = (not insecure, None) if factory is None else settings_of(factory)
        self._configure(
            connect=connection_timeout,
            network=network_timeout,
            verify=verify,
            cert=cert,
            bundle=extract_zipped_paths(DEFAULT_CA_BUNDLE_PATH),
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
        response.raise_for_status()
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
        response = self._respond(
            kind, method, full, name or url, headers, payload, context, bool(catch_response)
        )
        hop = Hop(method.upper(), with_query(full, params), {**headers, **lines}, payload)
        self._perform(response, hop, allow_redirects, stream, max_redirects, retries=max_retries)
        if not catch_response:
            response._report()
        return response

    def _repeat(self, hop: Hop) -> FastResponse:
        """Send a request as it was sent before; nothing is reported."""
        response: FastResponse = self._respond(
            FastResponse, hop.method, hop.url, hop.url, None, hop.payload, None, False
        )
        self._perform(response, hop, follows=True)
        return response

    def _perform(
        self,
        response: FastResponse,
        hop: Hop,
        follows: bool,
        stream: bool = False,
        limit: int | None = None,
        is_redirect: bool = False,
        retries: int | None = None,
    ) -> None:
        """Fill `response` with the answer to `hop`, or with that of the last hop that it leads to."""
        left = self.client.max_redirects if limit is None else limit
        url = hop.url if is_redirect else None  # the response's own: without the parameters
        asked = response._sent()[2] if is_redirect else hop.url
        tries_left = self.client.max_retries if retries is None else retries
        while True:
            try:
                outcome = self._send(response, hop, stream)
            except Timeout as timeout:
                failed = timeout.exchange  # type: ignore[attr-defined] # set where it was interrupted
                response._lose(failed)
                return self._set_error(response, self._limited(timeout, asked, failed.has_head))
            if tries_left > 0 and _is_timeout(outcome):
                tries_left -= 1
                response._lose(outcome)  # keeps the time of its start
                continue
            if isinstance(outcome, OSError):
                return self._set_error(response, outcome)
            if isinstance(outcome, _core.Failed):
                response._lose(outcome)
                return self._set_error(response, self._exception(outcome, asked))
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
        if url is not None:
            shown = self._shown_headers(hop.lines)
            response.__dict__["request"] = FastRequest(url, hop.method, shown, hop.payload)
        if stream:
            response.__dict__["_response"] = Body(outcome, lambda failed: self._exception(failed, hop.url))
        elif is_damaged:
            _decode_again(response)

    def _send(self, response: FastResponse, hop: Hop, stream: bool) -> Any:
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
        response._keep_wire(hop.url, head)
        return self._exchange(origin, hop.method, head, body, chunked=chunked, stream=stream)

    def _settle(self, response: FastResponse, is_redirect: bool, is_damaged: bool) -> None:
        """Deal with what is out of the ordinary about the answer to an ordinary request."""
        keep_cookies(self.cookiejar, response._final_url, response._fields())
        if is_redirect:
            limit = self.client.max_redirects - 1
            if limit < 0:
                return self._set_error(response, RetriesExceeded(response._final_url))
            hop = self._hop_of(response)
            hop = hop.redirected(response.status_code, response._header("location") or "")
            self._perform(response, hop, True, limit=limit, is_redirect=True)
        elif is_damaged:
            _decode_again(response)
        return None

    def _hop_of(self, response: FastResponse) -> Hop:
        """The hop that an ordinary request was, to be sent in another way."""
        _, method, url, headers, payload = response._sent()
        lines = dict(headers or {})
        fill_in(lines, "Accept-Encoding", _CODINGS)
        content_type = response._content_type
        if content_type == "application/json":
            fill_in(lines, "Content-Type", content_type)
            fill_in(lines, "Accept", content_type)
        elif content_type:
            fill_in(lines, "content-type", content_type)
        more, payload = payload_of(CaseInsensitiveDict(lines), payload, None)
        return Hop(method, url, {**lines, **more}, payload)

    def _fail(self, response: FastResponse, failed: _core.Failed, timeout: Timeout | None = None) -> None:
        """Make `response` that of an ordinary request that failed, perhaps by a timeout of the task's."""
        if timeout is not None:
            return self._set_error(response, self._limited(timeout, response._final_url, failed.has_head))
        retries = self.client.max_retries
        if retries > 0 and _is_timeout(failed):
            self._perform(response, self._hop_of(response), True, retries=retries - 1)
        else:
            self._set_error(response, self._exception(failed, response._final_url))
        return None

    def _limited(self, timeout: Timeout, url: str, has_head: bool) -> BaseException:
        """What a `gevent.Timeout` of the task's is recorded as, which it does not see itself."""
        return timeout if has_head else RetriesExceeded(url, self.client.max_retries, original=timeout)

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


# Names that locustfiles have imported from here although they are geventhttpclient's.
CompatRequest, CompatResponse, UserAgent = FastRequest, FastResponse, LocustUserAgent

FastHttpSession._native_methods = {"request": FastHttpSession.request}


def _basic(user: str | bytes, password: str | bytes) -> str:
    words = [word.encode("latin-1") if isinstance(word, str) else word for word in (user, password)]
    return "Basic " + b64encode(b":".join(words)).decode()


def insecure_ssl_context_factory() -> ssl.SSLContext:
    """A context that accepts every certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_timeout(outcome: Any) -> bool:
    """Whether an exchange ran into a limit before any answer, which is what is tried again."""
    return (
        isinstance(outcome, _core.Failed)
        and outcome.kind in ("read timeout", "connect timeout")
        and not outcome.has_head
    )


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
                "no host to send requests to: set `host` in the user class or give --host on the command line"
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

        The parsed body is `js` of the response. An answer that is not JSON is a failure, and so is every
        exception in the block: it is recorded with its place and the start of the answer and goes no further.
        """
        headers = headers or {}
        fill_in(headers, "Content-Type", "application/json")
        fill_in(headers, "Accept", "application/json")
        answer = self.client.request(method, url, catch_response=True, headers=headers, **kwargs)
        with cast(RestResponseContextManager, answer) as response:
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
                places = ", ".join(_places(error))
                response.failure(
                    f"{type(error).__name__}: {error} at {places}. Response was {_start(response)}"
                )

    @contextmanager
    def rest_(
        self, method: str, url: str, name: str | None = None, **kwargs: Any
    ) -> Generator[RestResponseContextManager]:
        """The same with a parameter `_` that holds the time, which no cache has seen before."""
        separator = "&" if "?" in url else "?"
        name = f"{url}{separator}_=..." if name is None else name
        with self.rest(
            method, f"{url}{separator}_={int(time.time() * 1000)}", name=name, **kwargs
        ) as response:
            yield response


def _parse(response: RestResponseContextManager) -> None:
    try:
        response.js = response.json()
    except JSONDecodeError as error:
        start = (response.text or "")[:250]
        response.failure(
            f"Could not parse response as JSON. {start}, response code {response.status_code}, error {error}"
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
    return [
        f"{home.sub('~/', frame.filename)}:{frame.lineno}{frame.name and ' in ' + frame.name}"
        for frame in frames
    ]


class FastHttpLocust:
    """The name that FastHttpUser had before Locust 1.0."""

    def __init_subclass__(cls, **_kwargs: Any) -> None:
        raise ImportError("FastHttpLocust has been called FastHttpUser since Locust 1.0; import that")
