"""What is a request from the page, and what an answer? Values, without a socket and without Flask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qs

Headers = list[tuple[str, str]]

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

MOST_FIELDS = 1000
"""Fields that a form may have."""


class TooLarge(ValueError):
    """A form has more fields than any has."""


@dataclass(frozen=True)
class Reply:
    """One answer over HTTP."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    pieces: Iterator[bytes] | None = None
    """What follows the body, of an answer that is made while it is sent."""

    @classmethod
    def json(cls, content: Any, status: int = 200) -> Reply:
        """An answer in JSON, laid out as Locust lays it out: keys sorted, indented by two."""
        body = json.dumps(content, sort_keys=True, indent=2, default=str) + "\n"
        return cls(status, body.encode(), [("Content-Type", _JSON)])

    @classmethod
    def text(cls, content: str, status: int = 200) -> Reply:
        """An answer in plain text."""
        return cls(status, content.encode(), [("Content-Type", _TEXT)])

    @classmethod
    def html(cls, content: str, status: int = 200, headers: Headers | None = None) -> Reply:
        """A page, or a short text that Locust sends as one."""
        return cls(status, content.encode(), [("Content-Type", _HTML), *(headers or [])])

    @classmethod
    def csv(cls, content: str, filename: str) -> Reply:
        """A table to be saved under a name."""
        headers = [
            ("Content-type", "text/csv"),
            ("Content-disposition", f"attachment;filename={filename}"),
        ]
        return cls(200, content.encode(), headers)


@dataclass(frozen=True)
class Ask:
    """One request over HTTP, as far as routes look at it."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    remote: str = ""

    def header(self, name: str) -> str:
        """The value of a header; empty if it is missing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def arguments(self) -> dict[str, str]:
        """The query's parameters, the first value of each."""
        return {key: values[0] for key, values in parse_qs(self.query, keep_blank_values=True).items()}

    @property
    def form(self) -> dict[str, list[str]]:
        """The fields of a posted form, each with all its values.

        Raises:
            TooLarge: there are too many.
        """
        kind = self.header("content-type")
        if kind.lower().startswith(_MULTIPART):
            return _multipart(kind, self.body)
        if kind.lower().startswith(_URLENCODED):
            if self.body.count(b"&") >= MOST_FIELDS:
                raise TooLarge(f"the form has more than {MOST_FIELDS} fields")
            return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {}

    @property
    def is_form(self) -> bool:
        """Is the body a form, which programs send by accident where JSON is wanted?"""
        return self.header("content-type").lower().startswith((_URLENCODED, _MULTIPART))


def _multipart(kind: str, body: bytes) -> dict[str, list[str]]:
    """The fields of a form in parts; files among them are left out."""
    if body.count(b"\n--") > MOST_FIELDS:
        raise TooLarge(f"the form has more than {MOST_FIELDS} fields")
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=HTTP)
    fields: dict[str, list[str]] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and part.get_filename() is None and isinstance(content, bytes):
            fields.setdefault(name, []).append(content.decode("utf-8", "replace"))
    return fields
