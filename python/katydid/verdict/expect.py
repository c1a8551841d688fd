"""Which failures were to be expected? Rules that are applied before anybody hears of a request.

They stand between whoever reports a request and the listeners of `events.request`, the recorder of the
statistics among them. Without rules nothing of this is there. With rules a failure takes the way through
Python, and a success does only if a rule makes a failure of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

from katydid import _core
from katydid.results import samples

from . import cause

if TYPE_CHECKING:
    from katydid.locust.env import Environment

CONTEXT_KEY = "katydid_expectation"
"""Where a listener to `request` finds in `context` what a rule has changed: a dict with `rule`, `verdict`
(`expected`, `tolerated`, `failed`), `exception` (the original one, None of a success) and `status`."""

_FAILED = "failed"
_KEPT = "kept"


class RuleBroken(Exception):
    """A request that would have been a success, had a rule not said that it is a failure."""


@dataclass(frozen=True)
class Outcome:
    """What became of one rule."""

    rule: str
    verdict: str
    limit: float | None
    """The share that is tolerated, where there is a limit."""
    requests: int
    """Requests that the rule reclassified."""
    covered: int
    """Requests that the rule is about, whatever became of them."""
    is_broken: bool
    """Were more tolerated than the limit allows? Then they count as failures."""
    kept: int = 0
    """Failures that the rule decided on, and that are failures still."""

    @property
    def share(self) -> float:
        """The reclassified part of what the rule covers."""
        return self.requests / self.covered if self.covered else 0.0


class Expectations:
    """The rules of one environment."""

    def __init__(self, environment: Environment, rules: _core.Rules) -> None:
        self._held = ref(environment)
        self.rules = rules
        self._judges_successes = rules.judge_successes

    @property
    def _stats(self) -> Any:
        environment = self._held()
        assert environment is not None, "whoever reports a request has an environment"
        return environment.stats

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of each rule so far."""
        return [Outcome(*fields) for fields in self.rules.outcomes(self._stats)]

    @property
    def broken(self) -> list[Outcome]:
        """The rules of which more was tolerated than they allow."""
        return [outcome for outcome in self.outcomes if outcome.is_broken]

    def table(self) -> list[str]:
        """The rules with what they reclassified, for the console."""
        return self.rules.table(self._stats)

    def rows(self) -> list[list[str]]:
        """The same for a CSV file."""
        return self.rules.rows(self._stats)

    def words(self) -> str:
        """The same in a few words that can follow others."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            counts[outcome.verdict] = counts.get(outcome.verdict, 0) + outcome.requests
            if outcome.kept:
                counts[_KEPT] = counts.get(_KEPT, 0) + outcome.kept
        broken = [f"broken: {outcome.rule}" for outcome in self.broken]
        return "".join(
            f", {words}" for words in (*(f"{n} {verdict} by rule" for verdict, n in counts.items()), *broken)
        )

    def document(self) -> dict[str, Any]:
        """The same for programs: what `/api/v1/expectations` answers."""
        kinds = ("rule", "verdict", "method", "name", "from", "occurrences", "first_seen_at", "last_seen_at")
        return {
            "rules": [
                {
                    "rule": outcome.rule,
                    "verdict": outcome.verdict,
                    "limit": outcome.limit,
                    "requests": outcome.requests,
                    "kept": outcome.kept,
                    "covered": outcome.covered,
                    "share": outcome.share,
                    "broken": outcome.is_broken,
                }
                for outcome in self.outcomes
            ],
            "reclassified": [dict(zip(kinds, row, strict=True)) for row in self._stats._reclassified()],
        }

    def hear(self, event: dict[str, Any]) -> None:
        """Judge a request before the listeners hear of it; `event` are the arguments of the event."""
        if event.get("exception") or self._judges_successes:
            self._judge(event)
            if exception := event.get("exception"):
                samples.offer(event.get("response"), exception)

    def _judge(self, event: dict[str, Any]) -> None:
        """Change the arguments of a request event to what the rules make of it, and count that."""
        exception, response = event.get("exception"), event.get("response")
        method, name = str(event.get("request_type")), str(event.get("name"))
        status = cause.status_of(response, exception)
        found = self.rules.judge(
            method,
            name,
            is_failure=bool(exception),
            status=status,
            no_answer=cause.no_answer_of(response, exception) if exception else None,
            texts=cause.texts_of(exception) if exception else [],
        )
        if found is None:
            return
        rule, verdict = found
        was = _core.stats_error_text(exception) if exception else _success(status)
        self._stats._record_reclassified(rule, verdict, method, name, was, time.time())
        if verdict == _KEPT:
            return  # counted, and otherwise what it was
        event["exception"] = RuleBroken(f"{was}, by the rule: {rule}") if verdict == _FAILED else None
        context = event.get("context")
        event["context"] = {
            **(context if isinstance(context, Mapping) else {}),
            CONTEXT_KEY: {"rule": rule, "verdict": verdict, "exception": exception or None, "status": status},
        }


def _success(status: int | None) -> str:
    return "success" if status is None else f"success with status {status}"


def expect(environment: Environment, rules: Iterable[str]) -> Expectations | None:
    """Have requests judged by these rules from now on, in place of those before. Without any, by none.

    Raises:
        ValueError: a text that is no rule; its message shows the place and what to write.
    """
    texts = list(rules)
    expectations = Expectations(environment, _core.Rules(texts)) if texts else None
    environment.events.request._expectations = expectations
    return expectations


def expectations_of(environment: Environment) -> Expectations | None:
    """The rules of an environment; None without any."""
    # A locustfile may have put a hook of its own kind there.
    return getattr(environment.events.request, "_expectations", None)


def expectations_document(environment: Environment) -> dict[str, Any]:
    """What `/api/v1/expectations` answers, also without rules."""
    expectations = expectations_of(environment)
    return {"rules": [], "reclassified": []} if expectations is None else expectations.document()
