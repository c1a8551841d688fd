"""Cookies: what an answer sets, and what a request to a URL sends."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.request import Request

from requests.cookies import RequestsCookieJar

from katydid import _core


class CountingJar(_core.Versioned, CookieJar):
    """A cookie jar that counts its changes."""

    def set_cookie(self, cookie: Any) -> None:
        """Put a cookie into the jar."""
        self._bump()
        super().set_cookie(cookie)

    def clear(self, *which: Any, **named: Any) -> None:
        """Take cookies out of the jar."""
        self._bump()
        super().clear(*which, **named)

    def set_policy(self, policy: Any) -> None:
        """Say which cookies are taken and sent."""
        self._bump()
        super().set_policy(policy)


class CountingRequestsJar(_core.Versioned, RequestsCookieJar):  # type: ignore[misc]
    """The same with the dictionary manners of `requests`."""

    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> Any:
        """Put a cookie into the jar."""
        self._bump()
        return super().set_cookie(cookie, *args, **kwargs)

    def clear(self, *which: Any, **named: Any) -> None:
        """Take cookies out of the jar."""
        self._bump()
        super().clear(*which, **named)

    def set_policy(self, policy: Any) -> None:
        """Say which cookies are taken and sent."""
        self._bump()
        super().set_policy(policy)


class _Answer:
    """The shape in which `http.cookiejar` wants to see an answer's headers."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._message = Message()
        for name, value in fields:
            if name.lower() in ("set-cookie", "set-cookie2"):
                self._message[name] = value

    def info(self) -> Message:
        return self._message


def keep_cookies(jar: CookieJar, url: str, fields: Iterable[tuple[str, str]]) -> None:
    """Put the cookies that an answer sets into the jar."""
    jar.extract_cookies(_Answer(fields), Request(url))  # type: ignore[arg-type]


def cookie_header(jar: CookieJar, url: str) -> str | None:
    """The value of `Cookie` for a request to `url`; `None` where the jar has nothing for it."""
    request = Request(url)
    jar.add_cookie_header(request)
    return request.get_header("Cookie")


def cookie_line(jar: CookieJar, root: str) -> tuple[str | None, bool]:
    """The value of `Cookie` for requests to the server at `root`, and whether it lasts until the jar changes.

    It does if no cookie is for some paths alone, none expires, and no policy of the user's own has a say.
    """
    cookies = list(jar)
    is_usual = not cookies or type(jar._policy) is DefaultCookiePolicy  # type: ignore[attr-defined]
    lasting = is_usual and all(
        cookie.path == "/" and cookie.expires is None and not cookie.port_specified for cookie in cookies
    )
    return (cookie_header(jar, root + "/") if lasting else None), lasting
