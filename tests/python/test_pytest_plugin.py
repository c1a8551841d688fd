"""The fixtures and the option in plain pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from scripted import Server

TESTS = """
import requests

def test_session(session):
    assert isinstance(session, requests.Session) and session.base_url.startswith("http://127.0.0.1:")
    assert session.get("/a").status_code == 200
    with session.get("/b", catch_response=True) as response:
        response.failure("nobody counts")

def test_failure_can_be_raised(session):
    from locust_exceptions import CatchResponseError
    import pytest
    with pytest.raises(CatchResponseError), session.get("/c", catch_response=True) as response:
        response.failure("somebody looks")
        response.raise_for_status()

def test_fastsession(fastsession):
    assert fastsession.get("/d").json() == {}

def test_own_fixture(twice):
    assert [answer.status_code for answer in twice] == [200, 200]

def test_nothing_patched():
    from gevent import monkey
    assert not monkey.is_module_patched("socket")
"""

CONFTEST = """
import sys, pytest
import katydid.locust.exception
sys.modules["locust_exceptions"] = katydid.locust.exception

@pytest.fixture
def twice(session):
    return [session.get("/e"), session.get("/e")]
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_visits.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    return tmp_path


def test_the_plugin_is_found_by_its_entry_point() -> None:
    (plugin,) = entry_points(group="pytest11", name="katydid")
    assert plugin.value == "katydid.pytest_plugin"


@pytest.mark.parametrize("option", ["--host", "-H"])
def test_fixtures_send_each_request_once(option: str, folder: Path) -> None:
    server = Server()
    done = run(folder, option, server.url, "-k", "not patched")
    assert "4 passed" in done.stdout, done.stdout
    assert sorted(request.path for request in server.requests) == ["/a", "/b", "/c", "/d", "/e", "/e"]


def test_nothing_is_patched(folder: Path) -> None:
    done = run(folder, "--host", Server().url)
    assert "5 passed" in done.stdout, done.stdout


def test_tests_without_the_fixtures_import_nothing_of_ours(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\ndef test_it():\n    assert not {'gevent', 'katydid.locust'} & set(sys.modules)\n"
    )
    assert "1 passed" in run(tmp_path).stdout


def test_stock_locusts_own_plugin_is_left_its_place(tmp_path: Path) -> None:
    (tmp_path / "pytest_locust.py").write_text(
        "import pytest\n"
        "def pytest_addoption(parser):\n    parser.addoption('--host', '-H')\n"
        "@pytest.fixture\ndef session():\n    return 'theirs'\n"
    )
    (tmp_path / "test_it.py").write_text("def test_it(session):\n    assert session == 'theirs'\n")
    done = run(tmp_path, "-p", "pytest_locust", "--host", "http://127.0.0.1:1")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
