"""What remains of a run for a reader? One document: a page that needs nothing else, Markdown, or JSON.

All three tell the same data, which are the answers of `/api/v1`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from katydid.history.keeper import keeper_of
from katydid.results import samples

from . import documents, page
from .recording import Recording, recording_of

TEMPLATE = "report.html"

_PARTS = ("run", "errors", "verdict", "triage", "expectations", "exceptions", "history", "config")
_MARKUP = re.compile(r"[\\|`*\[\]]")
"""What makes more than text of a text in Markdown."""

_TABLE_PERCENTILES = ("0.5", "0.95", "0.99")


def report_data(environment: Any, shows_download_link: bool = False, theme: str = "") -> dict[str, Any]:
    """Everything that a report tells, by name."""
    recording = recording_of(environment)
    recording.publish()
    data = {name: recording.document(name) for name in _PARTS}
    data["stats"] = recording.document("stats?rates=run")
    return {
        **data,
        "tasks": documents.tasks_document(environment, documents.report_counts(environment.runner)),
        "samples": samples.of(environment).all(),
        "distributions": json.loads(environment.stats._distributions()),
        "comparison": _comparison(environment),
        "started_at": recording.started_at,
        "ended_at": recording.ended_at or _last_request_at(recording),
        "show_download_link": shows_download_link,
        **({"theme": theme} if theme in ("light", "dark") else {}),
    }


def _last_request_at(recording: Recording) -> float | None:
    at: float | None = recording.environment.stats.last_request_timestamp
    return at


def _comparison(environment: Any) -> Any:
    """What became of the run's comparison with its baseline; None without one, and before the end."""
    keeper = keeper_of(environment)
    return None if keeper is None else keeper.comparison()


def as_html(data: dict[str, Any]) -> str:
    """The report as a page.

    Raises:
        page.NotBuilt: this build has none.
    """
    shown = {name: _as_precise_as_shown(data[name]) for name in _NUMBERS if data.get(name)}
    return page.filled(TEMPLATE, {**data, **shown})


_NUMBERS = ("history", "stats")
"""What a report has most of."""

_LEAST_MOMENT = 1e6
"""Numbers above are moments, in seconds since the epoch, or counts."""


def _as_precise_as_shown(value: Any) -> Any:
    """Numbers with five digits, moments with milliseconds: the page shows no more, and files stay small."""
    if isinstance(value, float):
        short = round(value, 3) if abs(value) >= _LEAST_MOMENT else float(f"{value:.5g}")
        return int(short) if short.is_integer() else short
    if isinstance(value, dict):
        return {key: item if key == "heat" else _as_precise_as_shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_precise_as_shown(item) for item in value]
    return value


def as_json(data: dict[str, Any]) -> str:
    """The report for programs."""
    return json.dumps(data, indent=2, default=str) + "\n"


def as_markdown(data: dict[str, Any]) -> str:
    """The report for merge requests and chats: what it is about, entries, failures, exceptions."""
    run = data["run"] or {}
    stats = data["stats"] or {"entries": [], "total": None}
    total = [stats["total"]] if stats["total"] else []
    lines = [f"# {_cell(run.get('locustfile') or 'Load test')}", "", *_facts(data), ""]
    lines += _table(_ENTRY_HEAD, [_entry_row(entry) for entry in [*stats["entries"], *total]])
    lines += _verdict_lines(data.get("verdict"))
    failures = (data["errors"] or {}).get("errors", [])
    if failures:
        rows = [[f["occurrences"], f["method"], f["name"], f["error"]] for f in failures]
        lines += ["", "## Failures", "", *_table(["#", "method", "name", "error"], rows)]
    lines += _triage_section((data.get("triage") or {}).get("groups", []))
    lines += _expectations_section((data.get("expectations") or {}).get("rules", []))
    raised = (data["exceptions"] or {}).get("exceptions", [])
    if raised:
        rows = [[e["count"], e["message"], ", ".join(e["nodes"])] for e in raised]
        lines += ["", "## Exceptions", "", *_table(["#", "message", "nodes"], rows)]
    return "\n".join(lines) + "\n"


def _triage_section(groups: list[dict[str, Any]]) -> list[str]:
    """Why requests failed."""
    if not groups:
        return []
    rows = [
        [g["failures"], _percent(g["share"]), g["cause"], g["method"], g["name"], g["example"]]
        for g in groups
    ]
    head = ["#", "share", "cause", "method", "name", "example"]
    return ["", "## Why requests failed", "", *_table(head, rows)]


