"""Why did a request fail? A word for the reason, and the facts that rules and the triage go by.

A failure is an exception, whoever made it: a client, a locustfile that declared it, a user's own client. From
another node it comes as text alone.
"""

from __future__ import annotations

import re
from typing import Any

import gevent
import requests
from urllib3 import exceptions as lower

from katydid import _core
from katydid.http.fastfailure import ConnectionError as FastConnectionError
from katydid.http.fastfailure import HTTPParseError, LocustBadStatusCode
from katydid.locust.exception import CatchResponseError

CONNECTION = "connection"
TIMEOUT = "timeout"
PROXY = "proxy"
CLIENT_ERROR = "client error"
SERVER_ERROR = "server error"
ASSERTION = "assertion"
EXCEPTION = "exception"

_PROXY_STATUSES = (502, 503, 504)
_TIMEOUTS = (TimeoutError, requests.Timeout, lower.TimeoutError, gevent.Timeout)
_CONNECTIONS = (OSError, requests.ConnectionError, lower.HTTPError, HTTPParseError, FastConnectionError)
_DEEPEST = 8

_STATUS_IN_TEXT = re.compile(r"LocustBadStatusCode\(.*?code=(\d{3})|HTTPError\(['\"](\d{3}) ")
_TIMEOUT_IN_TEXT = re.compile(r"time(?:d )?out", re.IGNORECASE)
_CONNECTION_IN_TEXT = re.compile(
    r"\w*(?:Connection|Disconnected|SSL|gaierror|OSError|HTTPParse|RetriesExceeded|ProtocolError|InvalidChunk)"
)
_DECLARED_IN_TEXT = ("CatchResponseError(", "AssertionError(", "ResponseError(")


def status_of(response: Any, exception: Any) -> int | None:
    """The status of the answer behind a failure; None where there was no answer."""
    for holder, name in (
        (response, "status_code"),
        (getattr(exception, "response", None), "status_code"),
        (exception if isinstance(exception, LocustBadStatusCode) else None, "code"),
    ):
        status = _attribute(holder, name)
        if isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 999:
            return status
    return None


def _attribute(holder: Any, name: str) -> Any:
    """An attribute of whatever a user's own client reports, which may raise when it is read."""
    try:
        return getattr(holder, name, None)
    except Exception:
        return None


def no_answer_of(response: Any, exception: Any) -> str | None:
    """`timeout` or `connection`, where that is why there is no answer.

    A locustfile may have declared the failure in its own words; then the client's reason counts, which the
    response has.
    """
    error = _attribute(response, "error")
    error = error if isinstance(error, BaseException) else exception
    if isinstance(error, LocustBadStatusCode | requests.HTTPError | CatchResponseError):
        return None
    for link in _chain(error):
        # For urllib3 a refused connection is a kind of timeout.
        is_timeout = isinstance(link, _TIMEOUTS) and not isinstance(link, lower.NewConnectionError)
        if is_timeout or _is_retried_timeout(link):
            return TIMEOUT
    return CONNECTION if isinstance(error, _CONNECTIONS) else None


def _chain(error: Any) -> list[BaseException]:
    """An exception and what is below it."""
    links: list[BaseException] = []
    while isinstance(error, BaseException) and error not in links and len(links) < _DEEPEST:
        links.append(error)
        error = error.__cause__ or error.__context__
    return links


def _is_retried_timeout(error: BaseException) -> bool:
    """`RetriesExceeded` keeps what happened last as an attribute, which may be an exception or text."""
    original = error.__dict__.get("original")
    return isinstance(original, _TIMEOUTS) or (
        isinstance(original, str) and _TIMEOUT_IN_TEXT.search(original) is not None
    )


def texts_of(exception: Any) -> list[str]:
    """A failure's text in the forms in which people meet it: in files, unquoted, and on screens."""
    text = _core.stats_error_text(exception)
    if not isinstance(exception, BaseException):
        return [text]
    try:
        said = str(exception)
    except Exception:
        return [text]
    return list(dict.fromkeys((text, f"{type(exception).__name__}({said})", said)))


def cause_of(status: int | None, no_answer: str | None, exception: Any) -> str:
    """The word for a failure with these facts; `exception` may be the text of one."""
    if isinstance(exception, str):
        status, no_answer = status or _status_in(exception), no_answer or _no_answer_in(exception)
    if status is not None and status >= 400:
        if status in _PROXY_STATUSES:
            return PROXY
        return SERVER_ERROR if status >= 500 else CLIENT_ERROR
    if no_answer is not None:
        return no_answer
    return ASSERTION if _is_declared(exception) else EXCEPTION


def _is_declared(exception: Any) -> bool:
    """Did somebody look at the answer and not like it?"""
    if isinstance(exception, str):
        return exception.startswith(_DECLARED_IN_TEXT)
    return isinstance(exception, CatchResponseError | AssertionError)


def _status_in(text: str) -> int | None:
    found = _STATUS_IN_TEXT.search(text)
    return int(found[1] or found[2]) if found else None


def _no_answer_in(text: str) -> str | None:
    if text.startswith(_DECLARED_IN_TEXT):
        return None
    if _TIMEOUT_IN_TEXT.search(text):
        return TIMEOUT
    return CONNECTION if _CONNECTION_IN_TEXT.match(text) else None
