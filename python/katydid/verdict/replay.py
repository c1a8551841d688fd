"""Does a failure that was kept still happen without load? The exchange is sent again, a few times.

What still fails in the same way is a bug; what does not was the load; of what fails in another way nobody can
tell. Secrets are not kept with an exchange, so whoever sends it again has to bring them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from katydid import _core
from katydid.results.samples import repeated
from katydid.results.secrets import MASK
from katydid.results.texts import printable

_IN_PAGE = re.compile(r'<script id="katydid-data" type="application/json">(.*?)</script>', re.DOTALL)

Sample = Mapping[str, Any]


class CannotReplay(Exception):
    """The exchange cannot be sent; the message says what is missing."""


def kept_in(path: str) -> dict[str, Sample]:
    """The failed exchanges in a report, by id. The report may be JSON or a page.

    Raises:
        CannotReplay: it is none.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise CannotReplay(f"{path}: {getattr(fault, 'strerror', None) or 'no report'}") from fault
    page = _IN_PAGE.search(text)
    try:
        data = json.loads(page[1] if page else text)
    except ValueError as fault:
        raise CannotReplay(f"{path}: no report in JSON or HTML, as --html writes them") from fault
    kept = data.get("samples") if isinstance(data, dict) else None
    if not isinstance(kept, dict):
        raise CannotReplay(f"{path}: there are no exchanges in it; write a report with --html report.json")
    return kept


def kept_by(store: str | None, run: str) -> dict[str, Sample]:
    """The failed exchanges of a stored run, by id; the run is a number, `last`, or the name of a baseline.

    Raises:
        CannotReplay: there is no such run, or it ended before its exchanges were kept.
    """
    try:
        number, _, documents = _core.history_run(store, run, ["samples"])
    except (OSError, ValueError) as fault:
        raise CannotReplay(f"{run} is no report that is there, and no stored run: {fault}") from fault
    if not documents:
        raise CannotReplay(f"run {number} did not end in order, and exchanges are kept at the end of a run")
    kept: dict[str, Sample] = json.loads(documents[0][1])
    return kept


def listed(kept: Mapping[str, Sample]) -> Iterator[str]:
    """A line for each failure that can be sent again."""
    for sample_id, sample in kept.items():
        line = f"{sample_id:>4}  {sample['cause']:<13} {sample['method']} {sample['name']}: {sample['error']}"
        yield printable(line)


@dataclass(frozen=True)
class Message:
    """A request to send."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None


def message_of(
    sample: Sample, headers: Iterable[str] = (), host: str | None = None, body: bytes | None = None
) -> Message:
    """The request of an exchange, with headers, host and body in place of those that were kept.

    Raises:
        CannotReplay: something of it was not kept, such as a secret, and is not given either.
    """
    sent = sample["request"]
    given = dict(_header(line) for line in headers)
    known = repeated(sample["url"], sent["headers"])
    replaced = {name.lower() for name in given}
    merged = {name: value for name, value in known.items() if name.lower() not in replaced} | given
    missing = [f"--header '{name}: …'" for name, value in merged.items() if MASK in value]
    url = _elsewhere(sample["url"], host) if host else sample["url"]
    if MASK in url:
        missing.append("a URL without secrets in it")
    if body is None:
        if not sent.get("body_exact", sent["body"] is None) or MASK in (sent["body"] or ""):
            missing.append("--body FILE")
        body = _kept_body(sent)
    if missing:
        raise CannotReplay(f"not everything of this request was kept; give {' and '.join(missing)}")
    return Message(sample["method"], url, merged, body)


def _kept_body(sent: Mapping[str, Any]) -> bytes | None:
    """The body; an empty one is none, unless its length was announced."""
    if sent["body"] is None and not any(name.lower() == "content-length" for name, _ in sent["headers"]):
        return None
    return (sent["body"] or "").encode()


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise CannotReplay(f"--header {line!r}: write it as 'Name: value'")
    return name.strip(), value.strip()


def _elsewhere(url: str, host: str) -> str:
    """The URL at another host."""
    parts, other = urlsplit(url), urlsplit(host)
    if not other.scheme or not other.netloc:
        raise CannotReplay(f"--host {host}: write it as http://127.0.0.1:8000")
    return urlunsplit((other.scheme, other.netloc, other.path.rstrip("/") + parts.path, parts.query, ""))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int | None
    response_ms: float
    error: str | None
    body: str | None


FAILS = "fails"
FAILS_OTHERWISE = "fails otherwise"
SUCCEEDS = "succeeds"
UNCLEAR = "unclear"


def judged(sample: Sample, answer: Answer) -> tuple[str, str]:
    """Did it fail again? `fails` (as before), `fails otherwise`, `succeeds` or `unclear`, and why."""
    before = sample["status"]
    was = f"it was {before or 'no answer'} before"
    if answer.status is None:
        return (FAILS, "no answer, as before") if before is None else (FAILS_OTHERWISE, f"no answer; {was}")
    if answer.status >= 400:
        return (FAILS, "the same status") if answer.status == before else (FAILS_OTHERWISE, was)
    if before is None or before >= 400:
        return SUCCEEDS, was
    kept = sample["response"] or {}
    if kept.get("body_exact") and kept.get("body") == answer.body:
        return FAILS, "the very answer that the script called a failure"
    return UNCLEAR, "the script's own check failed it, and the answer is another one now"


def conclusion(outcomes: list[str]) -> str:
    """What the outcomes of all tries say about the failure."""
    fails, otherwise = outcomes.count(FAILS), outcomes.count(FAILS_OTHERWISE)
    tries = len(outcomes)
    if fails == tries:
        return f"{fails} of {tries} failed without load: still fails, a bug"
    if otherwise and not fails:
        return (
            f"{otherwise} of {tries} failed otherwise than before, so nobody can tell; see that the server is"
            " there and that the request is still a good one (--host, --header, --body), and send it again"
        )
    if fails:
        return f"{fails} of {tries} failed without load: fails at times, a bug that load makes no rarer"
    if UNCLEAR in outcomes:
        return f"none of {tries} is known to have failed; look at the answers, the script's check decides"
    return f"0 of {tries} failed without load: does not fail any more, so it was the load"
