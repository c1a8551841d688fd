"""Is what another node says an exchange? Only then it is kept, shown and written.

A cluster without a key believes whoever reaches it; even so only the known fields get in, of their types and
in their bounds. No text of a stranger's is in what is said about a fault.
"""

from __future__ import annotations

import re
from typing import Any

_LONGEST = 64 << 10
"""Characters of a text; ours are at most a quarter of that, of up to four bytes each."""

_MOST_PARTS = 100
"""Headers of a message, or phases."""

_MOST_EXCHANGES = 1000
"""In one message: more than a node keeps."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_LATEST = 1e11
"""Unix seconds that a clock can show; also three years in milliseconds."""

Kind = tuple[str, str, str]


def told(sample: dict[str, Any]) -> dict[str, Any]:
    """An exchange without what its keeper fills in."""
    return {**sample, "id": "", "method": "", "name": "", "error": "", "curl": ""}


def items(news: Any) -> list[Any]:
    """What there is to be read, one by one.

    Raises:
        ValueError: the news are no list.
    """
    return list(_list(news, "the news", most=_MOST_EXCHANGES))


def exchange(item: Any) -> tuple[Kind, dict[str, Any]]:
    """Method, name and error of an exchange, and the exchange as :func:`told` makes it.

    Raises:
        ValueError: it has another form; the text says where.
    """
    kind, sample = _list(item, "an exchange with its kind", 2)
    method, name, error = (_text(text, "a kind") for text in _list(kind, "a kind", 3))
    if method and not _TOKEN.fullmatch(method):
        raise ValueError("a method has characters that no method has")
    return (method, name, error), _exchange(_dict(sample, "an exchange"))


def _exchange(sample: dict[str, Any]) -> dict[str, Any]:
    status, user_class, answer = (sample.get(name) for name in ("status", "user_class", "response"))
    phases = _dict(sample.get("phases"), "phases")
    return told(
        {
            "cause": _text(sample.get("cause"), "cause"),
            "url": _text(sample.get("url"), "url"),
            "status": None if status is None else int(_number(status, "status", 999)),
            "at": _number(sample.get("at"), "at"),
            "response_ms": _number(sample.get("response_ms"), "response_ms"),
            "phases": {_text(name, "a phase"): _number(ms, "a phase") for name, ms in phases.items()},
            "user_class": None if user_class is None else _text(user_class, "user_class"),
            "request": _message(sample.get("request")),
            "response": None if answer is None else _message(answer),
        }
    )


def _message(given: Any) -> dict[str, Any]:
    message = _dict(given, "a message")
    body = message.get("body")
    return {
        "headers": [_header(pair) for pair in _list(message.get("headers"), "headers")],
        "body": None if body is None else _text(body, "body"),
        "body_truncated": message.get("body_truncated") is True,
        "body_exact": message.get("body_exact") is True,
    }


def _header(pair: Any) -> list[str]:
    name, value = (_text(text, "a header") for text in _list(pair, "a header", 2))
    if not _TOKEN.fullmatch(name):
        raise ValueError("a header's name has characters that no name has")
    return [name, value]


def _list(
    given: Any, what: str, length: int | None = None, most: int = _MOST_PARTS
) -> list[Any] | tuple[Any, ...]:
    if not isinstance(given, (list, tuple)) or (length is not None and len(given) != length):
        raise ValueError(f"{what} is no list" + ("" if length is None else f" of {length}"))
    if len(given) > most:
        raise ValueError(f"{what} has more than {most} parts")
    return given


def _dict(given: Any, what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(f"{what} is no map")
    if len(given) > _MOST_PARTS:
        raise ValueError(f"{what} has more than {_MOST_PARTS} parts")
    return given


def _text(given: Any, what: str) -> str:
    if not isinstance(given, str):
        raise ValueError(f"{what} is no text")
    if len(given) > _LONGEST:
        raise ValueError(f"{what} is longer than {_LONGEST} characters")
    return given


def _number(given: Any, what: str, most: float = _LATEST) -> float:
    if not isinstance(given, (int, float)) or isinstance(given, bool) or not 0 <= given <= most:
        raise ValueError(f"{what} is no number from 0 to {most:g}")
    return given
