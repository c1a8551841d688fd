"""A row for every request, in a file that is complete whenever somebody looks."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from katydid.locust.contrib.csv_request_logger import CSV_COLUMNS, CsvRequestLogger
from katydid.locust.env import Environment


@pytest.fixture
def environment() -> Environment:
    return Environment()


def fire(environment: Environment, name: str, **changes: Any) -> None:
    """Fire a request event."""
    event = {"response_time": 1.23456, "response_length": 10, "exception": None, "context": {}, **changes}
    environment.events.request.fire(request_type="GET", name=name, **event)


def rows(path: Path) -> list[list[str]]:
    """The rows below the header."""
    with path.open(newline="") as file:
        header, *rest = csv.reader(file)
    assert tuple(header) == CSV_COLUMNS
    return rest


def test_a_row_has_what_the_event_had(environment: Environment, tmp_path: Path) -> None:
    path = tmp_path / "requests.csv"
    CsvRequestLogger(str(path)).register(environment)
    fire(environment, "/a", response=SimpleNamespace(status_code=200), start_time=1700000000.1234567)
    fire(environment, "/b", response=None, exception=ValueError('bad, "so"\nto say'), start_time=1.0)
    fire(environment, "/c", response_time=None, response_length=None, start_time=1.0)
    fire(environment, "/d", response=SimpleNamespace(status_code=None), exception="a text", start_time=1.0)
    assert rows(path) == [
        ["1700000000.123457", "GET", "/a", "1.23", "10", "200", ""],
        ["1.0", "GET", "/b", "1.23", "10", "0", 'bad, "so"\nto say'],
        ["1.0", "GET", "/c", "", "", "0", ""],
        ["1.0", "GET", "/d", "1.23", "10", "0", "a text"],
    ]


def test_rows_are_flushed_as_often_as_wished(environment: Environment, tmp_path: Path) -> None:
    path = tmp_path / "requests.csv"
    CsvRequestLogger(str(path), flush_interval=3).register(environment)
    counts = []
    for number in range(4):
        fire(environment, f"/{number}")
        counts.append(len(rows(path)))
    assert counts == [0, 0, 3, 3]
    environment.events.quitting.fire(environment=environment)
    assert len(rows(path)) == 4


def test_after_the_end_nothing_is_written(environment: Environment, tmp_path: Path) -> None:
    path = tmp_path / "requests.csv"
    log = CsvRequestLogger(str(path))
    log.register(environment)
    environment.events.quitting.fire(environment=environment)
    fire(environment, "/late")
    log.close()
    assert rows(path) == []


def test_a_file_that_cannot_be_written_is_told_at_once(environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        CsvRequestLogger(str(tmp_path / "nowhere" / "requests.csv")).register(environment)


STEPS = """
import sys
from types import SimpleNamespace
try:
    import katydid; katydid.alias_locust()
except ImportError:
    pass
from locust.env import Environment
from locust.contrib.csv_request_logger import CsvRequestLogger
environment = Environment()
CsvRequestLogger(sys.argv[1], flush_interval=0).register(environment)
for status in (200, "201", None, 0):
    environment.events.request.fire(request_type="GET", name=f"/{status}", response_time=1.239, context={},
        response_length=3, response=SimpleNamespace(status_code=status), exception=None, start_time=12.5)
environment.events.request.fire(request_type="POST", name="/x", response_time=7, response_length=0,
    exception=KeyError("x"), start_time=1.25)
environment.events.quitting.fire(environment=environment)
"""


def test_files_are_those_of_stock_locust(tmp_path: Path) -> None:
    import os

    files = []
    for name, python in (("stock", os.environ["STOCK_PYTHON"]), ("ours", sys.executable)):
        subprocess.run([python, "-c", STEPS, tmp_path / name], check=True, timeout=60)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]
    assert files[0].count(b"\r\n") == 6
