"""What mypy, and so an editor, knows about a locustfile."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import katydid
import pytest

LOCUSTFILE = Path(__file__).with_name("typed_locustfile.py")
ROOT = LOCUSTFILE.parents[2]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """mypy's messages on the locustfile."""
    cache = str(tmp_path_factory.mktemp("mypy"))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, "--follow-imports", "silent"]
    run = subprocess.run(
        [*command, str(LOCUSTFILE)], cwd=ROOT, capture_output=True, text=True, timeout=170, check=False
    )
    return [line for line in run.stdout.splitlines() if line.startswith(("tests/", str(LOCUSTFILE)))]


def test_answers_have_their_types(said: list[str]):
    shown = [match[1] for line in said if (match := re.search(r'Revealed type is "(.*)"', line))]
    assert shown == [
        "katydid.locust.clients.ResponseContextManager",
        "bool",
        "katydid.http.fastresponse.ResponseContextManager",
        "int",
        "int",
        "dict[float, int]",
    ]


def test_wrong_arguments_are_errors_and_nothing_else_is(said: list[str]):
    errors = [line for line in said if ": error:" in line]
    wrong = LOCUSTFILE.read_text().splitlines().index("class Wrong(HttpUser):")
    assert len(errors) == 3, errors
    assert all(int(line.split(":")[1]) > wrong for line in errors)
    assert 'to "get" of "HttpClient" has incompatible type "int"; expected "str"' in errors[0]


def test_the_package_says_that_it_has_types():
    assert (Path(katydid.__file__).parent / "py.typed").exists()
