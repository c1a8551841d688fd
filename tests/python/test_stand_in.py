"""The distribution katydid-locust, installed into an environment of its own, without a network."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest
from katydid import _core
from scripted import Server
from stand_in import SOURCE, environment_with_stand_in

LOCUSTFILE = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/visit")
"""

TESTS = """
def test_visit(session):
    assert session.get("/slow").status_code == 200

def test_quick_visit(fastsession):
    with fastsession.get("/quick", catch_response=True) as response:
        response.failure("looked at, but counted by nobody")
    assert response.status_code == 200
"""

LIBRARY = """
import locust
from gevent import monkey
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment
import locust.stats, katydid.locust.stats

class Visitor(FastHttpUser):
    host = "HOST"
    @locust.task
    def visit(self):
        self.client.get("/library")
        self.environment.runner.quit()

environment = Environment(user_classes=[Visitor])
environment.create_local_runner().start(1, 1)
environment.runner.greenlet.join()
print(monkey.is_module_patched("socket"), locust.stats is katydid.locust.stats)
print(locust.__name__, environment.stats.total.num_requests >= 1, environment.stats.total.num_failures)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with katydid-locust."""
    return environment_with_stand_in(tmp_path_factory.mktemp("stand_in"))


@pytest.fixture
def server() -> Server:
    return Server()


def run(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    return subprocess.run(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
    )


def test_it_is_katydid_of_the_same_version() -> None:
    project = tomllib.loads((SOURCE / "katydid-locust" / "pyproject.toml").read_text())["project"]
    assert project["version"] == _core.__version__
    assert project["dependencies"] == [f"katydid=={_core.__version__}"]


@pytest.mark.parametrize("is_module", [False, True], ids=["command", "module"])
def test_the_command_is_called_locust(is_module: bool, python: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(LOCUSTFILE)
    words = [python, "-m", "locust"] if is_module else [python.with_name("locust")]
    options = ["-f", "locustfile.py", "--headless", "-H", server.url, "-u", "2", "-r", "2", "-t", "1s"]
    done = run(*words, *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "GET      /visit" in done.stderr
    assert {request.path for request in server.requests} == {"/visit"}


def test_a_script_imports_locust(python: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(LIBRARY.replace("HOST", server.url))
    done = run(python, "script.py", folder=tmp_path)
    assert done.stdout.splitlines() == ["True True", "katydid.locust True 0"], done.stderr


def test_pytest_has_the_fixtures(python: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "test_visits.py").write_text(TESTS)
    words = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--host", server.url, "test_visits.py"]
    done = run(*words, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
    assert sorted(request.path for request in server.requests) == ["/quick", "/slow"]


def test_the_same_tests_are_a_locustfile(python: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "test_visits.py").write_text(TESTS)
    options = ["-f", "test_visits.py", "--headless", "-H", server.url, "-u", "2", "-r", "2", "-t", "1s"]
    done = run(python.with_name("locust"), *options, "test_visit", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "GET      /slow" in done.stderr


def test_editors_find_the_modules(python: Path) -> None:
    package = next(python.parents[1].glob("lib/python3*/site-packages/locust"))
    assert (package / "py.typed").exists()
    assert (package / "user" / "task.pyi").read_text() == "from katydid.locust.user.task import *\n"
    stubs = {str(stub.relative_to(package).with_suffix(".py")) for stub in package.rglob("*.pyi")}
    modules = {
        str(file.relative_to(SOURCE / "katydid/locust")) for file in (SOURCE / "katydid/locust").rglob("*.py")
    }
    hidden = {
        name for name in modules if Path(name).name.startswith("_") and not name.endswith("__init__.py")
    }
    assert stubs == modules - hidden
