"""How is a report made of a run that is over? From its measurements, as that of a run that goes on.

`katydid report RUN` writes it; the ending of the file's name says in which form.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from katydid import _core
from katydid.control import page
from katydid.control.report import TEMPLATE, as_html, form_for

from .keeper import DOCUMENTS

_PARTS = ("run", "errors", "triage", "expectations", "exceptions", "history", "config")
_EXIT_FINE = 0
_EXIT_FAILURE = 1
_EXIT_USAGE = 2


def stored_report_data(store: str | None, run: str) -> dict[str, Any]:
    """Everything that a report of a stored run tells, by name.

    Raises:
        ValueError: there is no such run, or no such store.
        OSError: the store cannot be read.
    """
    number, text, kept = _core.history_run(store, run, [*DOCUMENTS, "samples"])
    about = json.loads(text)
    documents = {name: json.loads(content) for name, content in kept}
    board = _board(about, documents)
    board.publish_stored(store, str(number))
    board.publish("run", json.dumps(_run(about, documents, "stopped")).encode())
    data = {name: _answer(board, name) for name in _PARTS}
    return {
        **data,
        "stats": _answer(board, "stats?rates=run"),
        "tasks": documents.get("tasks", {}),
        "samples": documents.get("samples", {}),
        "verdict": (about["verdict"] or {}).get("thresholds"),
        "started_at": about["started_at"],
        "ended_at": about["ended_at"],
        "show_download_link": False,
        "stored": {name: about[name] for name in ("run", "state", "git", "levels", "verdict")},
    }


def _board(about: dict[str, Any], documents: dict[str, Any]) -> _core.Control:
    """A board as it was while the run went on."""
    board = _core.Control(host=None)
    # A run that was killed left no documents; what its rules made of failures is in the store all the same.
    known = {"expectations": {"rules": [], "reclassified": about["reclassified"]}, **documents}
    for name in ("config", "tasks", "exceptions", "triage", "expectations"):
        if name in known:
            board.publish(name, json.dumps(known[name]).encode())
    board.publish("run", json.dumps(_run(about, documents, "running")).encode())
    board.mark("start", "", about["started_at"])
    for level in about["levels"]:
        board.mark("stage", level["label"], level["from"])
    return board


def _run(about: dict[str, Any], documents: dict[str, Any], state: str) -> dict[str, Any]:
    """The document about the run; one that was killed left none."""
    known = {name: about[name] for name in ("started_at", "ended_at", "locustfile", "host", "profile")}
    plain = {
        "user_count": about["users"],
        "target_user_count": about["users"],
        "elapsed_s": about["seconds"],
        "users_by_class": {},
        "workers": [],
        "version": about["versions"].get("katydid"),
    }
    return {**plain, **documents.get("run", {}), **known, "state": state}


def _answer(board: _core.Control, name: str) -> Any:
    status, _, body = board.answer(f"/api/v1/{name}")
    return json.loads(body) if status == 200 else None


def report_main(argv: list[str]) -> int:
    """Write a report as the arguments say. Returns the exit code."""
    parser = argparse.ArgumentParser("katydid report", description="Write the report of a stored run.")
    parser.add_argument("run", help='number of a run, "last", or the name of a baseline')
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="a page, or Markdown or JSON if it ends in .md or .json. Default: report-RUN.html",
    )
    parser.add_argument(
        "--store",
        metavar="PATH|URL",
        default=os.environ.get("KATYDID_STORE"),
        help="where runs are stored. Also: KATYDID_STORE",
    )
    options = parser.parse_args(argv)
    path = Path(options.output or f"report-{options.run}.html")
    form = form_for(path)
    try:
        if form is as_html:
            page.document(TEMPLATE)
        path.write_text(form(stored_report_data(options.store, options.run)), encoding="utf-8")
    except ValueError as fault:
        return _complain(fault, _EXIT_USAGE)
    except (OSError, page.NotBuilt) as fault:
        return _complain(fault, _EXIT_FAILURE)
    print(path)
    return _EXIT_FINE


def _complain(fault: Exception, code: int) -> int:
    print(f"katydid: error: {fault}", file=sys.stderr)
    return code