def _expectations_section(rules: list[dict[str, Any]]) -> list[str]:
    """What the rules made of the run."""
    if not rules:
        return []
    rows = [
        [
            rule["rule"],
            rule["verdict"],
            rule["requests"],
            _percent(rule["share"]),
            _percent(rule["limit"]),
            _rule_note(rule),
        ]
        for rule in rules
    ]
    head = ["rule", "as", "# reclassified", "share", "limit", ""]
    return ["", "## Expectations", "", *_table(head, rows)]


def _rule_note(rule: dict[str, Any]) -> str:
    if rule["broken"]:
        return "BROKEN: these are failures"
    return f"{rule['kept']} failures kept" if rule.get("kept") else ""


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"


def _verdict_lines(verdict: dict[str, Any] | None) -> list[str]:
    """What was asked of the run and what became of it."""
    if verdict is None:
        return []
    lines: list[str] = []
    if verdict["levels"]:
        rows = [[_level_result(level), *(level[key] for key in _LEVEL_KEYS)] for level in verdict["levels"]]
        lines += ["", "## Levels", "", *_table(_LEVEL_HEAD, rows)]
    if verdict["thresholds"]:
        rows = [
            [_passed(found["passed"]), found["text"], found["shown"], found["place"]]
            for found in verdict["thresholds"]
        ]
        lines += ["", "## Thresholds", "", *_table(["", "threshold", "measured", "where"], rows)]
    if findings := verdict.get("findings"):
        rows = [[_passed(found["passed"]), found["name"], found["said"]] for found in findings]
        lines += ["", "## Further findings", "", *_table(["", "asked", "found"], rows)]
    return lines


def _level_result(level: dict[str, Any]) -> str:
    is_short = level.get("state") == "over" and not level.get("is_complete", True)
    return _passed(level["passed"]) + (" (cut short)" if is_short else "")


def _passed(passed: bool) -> str:
    return "pass" if passed else "FAIL"


_LEVEL_HEAD = ["", "level", "users", "requests", "failures", "per second", "50 %", "95 %", "99 %"]
_LEVEL_KEYS = ("title", "users", "requests", "failures", "rps", "p50_ms", "p95_ms", "p99_ms")

_ENTRY_HEAD = [
    *("method", "name", "requests", "failures", "per second"),
    *("average ms", "50 %", "95 %", "99 %", "max ms"),
]


def _facts(data: dict[str, Any]) -> list[str]:
    """A line for each thing to know about the run."""
    run = data["run"] or {}
    generator = run.get("generator") or {}
    facts = [
        ("host", run.get("host")),
        ("profile", run.get("profile")),
        ("load shape", run.get("shape")),
        ("began", _moment(data["started_at"])),
        ("ended", _moment(data["ended_at"])),
        ("users", run.get("target_user_count")),
        ("generator's lag, 99 %", _with_unit(generator.get("lag_p99_ms"), "ms")),
        ("**the generator was the limit**", generator.get("remedy") if generator.get("limited") else None),
    ]
    return [f"- {name}: {_cell(value)}" for name, value in facts if value not in (None, "")]


def _entry_row(entry: dict[str, Any]) -> list[Any]:
    percentiles = entry["percentiles"]
    return [
        entry["method"],
        entry["name"],
        entry["requests"],
        entry["failures"],
        entry["rps"],
        entry["avg_ms"],
        *(percentiles.get(share) for share in _TABLE_PERCENTILES),
        entry["max_ms"],
    ]


def _table(head: list[str], rows: list[list[Any]]) -> list[str]:
    ruler = ["---"] * len(head)
    return ["| " + " | ".join(_cell(value) for value in row) + " |" for row in [head, ruler, *rows]]


def _cell(value: Any) -> str:
    """A value that keeps to its place in a table, whatever it contains."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    text = str(value).replace("&", "&amp;").replace("<", "&lt;")
    return " ".join(_MARKUP.sub(r"\\\g<0>", text).split())


def _with_unit(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{_cell(value)} {unit}"


def _moment(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at).astimezone().isoformat(" ", "seconds")


_FORMS = {".md": as_markdown, ".markdown": as_markdown, ".json": as_json}


def form_for(path: Path) -> Callable[[dict[str, Any]], str]:
    """In which form a report goes into a file: its ending says so."""
    return _FORMS.get(path.suffix.lower(), as_html)


class ReportFile:
    """The report that a run leaves in a file; the ending of its name says in which form.

    Raises:
        page.NotBuilt: it is to be a page, and this build has none.
        OSError: the file cannot be written.
    """

    def __init__(self, environment: Any, path: str) -> None:
        self._environment = environment
        self._path = Path(path)
        self._form = form_for(self._path)
        if self._form is as_html:
            page.document(TEMPLATE)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8"):
            pass  # that it cannot be written is to be known before the run, not after it
        self.recording = recording_of(environment)

    def write(self) -> None:
        """Write it, as of now."""
        self._path.write_text(self._form(report_data(self._environment)), encoding="utf-8")
