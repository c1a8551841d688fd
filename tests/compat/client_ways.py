"""The ways of one table of calls: each is played once in a process of its own, then compared case by case."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_HELPERS = _HERE.parent / "python"
_LIMIT_S = 150
WAYS = {"requests": ["stock", "native", "hook", "adapter"], "fast": ["stock", "native", "python"]}


@functools.cache
def played(table: str) -> dict[str, dict[str, Any]]:
    """What every way of a table saw, by way and case. The ways are played at the same time."""
    stock = os.environ.get("STOCK_PYTHON")
    if not stock:
        raise RuntimeError(
            "STOCK_PYTHON must name a Python with stock Locust 2.46.3 installed (make test sets it)"
        )
    running = {way: _start(stock if way == "stock" else sys.executable, table, way) for way in WAYS[table]}
    return {way: _result(way, process) for way, process in running.items()}


def _start(python: str, table: str, way: str) -> subprocess.Popen[str]:
    command = [python, str(_HERE / "client_driver.py"), table, way, str(_HELPERS)]
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _result(way: str, process: subprocess.Popen[str]) -> dict[str, Any]:
    try:
        output, _ = process.communicate(timeout=_LIMIT_S)
    finally:
        process.kill()
    if process.returncode:
        raise RuntimeError(
            f"the way {way!r} ended with {process.returncode}; run client_driver.py by hand to see why"
        )
    return json.loads(output)


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two results differ: path, theirs, ours."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted({*theirs, *ours}):
            yield from differences(theirs.get(name), ours.get(name), f"{path}/{name}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(*pair, f"{path}[{index}]")
    elif theirs != ours and not _is_more(path, theirs, ours):
        yield path, theirs, ours


def _is_more(path: str, theirs: Any, ours: Any) -> bool:
    """Whether ours says of an error which request it belongs to, and theirs says nothing about that."""
    if path.endswith("/request"):
        return theirs is None
    if not (isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs) + 1):
        return False
    return ours[:-1] == theirs and isinstance(ours[-1], list) and ours[-1][:1] == ["request"]


def compare(table: str, way: str, case: str, listed: dict[str, list[str]]) -> None:
    """Assert that a case goes on `way` as on stock Locust, except at the places that are `listed` for it."""
    results = played(table)
    found = list(differences(results["stock"][case], results[way][case]))
    allowed = listed.get(case, [])
    wrong = [place for place in found if not any(re.match(pattern, place[0]) for pattern in allowed)]
    assert not wrong, "\n".join(
        f"{path}\n  stock: {theirs!r}\n  ours:  {ours!r}" for path, theirs, ours in wrong
    )


def stale(table: str, listed: dict[str, list[str]]) -> list[str]:
    """The listed cases in which no way differs (any more)."""
    results = played(table)
    return [
        case
        for case in listed
        if not any(any(differences(results["stock"][case], results[way][case])) for way in WAYS[table][1:])
    ]
