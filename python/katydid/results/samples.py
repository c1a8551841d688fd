"""What did a failed request look like? The first and the slowest exchanges of each kind of failure are kept.

They are kept within limits: so many kinds, so much of each body, so much of all together. Secrets are masked
when an exchange is kept, so none is in memory for long and none in a page or a report. A worker tells its
master what it has kept, so that the failures of a cluster can be looked at in one place.
"""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from katydid import _core
from katydid.verdict import cause

from . import foreign, secrets
from .secrets import masked, masked_header, masked_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from katydid.locust.env import Environment

MOST_KINDS = 200
"""Kinds of failures of which exchanges are kept."""

SLOWEST_KEPT = 3
"""Exchanges of a kind that are kept beside the first: the slowest ones."""

MOST_BYTES = 8 << 20
"""Bytes of all exchanges together, roughly. When half of it is used, exchanges are kept without bodies."""

MOST_OF_A_BODY = 16 << 10
"""Bytes of a body that are kept."""

MOST_OF_A_HEADER = 1024
"""Characters of a header's value that are kept."""

MOST_HEADERS = 60
"""Headers of a message that are kept."""

MOST_TOLD = 256 << 10
"""Bytes that a worker tells its master in a run, roughly."""

MOST_TOLD_AT_ONCE = 32 << 10
"""Bytes that it tells with one report."""

Sample = dict[str, Any]
Kind = tuple[str, str, str]


class Samples:
    """The exchanges that are kept of one run."""

    def __init__(self) -> None:
        self._kept: dict[Kind, list[Sample]] = {}
        """The first exchange of each kind, then the slowest of the others, slowest first."""
        self._count = 0
        self._bytes = 0
        self._untold: list[tuple[Kind, Sample]] = []
        """The first exchanges of kinds that the master has not heard of."""
        self._told_bytes = 0
        self._has_told_all = False

    def offer(self, response: Any, exception: Any) -> None:
        """Keep this exchange if it is the first of its kind, or one of the slowest."""
        client, method, url, _, _ = response._sent()
        kind = _kind(method, str(response._stats_name), _core.stats_error_text(exception))
        response_ms, phases = _core.response_times(response)
        if self._is_wanted(kind, response_ms):
            self._keep(kind, self._sample(kind, response, exception, client, url, response_ms, dict(phases)))

    def _is_wanted(self, kind: Kind, response_ms: float) -> bool:
        kept = self._kept.get(kind)
        if kept is None:
            return len(self._kept) < MOST_KINDS
        return len(kept) <= SLOWEST_KEPT or response_ms > float(kept[-1]["response_ms"])

    def _keep(self, kind: Kind, sample: Sample) -> None:
        kept = self._kept.get(kind, [])
        is_full = len(kept) > SLOWEST_KEPT
        others_take = self._bytes - (_size(kept[-1]) if is_full else 0)
        size = _fitted(sample, others_take, MOST_BYTES)
        if others_take + size > MOST_BYTES:
            return
        self._bytes = others_take + size
        self._count += 1
        sample["id"] = f"{self._count}"
        first, *others = kept[:SLOWEST_KEPT] if is_full else kept or [sample]
        if first is sample:
            self._untold.append((kind, sample))
        else:
            others = sorted([*others, sample], key=lambda other: -other["response_ms"])
        self._kept[kind] = [first, *others]

    def _sample(
        self,
        kind: Kind,
        response: Any,
        exception: Any,
        client: Any,
        url: str,
        response_ms: float,
        phases: dict[str, float],
    ) -> Sample:
        method, name, error = kind
        sent = response.request
        status = response.status_code or None
        on_wire = response._on_wire()
        asked, headers = on_wire or (getattr(sent, "url", None), _items(getattr(sent, "headers", None)))
        request = _message(headers, getattr(sent, "body", None))
        url = masked_url(_written(str(asked or url)))
        user = getattr(client, "user", None)
        sample = {
            "id": "",
            "cause": cause.cause_of(status, cause.no_answer_of(response, exception), exception),
            "method": method,
            "url": url,
            "name": name,
            "status": status,
            "error": masked(error),
            "at": time.time(),
            "response_ms": response_ms,
            "phases": phases,
            "user_class": None if user is None else type(user).__name__,
            "request": request,
            "response": _answer(response) if status else None,
            "curl": curl(method, url, request),
        }
        shown: Sample = sample if user is None else secrets.shown(sample, user.environment)
        return shown

    def index(self) -> list[dict[str, str]]:
        """Of which failures there is an exchange, and under which id."""
        return [
            {"method": method, "name": name, "error": error, "id": kept[0]["id"]}
            for (method, name, error), kept in self._kept.items()
        ]

    def of_kind(self, method: str, name: str, error: str) -> list[Sample]:
        """The exchanges of one kind of failure: the first, then the slowest."""
        return self._kept.get(_kind(method, name, error), [])

    def all(self) -> dict[str, Sample]:
        """Every exchange that is kept, by id."""
        return {sample["id"]: sample for kept in self._kept.values() for sample in _linked(kept)}

    def news(self, is_last: bool = False) -> list[tuple[Kind, Sample]]:
        """What a master is to hear: the first exchange of each new kind, with the last news the slowest, too.

        When half of what a run may tell is told, it is told without bodies.
        """
        if is_last and not self._has_told_all:
            self._has_told_all = True
            self._untold += [(kind, slow) for kind, kept in self._kept.items() for slow in kept[1:]]
        told: list[tuple[Kind, Sample]] = []
        left = MOST_TOLD if is_last else MOST_TOLD_AT_ONCE
        while self._untold and left > 0:
            kind, sample = self._untold.pop(0)
            sample = foreign.told(sample)
            size = _fitted(sample, self._told_bytes, MOST_TOLD) + sum(map(_bytes, kind))
            if self._told_bytes + size <= MOST_TOLD:
                self._told_bytes += size
                left -= size
                told.append((kind, sample))
        return told

    def hear(self, news: Any) -> None:
        """Keep what a worker tells, as if it had happened here.

        Raises:
            ValueError: some of it is not what :meth:`news` makes; the text says what. The rest is kept.
        """
        fault: ValueError | None = None
        for item in foreign.items(news):
            try:
                kind, sample = foreign.exchange(item)
            except ValueError as found:
                fault = fault or found
                continue
            kind = _kind(*kind)
            if self._is_wanted(kind, sample["response_ms"]):
                sample.update(method=kind[0], name=kind[1], error=masked(kind[2]))
                sample["curl"] = curl(sample["method"], sample["url"], sample["request"])
                self._keep(kind, sample)
        if fault is not None:
            raise fault

    def forget(self, **_: Any) -> None:
        """Begin anew."""
        self._kept.clear()
        self._untold.clear()
        self._count = self._bytes = self._told_bytes = 0
        self._has_told_all = False


