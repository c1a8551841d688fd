"""Answers and requests with geventhttpclient's names."""

from __future__ import annotations

import json as unshadowed_json
from collections.abc import Iterable, Iterator
from typing import Any, Self
from urllib.parse import urlsplit

from requests.compat import chardet  # type: ignore[attr-defined]
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from katydid import _core
from katydid.locust.exception import LocustError

from .body import Body
from .fastfailure import HTTPParseError

SUCCESS_CODES = frozenset([*range(200, 209), 226, 301, 302, 303, 304, 307, 308])


_native_error: Any = _core.Response.error


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
        values = self.getlist(name)
        return values[0] if len(values) == 1 else values or default

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

    def update(self, other: Any = (), /, **more: Any) -> None:
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
            kept["request"] = FastRequest(
                self._final_url, method.upper(), client._shown_headers(headers), payload
            )
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
        named = get_encoding_from_headers(
            CaseInsensitiveDict({"content-type": self._header("content-type") or ""})
        )
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

    @property
    def error(self) -> Any:
        """Why the request failed: no answer, or a status code that is no success; `None` for a success."""
        known = _native_error.__get__(self)
        if known is None and self._is_native and self.status_code not in SUCCESS_CODES:
            known = self._sent()[0]._bad_status(self)
            _native_error.__set__(self, known)
        return known

    @error.setter
    def error(self, error: Any) -> None:
        _native_error.__set__(self, error)

    def _outcome(self) -> BaseException | None:
        return self.error

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

    def readline(self, sep: bytes = b"\n") -> bytes:
        """Read a line of the body, which ends with `sep`."""
        return self.stream.readline(sep) if self.stream else b""

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

    def __copy__(self) -> Self:
        copy = type(self)()
        self._copy_to(copy)
        copy.__dict__.update(self.__dict__)
        return copy


class ErrorResponse(FastResponse):
    """What a call returns where no answer came."""


class ResponseContextManager(FastResponse):
    """The answer to a call with `catch_response=True`: its with-block decides what is recorded."""

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


def _as_text(piece: bytes) -> str | bytes:
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return piece
