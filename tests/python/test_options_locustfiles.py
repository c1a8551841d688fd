"""Locustfiles come from files, folders and addresses; a fetched one leaves nothing behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from scripted import serving

SUITE = "from locust import User, task\n\nclass {name}(User):\n    @task\n    def t(self): ...\n"

PAGES = {
    "/one/suite.py": (200, SUITE.format(name="One")),
    "/two/suite.py": (200, SUITE.format(name="Two")),
    "/umlaut.py": (200, SUITE.format(name="Größe")),
    "/folder/": (200, SUITE.format(name="Nameless")),
    "/page.html": (200, "<!doctype html><p>Not Python</p>"),
    "/gone.py": (404, "<p>404 Not Found</p>"),
    "/failing.py": (500, SUITE.format(name="Hidden")),
}


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code, text = PAGES[self.path.partition("?")[0]]
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/x-python; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(_Pages) as address:
        yield address


def listed(python: str, module: str, place: Path, locustfile: str) -> subprocess.CompletedProcess[str]:
    """--list for a locustfile; what is temporary goes to a folder of its own."""
    temporary = place / module
    temporary.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return subprocess.run(
        [python, "-m", module, "--list", "-f", locustfile],
        cwd=place,
        env={**kept, "HOME": str(place), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/one/suite.py"], ["One"]),
        (["/one/suite.py?version=3"], ["One"]),
        (["/umlaut.py"], ["Größe"]),
        (["/page.html"], None),
        (["/gone.py"], None),
        (["local.py", "/one/suite.py"], ["Local", "One"]),
    ],
)
def test_addresses_as_on_stock_locust(
    site: str, paths: list[str], names: list[str] | None, tmp_path: Path
) -> None:
    (tmp_path / "local.py").write_text(SUITE.format(name="Local"))
    locustfile = ",".join(site + path if path.startswith("/") else path for path in paths)
    runs = [
        listed(os.environ["STOCK_PYTHON"], "locust", tmp_path, locustfile),
        listed(sys.executable, "katydid", tmp_path, locustfile),
    ]
    for done in runs:
        assert done.returncode == (1 if names is None else 0), done.stderr
        if names is not None:
            assert done.stdout.split() == ["Available", "Users:", *names]
    assert "Traceback" not in runs[1].stderr


def test_what_is_fetched_is_removed(site: str, tmp_path: Path) -> None:
    assert listed(sys.executable, "katydid", tmp_path, f"{site}/one/suite.py").returncode == 0
    assert list((tmp_path / "katydid").iterdir()) == []


def test_two_of_one_name_do_not_overwrite_each_other(site: str, tmp_path: Path) -> None:
    done = listed(sys.executable, "katydid", tmp_path, f"{site}/one/suite.py,{site}/two/suite.py")
    assert done.stdout.split() == ["Available", "Users:", "One", "Two"]


def test_an_address_without_a_name_is_fetched_too(site: str, tmp_path: Path) -> None:
    done = listed(sys.executable, "katydid", tmp_path, f"{site}/folder/")
    assert done.stdout.split() == ["Available", "Users:", "Nameless"]


def test_an_error_of_the_server_is_no_locustfile(site: str, tmp_path: Path) -> None:
    done = listed(sys.executable, "katydid", tmp_path, f"{site}/failing.py")
    assert done.returncode == 1
    assert "500 Server Error" in done.stderr.splitlines()[-1]
