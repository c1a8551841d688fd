"""`import locust` and `katydid.locust` are the same modules, and nothing happens by importing them."""

import subprocess
import sys

import pytest


def run(code: str) -> str:
    """What a fresh interpreter prints that runs `code`."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "name",
    [
        "locust",
        "locust.stats",
        "locust.user.task",
        "locust.contrib.fasthttp",
        "locust.util.timespan",
        "locust.event",
    ],
)
def test_alias_is_the_very_same_module(name: str) -> None:
    code = f"""
import importlib, katydid
katydid.alias_locust()
alias = importlib.import_module({name!r})
real = importlib.import_module("katydid." + {name!r})
print(alias is real, real.__name__, real.__spec__.name)
"""
    assert run(code) == f"True katydid.{name} katydid.{name}"


def test_real_import_first_gives_the_same_module() -> None:
    code = """
import katydid.locust.user.users as real, katydid
katydid.alias_locust()
from locust.user.users import User
import locust.user.users
print(User is real.User, locust.user.users is real)
"""
    assert run(code) == "True True"


def test_an_import_of_a_module_does_not_hide_what_its_package_has_of_that_name() -> None:
    # `from locust.user import task` got the module, once somebody had imported locust.user.task.
    code = """
import katydid
katydid.alias_locust()
from locust.user.task import DefaultTaskSet
import locust.user.task
from locust.user import task
print(callable(task), locust.user.task is task)
"""
    assert run(code) == "True True"


def test_missing_modules_are_reported_by_the_name_that_was_asked_for() -> None:
    code = """
import katydid
katydid.alias_locust()
try:
    import locust.no_such_module
except ModuleNotFoundError as fault:
    print(fault.name)
"""
    assert run(code) == "locust.no_such_module"


def test_importing_patches_nothing() -> None:
    code = """
import katydid.locust
from gevent import monkey
print(monkey.is_module_patched("socket"), "locust" in __import__("sys").modules)
"""
    assert run(code) == "False False"


def test_a_foreign_locust_that_is_imported_already_is_refused() -> None:
    code = """
import sys, types, katydid
sys.modules["locust"] = types.ModuleType("locust")
sys.modules["locust"].__file__ = "/elsewhere/locust.py"
try:
    katydid.alias_locust()
except RuntimeError as fault:
    print(fault)
"""
    assert "/elsewhere/locust.py" in run(code)


def test_aliasing_twice_adds_one_finder() -> None:
    code = """
import sys, katydid
katydid.alias_locust(); katydid.alias_locust()
print(sum("AliasFinder" in type(finder).__name__ for finder in sys.meta_path))
"""
    assert run(code) == "1"


def test_metadata_of_an_installed_locust_is_not_touched() -> None:
    code = """
import importlib.metadata as metadata, katydid
before = sorted(d.name for d in metadata.distributions() if d.name)
katydid.alias_locust()
import locust
print(before == sorted(d.name for d in metadata.distributions() if d.name))
"""
    assert run(code) == "True"