def _linked(kept: list[Sample]) -> list[Sample]:
    """The first exchange of a kind names the slowest of the others."""
    return [{**kept[0], "slowest": kept[1]["id"] if len(kept) > 1 else None}, *kept[1:]]


def _fitted(sample: Sample, used: int, most: int) -> int:
    """How much room an exchange takes, without its bodies if more than half of all would be used."""
    size = _size(sample)
    if used + size <= most // 2:
        return size
    _leave_out_bodies(sample)
    return _size(sample)


def _leave_out_bodies(sample: Sample) -> None:
    """All but what was said in the messages' bodies, which is most of an exchange."""
    for field in ("request", "response"):
        message = sample[field]
        if message and message["body"]:
            sample[field] = {**message, "body": None, "body_truncated": True, "body_exact": False}
    if sample["curl"]:
        sample["curl"] = curl(sample["method"], sample["url"], sample["request"])


def _size(sample: Sample) -> int:
    """About how much memory an exchange takes, and how long it is in a message."""
    messages = [message for message in (sample["request"], sample["response"]) if message]
    texts = [text for message in messages for header in message["headers"] for text in header]
    texts += [message["body"] or "" for message in messages]
    texts += [
        sample[field] or "" for field in ("curl", "url", "error", "name", "method", "cause", "user_class")
    ]
    return sum(map(_bytes, [*texts, *sample["phases"]])) + 1000


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _kind(method: str, name: str, error: str) -> Kind:
    """What makes failures alike, in characters that can be written anywhere: those of the statistics."""
    return _written(method), _written(name), _written(error)


