"""Behind each public name is what stock Locust has there: parameters, defaults, values, base classes.

The names are those of `surface.toml`. Ours may take more than theirs, never less.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from surface import read_surface

SCRIPT = Path(__file__).with_name("interface.py")
SURFACE = read_surface()
EXTRAS = (
    "dns",
    "milvus",
    "mongodb",
    "mqtt",
    "oai",
    "postgres",
    "qdrant",
    "socketio",
)  # their libraries are not here
NAMES = [
    name
    for name in SURFACE.names
    if name.startswith("locust.")
    and SURFACE.reason(name) is None
    and not name.startswith(tuple(f"locust.contrib.{extra}" for extra in EXTRAS))
]

# Base classes that must be in ours where they are in theirs; others are how Locust is made.
PROMISED_BASES = ("locust.", "requests.", "logging.", "collections.abc.", "builtins.")

# What has other parameters, values or bases on purpose, and why.
DIFFERENT = {
    "locust.__all__": "the same names in another order, and submodules",
    "locust.env.Environment.create_master_runner": "without a key, this machine alone is the default",
    "locust.rpc.zmqrpc.Client": "made by runners, not by users: sockets are native",
    "locust.rpc.zmqrpc.Server": "the same",
    "locust.clients.ResponseContextManager": "made by sessions, not by users",
    "locust.contrib.fasthttp.FAILURE_EXCEPTIONS": "holds our classes in place of geventhttpclient's",
    "locust.contrib.fasthttp.LocustUserAgent": "stock's derives from geventhttpclient, whose place is ours",
    "locust.contrib.fasthttp.FastRequest": "the same",
    "locust.contrib.fasthttp.FastResponse.read": "the same",
}


def answers(python: str, *arguments: str) -> dict[str, Any]:
    command = [python, str(SCRIPT), *arguments]
    names = "\n".join(NAMES)
    run = subprocess.run(command, input=names, check=True, capture_output=True, text=True, timeout=60)
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    return answers(os.environ["STOCK_PYTHON"])


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return answers(sys.executable, "--katydid")


def lacks(their: dict[str, Any], our: dict[str, Any]) -> list[str]:
    """In which ways is ours not theirs?"""
    found = []
    if {their["kind"], our["kind"]} in ({"class", "value"}, {"function", "value"}) and their[
        "kind"
    ] != "value":
        found.append(f"is a {our['kind']}, not a {their['kind']}")
    if "value" in their and "value" in our and their["value"] != our["value"]:
        found.append(f"is {our['value']}, not {their['value']}")
    bases = [base for base in their.get("bases", ()) if base.startswith(PROMISED_BASES)]
    present = {_short(base) for base in our.get("bases", ())}
    found += [f"does not derive from {base}" for base in bases if _short(base) not in present]
    return found + lacking_parameters(their.get("parameters"), our.get("parameters"))


def _short(base: str) -> str:
    """A class's own name: where ours is defined is no part of the interface."""
    return base.rsplit(".", 1)[-1]


def lacking_parameters(their: Any, our: Any) -> list[str]:
    if their is None or our is None:
        return []
    kinds = {kind for kind, _ in our.values()}
    found = []
    for name, (kind, default) in their.items():
        if name in our:
            if default not in (our[name][1], "none") and not _is_unset(our[name][1]):
                found.append(f"parameter {name} is {our[name][1]} by default, not {default}")
        elif not kind.startswith("VAR_") and not _is_taken(kind, kinds):
            found.append(f"has no parameter {name}")
    return found


def _is_unset(default: str) -> bool:
    """Native methods take None for what was not given."""
    return default == "None"


def _is_taken(kind: str, kinds: set[str]) -> bool:
    return kind in ("KEYWORD_ONLY", "POSITIONAL_OR_KEYWORD") and "VAR_KEYWORD" in kinds


def test_there_is_something_to_compare(theirs: dict[str, Any]) -> None:
    assert len(NAMES) > 300
    found = [name for name in NAMES if theirs[name] is not None]
    assert len(found) > 0.7 * len(NAMES), "most names can be looked at without an instance"


def test_every_name_is_there(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    missing = [name for name in NAMES if theirs[name] is not None and ours[name] is None]
    assert missing == []


def test_every_name_is_the_same_kind_of_thing(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    both = [name for name in NAMES if theirs[name] and ours[name] and name not in DIFFERENT]
    wrong = {name: what for name in both if (what := lacks(theirs[name], ours[name]))}
    assert wrong == {}


@pytest.mark.parametrize("name", sorted(DIFFERENT))
def test_what_is_listed_as_different_is(theirs: dict[str, Any], ours: dict[str, Any], name: str) -> None:
    assert lacks(theirs[name], ours[name])
