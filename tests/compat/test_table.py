"""The page of what is there is that of the tests, and the list of what Locust offers is stock Locust's."""

from __future__ import annotations

import fnmatch
import json
import os
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from claims import Claim, read_claims
from claims import tests_by_name as shown_by
from surface import Surface, read_surface
from table import PAGE, page

SURFACE = read_surface()
CLAIMS = list(read_claims())
SHOWN = shown_by(iter(CLAIMS))

# Prints the options and variables of an interpreter's Locust, and its public names by module.
OFFERED = """
import importlib, inspect, json, sys
from locust.argument_parser import get_parser
options = {}
for action in get_parser(default_config_files=[])._actions:
    variable = [getattr(action, "env_var", None)] if getattr(action, "env_var", None) else []
    if action.option_strings:
        longest = max(action.option_strings, key=len)
        options[longest] = sorted({*action.option_strings, *variable} - {longest})
names = {}
for module in sys.argv[1:]:
    found = importlib.import_module(module)
    names[module] = [
        name for name, value in vars(found).items()
        if not name.startswith("_") and getattr(value, "__module__", module) == module
        and not inspect.ismodule(value)
    ]
print(json.dumps({"options": options, "names": names}))
"""


@pytest.fixture(scope="module")
def stock() -> dict[str, dict[str, list[str]]]:
    """What stock Locust offers."""
    modules = [module for module in SURFACE.sections if module.startswith("locust") and _has_no_extra(module)]
    words = [os.environ["STOCK_PYTHON"], "-c", OFFERED, *modules]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    run = subprocess.run(words, env=kept, check=True, capture_output=True, text=True, timeout=60)
    offered: dict[str, dict[str, list[str]]] = json.loads(run.stdout.splitlines()[-1])
    return offered


def _has_no_extra(module: str) -> bool:
    """Users over other protocols need libraries; `test_contrib_beside_stock.py` has those."""
    return not module.startswith("locust.contrib") or module.endswith(("fasthttp", "csv_request_logger"))


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(SURFACE, SHOWN), "make compat-table"


def test_everything_is_shown_or_known_to_be_missing() -> None:
    unknown = [name for name in SURFACE.names if name not in SHOWN and SURFACE.reason(name) is None]
    assert unknown == []


def test_nothing_is_both() -> None:
    """Whoever builds what was missing takes it off the list; whoever lists it as missing shows it nowhere."""
    assert [name for name in SHOWN if SURFACE.reason(name) is not None] == []


def test_every_claim_has_its_test() -> None:
    assert [claim for claim in CLAIMS if not claim.is_there()] == []


def test_every_claim_is_of_a_name_that_locust_has() -> None:
    known = set(SURFACE.names)
    assert [claim for claim in CLAIMS if claim.name not in known] == []


def test_every_name_is_mentioned_by_a_test_that_shows_it() -> None:
    mentioned = {claim.name for claim in CLAIMS if claim.is_there() and claim.is_mentioned(SURFACE)}
    assert sorted(set(SHOWN) - mentioned) == []


def test_what_is_missing_is_missing_somewhere() -> None:
    """A pattern that fits nothing would hide a slip of the pen."""
    fits = (any(fnmatch.fnmatchcase(name, pattern) for name in SURFACE.names) for pattern in SURFACE.missing)
    assert all(fits)


def test_the_list_has_every_option(stock: dict[str, dict[str, list[str]]]) -> None:
    written = tomllib.loads(Path(__file__).with_name("surface.toml").read_text())["options"]
    assert {option: sorted(words.split()) for option, words in written.items()} == stock["options"]


def test_the_list_has_every_name(stock: dict[str, dict[str, list[str]]]) -> None:
    listed = set(SURFACE.names) | SURFACE.internal
    offered = {f"{module}.{name}" for module, names in stock["names"].items() for name in names}
    assert sorted(offered - listed - _ordinary(offered)) == []


def _ordinary(names: Iterable[str]) -> set[str]:
    """Loggers and variables for types: every module has its own, and nobody is promised them."""
    ordinary = ("TYPE_CHECKING", "S", "T", "annotations", "logger")
    return {name for name in names if name.rpartition(".")[2] in ordinary}


def test_a_claim_is_refused_without_its_test_or_its_word() -> None:
    real = "tests/python/test_tools.py::test_durations"
    empty = Surface({}, {}, {}, set())
    assert Claim(real, "locust.util.date.format_duration").is_mentioned(empty)
    assert not Claim(real, "locust.util.date.nowhere").is_mentioned(empty)
    assert not Claim(f"{real}_of_nothing", "locust.util.date.format_duration").is_there()
