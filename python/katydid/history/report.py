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

_EXIT_FINE = 0
_EXIT_FAILURE = 1
_EXIT_USAGE = 2


def stored_report_data(store: str | None, run: str) -> dict[str, Any]:
    """Everything that a report of a stored run tells, by name.

    Raises:
        ValueError: there is no such run, or no such store.
        OSError: the store cannot be read.
    """
    data: dict[str, Any] = json.loads(_core.history_report(store, run))
    return data


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
