"""HttpUser's client: a `requests.Session` whose requests are measured and recorded.

Ordinary requests are sent natively (`katydid._core.HttpClient`); the rest of what a session can do is done by
`requests` itself, over the same connections. Either way the response is a `requests.Response`.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from io import BytesIO
from typing import Any, ClassVar
from urllib.parse import urlparse, urlunparse

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth, _basic_auth_str
from requests.cookies import RequestsCookieJar
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, RequestException
from requests.structures import CaseInsensitiveDict
from requests.utils import (
    DEFAULT_CA_BUNDLE_PATH,
    default_headers,
    extract_zipped_paths,
    get_encoding_from_headers,
)
from urllib3._collections import HTTPHeaderDict
from urllib3.response import HTTPResponse

from katydid import _core
from katydid.http.adapter import NativeAdapter, Original, limits_of
from katydid.http.cookies import CountingRequestsJar, cookie_line, keep_cookies
from katydid.http.failure import exception_of, lowest_cause
from katydid.http.headers import SessionHeaders

from .exception import LocustError

absolute_http_url_regexp = re.compile(r"^https?://", re.IGNORECASE)

explicit_name: ContextVar[str | None] = ContextVar("explicit_name", default=None)
"""What the caller of a request that `requests` sends right now wants it to be called, if anything."""


class _Lazy:
    """An attribute that is built when it is first read, and an ordinary one from then on."""

    def __init__(self, build: Callable[[Any], Any]) -> None:
        self._build = build

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, response: Any, owner: type | None = None) -> Any:
        if response is None:
            return self
        value = self._build(response)
        response.__dict__[self._name] = value
        return value


class LocustResponse(_core.Response, requests.Response):  # type: ignore[misc]
    """An answer: everything that a `requests.Response` is, built from the native one as it is asked for."""

    headers = _Lazy(lambda self: CaseInsensitiveDict(_joined(self._fields())))
    reason = _Lazy(lambda self: self._reason() if self._is_native else None)
    encoding = _Lazy(lambda self: get_encoding_from_headers(self.headers))
    url = _Lazy(lambda self: self._final_url)
    history = _Lazy(lambda self: [])
    elapsed = _Lazy(lambda self: timedelta(seconds=self._first_byte_seconds))
    request = _Lazy(lambda self: _prepared(self))
    cookies = _Lazy(lambda self: _cookies(self))
    raw = _Lazy(lambda self: _raw(self))
    connection = _Lazy(lambda self: self._sent()[0].get_adapter(self.url))
    _content = _Lazy(lambda self: self._body())
    _content_consumed = _Lazy(lambda self: True)
    _next = _Lazy(lambda self: _next_hop(self))

    def json(self, **kwargs: Any) -> Any:
        """The body as JSON.

        Raises:
            requests.JSONDecodeError: it is none.
        """
        if not kwargs and self._is_native and "_content" not in self.__dict__ and _is_utf8(self.encoding):
            parsed = self._json()
            if parsed is not None:
                return parsed
        if self.status_code == 0:
            raise requests.JSONDecodeError("Expecting value", "", 0)
        return super().json(**kwargs)

    @property
    def ok(self) -> bool:
        """Whether the status code is below 400."""
        if self.error is None and self._manual_result is None and self.status_code < 400:
            return True
        return super().ok


class ResponseContextManager(LocustResponse):
    """The answer to a call. With `catch_response=True` its with-block decides what is recorded."""

    def raise_for_status(self) -> None:
        """Raise what went wrong, unless the with-block has called it a success.

        Raises:
            Exception: the one that the with-block gave, or why there is no answer, or the status code.
        """
        result = self._manual_result
        if result is True:
            return
        if isinstance(result, Exception):
            raise result
        if self.error is not None:
            raise self.error
        super().raise_for_status()

    def _outcome(self) -> BaseException | None:
        """What is recorded as the failure of this answer."""
        if self.error is not None:
            return lowest_cause(self.error)
        url = self.url
        # Failures of one name are counted together, whatever their URLs.
        self.url = self._stats_name
        try:
            requests.Response.raise_for_status(self)
        except RequestException as error:
            return lowest_cause(error)
        finally:
            self.url = url
        return None


class _Adapters(OrderedDict[str, Any]):
    """A session's adapters. What is put in beside the session's own is to be asked from then on."""

    _session: HttpSession | None = None

    def __init__(self, session: HttpSession, own: NativeAdapter) -> None:
        super().__init__([("https://", own), ("http://", own)])
        self._session = session

    def __setitem__(self, prefix: str, adapter: Any) -> None:
        super().__setitem__(prefix, adapter)
        if self._session is not None:
            self._session._is_odd = True


class HttpSession(_core.HttpClient, requests.Session):  # type: ignore[misc]
    """A user's session: sends requests, keeps cookies and connections, records every request."""

    _native_methods: ClassVar[dict[str, Any]]
    _ca_bundle = extract_zipped_paths(DEFAULT_CA_BUNDLE_PATH)

    def __init__(
        self,
        base_url: str | None,
        request_event: Any,
        user: Any,
        *args: Any,
        pool_manager: Any = None,
        **kwargs: Any,
    ) -> None:
        # What requests.Session.__init__ sets, without its two connection pools.
        self.headers = SessionHeaders(default_headers())
        self.auth = None
        self.proxies = {}
        self.hooks = {"response": []}
        self.params = {}
        self.stream = False
        self.verify = True
        self.cert = None
        self.max_redirects = requests.models.DEFAULT_REDIRECT_LIMIT
        self.trust_env = True
        self.cookies = CountingRequestsJar()
        adapter = NativeAdapter(self._pool, self._ca_bundle)
        self._adapters = _Adapters(self, adapter)
        self.base_url = base_url
        self.request_event = request_event
        self.user = user
        if pool_manager is not None:
            self._use_pool_manager(pool_manager)
        self._take_credentials()

    def _use_pool_manager(self, pool_manager: Any) -> None:
        adapter = HTTPAdapter()
        adapter.poolmanager = pool_manager
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def _take_credentials(self) -> None:
        """User and password of the base URL become the session's credentials."""
        parts = urlparse(self.base_url or "")
        if parts.username and parts.password:
            host = parts.netloc.rpartition("@")[2]
            self.base_url = urlunparse((parts.scheme, host, *parts[2:]))
            self.auth = HTTPBasicAuth(parts.username, parts.password)

    @property
    def adapters(self) -> Any:
        """Who sends what goes to URLs with a prefix; others can be put in."""
        return self._adapters

    @adapters.setter
    def adapters(self, adapters: Any) -> None:
        self._is_odd = True
        self._adapters = adapters

    def mount(self, prefix: str | bytes, adapter: Any) -> None:
        """Have an adapter of your own send what goes to URLs that begin with `prefix`."""
        self._is_odd = True
        super().mount(prefix, adapter)

    def _build_url(self, path: str) -> str:
        return path if absolute_http_url_regexp.match(path) else f"{self.base_url}{path}"

    @contextmanager
    def rename_request(self, name: str) -> Generator[None]:
        """Record the requests in the with-block under `name`."""
        self.request_name = name
        try:
            yield
        finally:
            self.request_name = None

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request with what the session adds to it."""
        return requests.Session.prepare_request(self, request)

    # What the native half hands over

    def _authorization(self, auth: Any) -> str | None:
        if type(auth) is tuple and len(auth) == 2:
            auth = HTTPBasicAuth(*auth)
        try:
            return _basic_auth_str(auth.username, auth.password) if type(auth) is HTTPBasicAuth else None
        except UnicodeEncodeError:  # `requests` says so when it is used
            return None

    def _cookie_line(self, url: str) -> tuple[str | None, bool]:
        return cookie_line(self.cookies, url)

    def _request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        catch_response: bool = False,
        context: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> ResponseContextManager:
        """Send a request that is out of the ordinary."""
        name = name or self.request_name
        response = self._respond(ResponseContextManager, method, context, bool(catch_response))
        begun = time.perf_counter()
        named = explicit_name.set(name)
        try:
            answer = requests.Session.request(self, method, self._build_url(url), **kwargs)
        except (MissingSchema, InvalidSchema, InvalidURL):
            raise
        except RequestException as error:
            seconds = time.perf_counter() - begun
            request = error.request
            response._set_request(
                name or getattr(request, "path_url", None) or str(url),
                getattr(request, "url", None) or self._build_url(url),
            )
            self._lose(response, error, seconds)
        else:
            seconds = time.perf_counter() - begun
            first = (answer.history or [answer])[0].request
            response._set_request(name or first.path_url, str(first.url))
            self._keep(response, answer, seconds, is_open=bool(kwargs.get("stream")))
        finally:
            explicit_name.reset(named)
        if not catch_response:
            response._report()
        return response

    def _keep(
        self,
        response: ResponseContextManager,
        answer: requests.Response,
        seconds: float,
        is_open: bool = False,
    ) -> None:
        """Make `response` the answer that `requests` came back with."""
        length = int(answer.headers.get("content-length") or 0) if is_open else len(answer.content or b"")
        for hop in (*answer.history, answer):
            response._adopt(answer.status_code, length, _incoming(hop), seconds)
        kept = dict(answer.__dict__)
        kept.pop("status_code", None)
        response.__dict__.update(kept)

    def _lose(self, response: ResponseContextManager, error: RequestException, seconds: float) -> None:
        """Make `response` that of a request whose failure `requests` has reported."""
        response._adopt(0, 0, None, seconds)
        _blank(response, error)

    def _fail(self, response: ResponseContextManager, failed: _core.Failed, timeout: Any) -> None:
        """Make `response` that of an ordinary request without an answer."""
        request = response.request
        _blank(response, exception_of(failed, request.url or "", request, limits_of(timeout)))

    def _settle(
        self,
        response: ResponseContextManager,
        is_redirect: bool,
        has_cookies: bool,
        is_damaged: bool,
        timeout: Any,
    ) -> None:
        """Deal with what is out of the ordinary about the answer to an ordinary request."""
        if has_cookies:
            keep_cookies(self.cookies, response._final_url, response._fields())
        if is_redirect:
            self._follow(response, timeout)
        elif is_damaged:
            self._decode(response)

    def _follow(self, response: ResponseContextManager, timeout: Any) -> None:
        """Have `requests` follow a redirect."""
        first = ResponseContextManager.__new__(ResponseContextManager)
        response._copy_to(first)
        first._next = None
        begun = time.perf_counter()
        hops = [first]
        try:
            for answer in self.resolve_redirects(
                first, first.request, timeout=timeout, verify=self.verify, cert=self.cert, proxies={}
            ):
                hops.append(answer)
        except (MissingSchema, InvalidSchema, InvalidURL):
            raise
        except RequestException as error:
            self._lose(response, error, time.perf_counter() - begun)
            if (
                isinstance(error.request, requests.PreparedRequest)
                and response._stats_name == first.request.path_url
            ):
                response._set_request(error.request.path_url, error.request.url)
            return
        answer = hops.pop()
        self._keep(response, answer, time.perf_counter() - begun)
        response.history = hops

    def _decode(self, response: ResponseContextManager) -> None:
        """Have `urllib3` judge a body that the native decoder refused, for the words of its error."""
        plain = requests.Response()
        plain.raw = HTTPResponse(
            body=BytesIO(response._body() or b""),
            headers=HTTPHeaderDict(response._fields()),
            status=response.status_code,
            preload_content=False,
            decode_content=False,
        )
        try:
            response._set_body(plain.content or b"")
        except RequestException as error:
            error.request = response.request
            response._lose(None)
            _blank(response, error)


HttpSession._native_methods = {
    name: getattr(HttpSession, name)
    for name in ("request", "send", "prepare_request", "get_adapter", "resolve_redirects", "_build_url")
}


class LocustHttpAdapter(HTTPAdapter):
    """The adapter of `requests`, over a pool manager that several sessions may share."""

    def __init__(self, pool_manager: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if pool_manager is not None:
            self.poolmanager = pool_manager


def _blank(response: ResponseContextManager, error: RequestException) -> None:
    """The attributes of a response that never came."""
    response.error = error
    response.__dict__.update(
        _content=None,
        _content_consumed=True,
        headers=CaseInsensitiveDict(),
        url=None,
        encoding=None,
        reason=None,
        raw=None,
        history=[],
        cookies=RequestsCookieJar(),
        elapsed=timedelta(0),
        request=error.request,
    )


def _incoming(answer: requests.Response) -> Any:
    # An ordinary answer has given its timing already.
    return getattr(getattr(answer.raw, "_original_response", None), "incoming", None)


def _joined(fields: list[tuple[str, str]]) -> dict[str, str]:
    """Header fields with the values of one name joined, as `requests` shows them."""
    return dict(HTTPHeaderDict(fields).itermerged())


def _is_utf8(encoding: str | None) -> bool:
    return encoding is None or encoding.lower() in ("utf-8", "utf8")


def _prepared(response: LocustResponse) -> requests.PreparedRequest:
    """The request behind an ordinary answer, as `requests` would have prepared it."""
    session, method, url, headers, payload = response._sent()
    request: Any = requests.PreparedRequest()
    request.method = method.upper()
    request.url = url
    request.hooks = {"response": []}
    request._cookies = session.cookies.copy()
    lines = CaseInsensitiveDict(session.headers.items())
    lines.update(headers or {})
    request.headers = CaseInsensitiveDict({name: value for name, value in lines.items() if value is not None})
    request.prepare_cookies(request._cookies)
    request.body = payload
    if payload is not None or request.method not in ("GET", "HEAD"):
        size = len(payload.encode() if isinstance(payload, str) else payload or b"")
        request.headers["Content-Length"] = str(size)
    if (content_type := response._content_type) and "Content-Type" not in request.headers:
        request.headers["Content-Type"] = content_type
    if session.auth is not None and (line := session._authorization(session.auth)):
        request.headers["Authorization"] = line
    return request


def _next_hop(response: LocustResponse) -> requests.PreparedRequest | None:
    """The request that an unfollowed redirect asks for."""
    if not response._is_native or not response.is_redirect:
        return None
    session = response._sent()[0]
    hops = session.resolve_redirects(response, response.request, yield_requests=True)
    return next(hops, None)


def _cookies(response: LocustResponse) -> RequestsCookieJar:
    jar = RequestsCookieJar()
    if response._is_native:
        keep_cookies(jar, response._final_url, response._fields())
    return jar


class _Emptied(BytesIO):
    """A body that was read to its end."""

    def isclosed(self) -> bool:
        """It was."""
        return True


def _raw(response: LocustResponse) -> HTTPResponse | None:
    if not response._is_native:
        return None
    fields = response._fields()
    return HTTPResponse(
        body=_Emptied(),
        headers=HTTPHeaderDict(fields),
        status=response.status_code,
        reason=response._reason(),
        version=response._version,
        preload_content=False,
        original_response=Original(fields),  # type: ignore[arg-type]
    )


def _needs_catch_response(_response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
    raise LocustError(
        "success() and failure() need catch_response=True in the call and a with-block around it"
    )


requests.Response.success = requests.Response.failure = _needs_catch_response  # type: ignore[attr-defined]
