"""`katydid replay RUN [FAILURE]`: send a failed exchange of a stored run or a report again, without load."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import katydid.locust  # noqa: F401 - whoever imports parts of the package imports this first
from katydid.http.hop import Hop
from katydid.verdict.replay import (
    FAILS,
    FAILS_OTHERWISE,
    UNCLEAR,
    Answer,
    CannotReplay,
    Message,
    Sample,
    conclusion,
    judged,
    kept_by,
    kept_in,
    listed,
    message_of,
)

_EXIT_FINE = 0
_EXIT_STILL_FAILS = 1
_EXIT_USAGE = 2
_MOST_TIMES = 1000
_REPORTS = (".json", ".html", ".htm")
"""What the name of a report ends in."""


def replay_main(argv: list[str]) -> int:
    """Do what the arguments say. Returns the exit code: 1 if it still fails, 2 if nobody can tell."""
    options = _parser().parse_args(argv)
    try:
        kept = _kept(options.run, options.store)
        if options.failure is None:
            return _list(kept, options.run)
        sample = kept.get(options.failure)
        if sample is None:
            known = ", ".join(kept) or "none"
            raise CannotReplay(f"{options.run} has no failure {options.failure}; there are: {known}")
        body = Path(options.body).read_bytes() if options.body else None
        message = message_of(sample, options.header, options.host, body)
    except (CannotReplay, OSError) as fault:
        print(f"katydid replay: error: {fault}", file=sys.stderr)
        return _EXIT_USAGE
    return _replay(sample, message, options)


def _kept(run: str, store: str | None) -> dict[str, Sample]:
    """What was kept of a run, in a report or else in the store."""
    is_report = Path(run).suffix in _REPORTS or Path(run).is_file()
    return kept_in(run) if is_report else kept_by(store, run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="katydid replay",
        description="Send a failed exchange of a run again, without load, and say whether it still fails.",
    )
    parser.add_argument(
        "run",
        help='a stored run (its number, "last", or the name of a baseline), or a report of it, as --html '
        "report.json or report.html writes it",
    )
    parser.add_argument("failure", nargs="?", help="number of the exchange; without it all are listed")
    parser.add_argument(
        "--store",
        metavar="<path or url>",
        default=os.environ.get("KATYDID_STORE"),
        help="where runs are stored. Also: KATYDID_STORE",
    )
    parser.add_argument("--times", type=_times, default=5, metavar="<int>", help="how often; default: 5")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="<name: value>",
        help="a header in place of the kept one, such as a secret, which is never kept; repeatable",
    )
    parser.add_argument("--host", metavar="<base url>", help="send it there instead")
    parser.add_argument("--body", metavar="<filename>", help="the body, where it was not kept as a whole")
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="<seconds>", help="limit for an answer; default: 60"
    )
    return parser


def _times(text: str) -> int:
    times = int(text) if text.isdigit() else 0
    if not 1 <= times <= _MOST_TIMES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST_TIMES}")
    return times


def _list(kept: dict[str, Sample], run: str) -> int:
    for line in listed(kept):
        print(line)
    if not kept:
        print(f"{run}: no failed request was kept")
    return _EXIT_FINE


def _replay(sample: Sample, message: Message, options: Any) -> int:
    print(f"{message.method} {message.url}: {sample['error']} ({sample['cause']})")
    session = _session(options.timeout)
    outcomes = []
    for number in range(1, options.times + 1):
        answer = _send(session, message)
        outcome, why = judged(sample, answer)
        outcomes.append(outcome)
        what = answer.status or answer.error
        print(f"{number:>3}  {what}  {answer.response_ms:.1f} ms  {outcome}: {why}", flush=True)
    print(conclusion(outcomes))
    if FAILS in outcomes:
        return _EXIT_STILL_FAILS
    nobody_can_tell = UNCLEAR in outcomes or FAILS_OTHERWISE in outcomes
    return _EXIT_USAGE if nobody_can_tell else _EXIT_FINE


def _session(timeout: float) -> Any:
    """A session that adds no header of its own."""
    from katydid.locust.contrib.fasthttp import FastHttpSession
    from katydid.locust.event import EventHook

    session = FastHttpSession(
        base_url=None,
        request_event=EventHook(),
        user=None,
        network_timeout=timeout,
        connection_timeout=timeout,
        max_retries=0,
        max_redirects=30,
    )
    session._default_headers.clear()
    return session


def _send(session: Any, message: Message) -> Answer:
    """Send the message as it is: with no header of the session's, and no cookie of an answer before."""
    session.cookiejar.clear()
    begun = time.perf_counter()
    response = session._repeat(Hop(message.method, message.url, dict(message.headers), message.body))
    response_ms = (time.perf_counter() - begun) * 1000
    if not response.status_code:
        return Answer(None, response_ms, repr(response.error), None)
    body = response.content
    return Answer(
        response.status_code, response_ms, None, None if body is None else body.decode("utf-8", "replace")
    )
