"""Locustfiles are imported as modules, and their classes are picked out by variable."""

import sys
from collections.abc import Iterator
from pathlib import Path

import katydid
import pytest
from katydid.locust.util.load_locustfile import load_locustfile


@pytest.fixture(autouse=True)
def clean_import() -> Iterator[None]:
    katydid.alias_locust()
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if not name.startswith(("katydid", "locust")):
            del sys.modules[name]


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


USERS = """
from locust import HttpUser, LoadTestShape, User

class Base(User):
    abstract = True

class Real(Base): ...

Renamed = type("Other", (Real,), {})

class Shape(LoadTestShape):
    def tick(self): return None

class AbstractShape(LoadTestShape):
    abstract = True
    def tick(self): return None

number = 5
"""


def test_classes_by_variable_and_shapes_as_instances(tmp_path: Path) -> None:
    users, shapes = load_locustfile(write(tmp_path, "my.test.py", USERS))
    assert set(users) == {"Real", "Renamed"}
    assert [type(shape).__name__ for shape in shapes] == ["Shape"]


def test_the_files_folder_can_be_imported_from(tmp_path: Path) -> None:
    write(tmp_path, "neighbour_of_test.py", "value = 3")
    users, _ = load_locustfile(write(tmp_path, "importing.py", "import neighbour_of_test\n" + USERS))
    assert "Real" in users
    assert sys.modules["importing"].neighbour_of_test.value == 3
    assert str(tmp_path) not in sys.path


def test_a_file_called_locust_does_not_shadow_the_package(tmp_path: Path) -> None:
    users, _ = load_locustfile(write(tmp_path, "locust.py", USERS))
    assert users["Real"].__module__ == "locustfile"
    assert sys.modules["locust"] is sys.modules["katydid.locust"]