def _written(text: str) -> str:
    text = text[:MOST_OF_A_BODY]
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


_stores: WeakKeyDictionary[Environment, Samples] = WeakKeyDictionary()


def keep(environment: Environment) -> Samples:
    """Keep examples of this run's failures from now on. Returns where they are kept."""
    store = _stores.get(environment)
    if store is None:
        store = _stores[environment] = Samples()
        environment.events.test_start.add_listener(store.forget)
        environment.events.reset_stats.add_listener(store.forget)
        _core.keep_samples(offer)
    return store


def of(environment: Environment) -> Samples:
    """The examples of this run; none if nobody wanted any."""
    return _stores.get(environment) or Samples()


def offer(response: Any, exception: Any) -> None:
    """Keep a failed exchange, if it is one of our clients' and its run keeps any. Also called natively."""
    if not isinstance(response, _core.Response):
        return
    user = getattr(response._sent()[0], "user", None)
    store = _stores.get(user.environment) if user is not None else None
    if store is not None:
        store.offer(response, exception)


def _items(headers: Any) -> list[tuple[str, str]]:
    if headers is None:
        return []
    return [(_as_text(name), _as_text(value)) for name, value in headers.items()]


def _as_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else _written(str(value))


def _answer(response: Any) -> dict[str, Any]:
    body = response.__dict__.get("_content")
    return _message(list(response._fields()), body if isinstance(body, bytes) else response._body())


def _message(headers: list[tuple[str, str]], body: Any) -> dict[str, Any]:
    """Headers and the start of a body, without secrets; and whether that is the body to the last byte."""
    text, is_truncated = _start_of(body)
    shown = None if text is None else masked(text)
    is_text = not isinstance(body, (bytes, bytearray)) or _is_utf8(body[:MOST_OF_A_BODY])
    return {
        "headers": [
            [name, masked_header(name, value, MOST_OF_A_HEADER)] for name, value in headers[:MOST_HEADERS]
        ],
        "body": shown,
        "body_truncated": is_truncated,
        "body_exact": is_text and not is_truncated and shown == text,
    }


def _is_utf8(body: bytes | bytearray) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _start_of(body: Any) -> tuple[str | None, bool]:
    """The start of a body as text, and whether there is more; what is not in memory is not read."""
    if body is None:
        return None, False
    if not isinstance(body, (bytes, bytearray, str)):
        return f"<{type(body).__name__}>", True
    start = body[:MOST_OF_A_BODY]
    text = _written(start) if isinstance(start, str) else bytes(start).decode("utf-8", "replace")
    return text, len(body) > MOST_OF_A_BODY


_RENEWED = ("content-length", "connection", "transfer-encoding")
"""Headers of a connection, or of a body as it is framed: whoever sends a request again makes them anew."""


_CURLS_OWN = ("Accept", "User-Agent", "Content-Type")
"""Headers that curl adds unless it is told not to, the last one to a body."""


def repeated(url: str, headers: Iterable[Iterable[str]]) -> dict[str, str]:
    """The headers of a kept request that its repetition has, too; `Host` only where it is not the URL's."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    return {
        name: value
        for name, value in headers
        if name.lower() not in _RENEWED and (name.lower(), value) != ("host", host)
    }


def curl(method: str, url: str, request: dict[str, Any]) -> str:
    """The command that sends such a request again; masked values have to be filled in."""
    words = ["curl", "-i"]
    if method != "GET":
        words += ["-X", shlex.quote(method)]
    if any(sign in url for sign in "[]{}"):
        words.append("-g")  # curl would take them for a pattern
    words += [shlex.quote(url)] if url.startswith(("http://", "https://")) else ["--url", shlex.quote(url)]
    headers = repeated(url, request["headers"])
    for name, value in headers.items():
        # Codings are for curl to ask for, of which it then shows the text.
        is_coding = name.lower() == "accept-encoding"
        words += ["--compressed"] if is_coding else ["-H", shlex.quote(f"{name}: {value}")]
    names = {name.lower() for name in headers}
    for name in _CURLS_OWN:
        if name.lower() not in names and (request["body"] or name != "Content-Type"):
            words += ["-H", f"{name}:"]
    if request["body"]:
        words += ["--data-raw", shlex.quote(request["body"])]
    return " ".join(words)
