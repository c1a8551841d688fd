"""Why did requests fail? Failures grouped by cause and endpoint, the most frequent first.

Counts are those of the table of failures, so they are complete; what an answer looked like is known of the
exchanges that were kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from katydid import _core
from katydid.results import samples
from katydid.results.failure import shown_text
from katydid.results.secrets import masked
from katydid.results.texts import printable

from . import cause

if TYPE_CHECKING:
    from katydid.locust.env import Environment

_ROWS_SHOWN = 20
_EXAMPLE_WIDTH = 70
_REQUEST_WIDTH = 40


@dataclass
class Group:
    """The failures of one cause at one endpoint."""

    cause: str
    method: str
    name: str
    requests: int
    """Requests of this method and name, failed or not."""
    failures: int = 0
    example: str = ""
    """The most frequent failure of the group, in the words of whoever declared it."""
    first_seen_at: float = float("inf")
    last_seen_at: float = 0.0
    samples: list[str] = field(default_factory=list)
    """Ids of the exchanges that were kept: the first ones, then the slowest."""
    _most: int = 0

    @property
    def share(self) -> float | None:
        """The part of the endpoint's requests that failed this way."""
        return self.failures / self.requests if self.requests else None

    def add(self, text: str, occurrences: int, seen: tuple[float, float], ids: list[str]) -> None:
        """Count failures of one kind."""
        self.failures += occurrences
        self.first_seen_at = min(self.first_seen_at, seen[0])
        self.last_seen_at = max(self.last_seen_at, seen[1])
        self.samples += ids
        if occurrences > self._most:
            self._most, self.example = occurrences, text

    def document(self) -> dict[str, Any]:
        """The group for programs."""
        return {
            "cause": self.cause,
            "method": self.method,
            "name": self.name,
            "failures": self.failures,
            "requests": self.requests,
            "share": self.share,
            "example": self.example,
            "first_seen_at": self.first_seen_at,
            "last_seen_at": self.last_seen_at,
            "samples": self.samples,
        }


def triage(environment: Environment) -> list[Group]:
    """All failures of a run, grouped; the largest group first."""
    stats, kept = environment.stats, samples.of(environment)
    groups: dict[tuple[str, str, str], Group] = {}
    for error in stats.errors.views():
        exchanges = kept.of_kind(error.method, error.name, _core.stats_error_text(error.error))
        word = exchanges[0]["cause"] if exchanges else _cause_of(error.error)
        key = (word, error.method, error.name)
        if key not in groups:
            groups[key] = Group(*key, requests=_requests(stats, error.method, error.name))
        text = masked(shown_text(error.error))
        seen = (error.first_seen, error.last_seen)
        groups[key].add(text, error.occurrences, seen, [sample["id"] for sample in exchanges])
    return sorted(groups.values(), key=lambda group: -group.failures)


def _cause_of(error: Any) -> str:
    """The cause of a failure of which no exchange was kept."""
    return cause.cause_of(cause.status_of(None, error), cause.no_answer_of(None, error), error)


def _requests(stats: Any, method: str, name: str) -> int:
    key = (name, method)
    return int(stats.entries[key].num_requests) if key in stats.entries else 0


def triage_document(environment: Environment) -> dict[str, Any]:
    """The groups for programs: what `/api/v1/triage` answers."""
    return {"groups": [group.document() for group in triage(environment)]}


def triage_table(environment: Environment) -> list[str]:
    """The table for the console, ending with an empty line; nothing where nothing failed."""
    groups = triage(environment)
    if not groups:
        return []
    head = f"{'# failures':<12} {'Share':>8}  {'Cause':<14} {'Request':<{_REQUEST_WIDTH}} Example"
    ruler = "|".join("-" * width for width in (12, 10, 15, _REQUEST_WIDTH, _EXAMPLE_WIDTH))
    rest = groups[_ROWS_SHOWN:]
    lines = ["Why requests failed", head, ruler, *map(_line, groups[:_ROWS_SHOWN])]
    if rest:
        failures = sum(group.failures for group in rest)
        lines.append(f"{failures:<12} {'':>8}  in {len(rest)} more groups")
    return [*lines, ruler, ""]


def _line(group: Group) -> str:
    share = "" if group.share is None else f"{group.share:.2%}"
    request = f"{group.method} {group.name}".strip()
    example = f" [{group.samples[0]}]" if group.samples else ""
    text = _one_line(group.example)
    return f"{group.failures:<12} {share:>8}  {group.cause:<14} {request:<{_REQUEST_WIDTH}} {text}{example}"


def _one_line(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= _EXAMPLE_WIDTH else f"{line[: _EXAMPLE_WIDTH - 1]}…"
