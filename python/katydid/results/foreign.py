"""Is what another node says an exchange? Only then it is kept, shown and written.

A cluster without a key believes whoever reaches it; even so only the known fields, of their types, get in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

_NOTHING = type(None)

_FIELDS: dict[str, tuple[type, ...]] = {
    "cause": (str,),
    "method": (str,),
    "url": (str,),
    "name": (str,),
    "status": (int, _NOTHING),
    "error": (str,),
    "at": (int, float),
    "response_ms": (int, float),
    "user_class": (str, _NOTHING),
}

_MESSAGE_FIELDS: dict[str, tuple[type, ...]] = {
    "body": (str, _NOTHING),
    "body_truncated": (bool,),
    "body_exact": (bool,),
}


def exchanges(news: Any) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    """Method, name and error of each exchange, and the exchange; its id and command are left to its keeper.

    Raises:
        ValueError: it has another form; the text says where.
    """
    for item in _list(news, "the news"):
        kind, sample = _list(item, "an exchange with its kind", 2)
        method, name, error = (_of(text, "a kind", (str,)) for text in _list(kind, "a kind", 3))
        yield (method, name, error), _exchange(sample)


def _exchange(sample: Any) -> dict[str, Any]:
    fields = _fields(sample, _FIELDS)
    phases = _of(sample.get("phases"), "phases", (dict,))
    answer = sample.get("response")
    return {
        "id": "",
        **fields,
        "phases": {_of(name, "a phase", (str,)): _of(ms, name, (int, float)) for name, ms in phases.items()},
        "request": _message(sample.get("request")),
        "response": None if answer is None else _message(answer),
        "curl": "",
    }


def _message(message: Any) -> dict[str, Any]:
    fields = _fields(message, _MESSAGE_FIELDS)
    headers = [
        [_of(text, "a header", (str,)) for text in _list(pair, "a header", 2)]
        for pair in _list(message.get("headers"), "headers")
    ]
    return {"headers": headers, **fields}


def _fields(given: Any, known: dict[str, tuple[type, ...]]) -> dict[str, Any]:
    _of(given, "an exchange or message", (dict,))
    return {name: _of(given.get(name), name, types) for name, types in known.items()}


def _list(given: Any, what: str, length: int | None = None) -> list[Any] | tuple[Any, ...]:
    listed: list[Any] = _of(given, what, (list, tuple))
    if length is not None and len(listed) != length:
        raise ValueError(f"{what} has {len(listed)} parts, not {length}")
    return listed


def _of(given: Any, what: str, types: tuple[type, ...]) -> Any:
    if not isinstance(given, types) or (isinstance(given, bool) and bool not in types):
        raise ValueError(f"{what} is {type(given).__name__}, not {types[0].__name__}")
    if isinstance(given, (int, float)) and not math.isfinite(given):
        raise ValueError(f"{what} is {given}, no number")
    return given
