"""What does a locustfile define? Its module is imported, then its user and shape classes are picked out."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from types import ModuleType
from typing import Any

from ..shape import LoadTestShape
from ..user import User
from ..user.pytest_user import load_locustfile_pytest

__all__ = ["is_shape_class", "is_user_class", "load_locustfile", "load_locustfile_pytest"]


def is_user_class(item: Any) -> bool:
    """Is it a class of users that can be run?"""
    return inspect.isclass(item) and issubclass(item, User) and not item.abstract


def is_shape_class(item: Any) -> bool:
    """Is it a class of load shapes that can be run?"""
    return inspect.isclass(item) and issubclass(item, LoadTestShape) and not item.abstract


def load_locustfile(path: str) -> tuple[dict[str, type[User]], list[LoadTestShape]]:
    """Import the file at `path`.

    Returns:
        Its user classes by the name of the variable that holds them, and an instance of each of its shapes.
    """
    members = vars(_import_file(os.path.abspath(path)))
    users = {name: member for name, member in members.items() if is_user_class(member)}
    shapes = [member() for member in members.values() if is_shape_class(member)]
    return users, shapes


def _import_file(path: str) -> ModuleType:
    """Import a file as a module named after it, with its folder and the current one to import from."""
    folder, file_name = os.path.split(path)
    name = os.path.splitext(file_name)[0]
    if name == "locust":
        name = "locustfile"  # it must not take the place of the package
    _prefer_current_folder()
    sys.path.insert(0, folder)
    try:
        return _execute_module(name, path)
    finally:
        sys.path.remove(folder)


def _prefer_current_folder() -> None:
    current = os.getcwd()
    if sys.path[:1] != [current]:
        sys.path.insert(0, current)


def _execute_module(name: str, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
