"""What `_core.pyi` says about the native module is so: names, and the parameters of functions and methods."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
from katydid import _core

STUB = Path(__file__).parents[2] / "python" / "katydid" / "_core.pyi"
MODULE = ast.parse(STUB.read_text())
CLASSES = {node.name: node for node in MODULE.body if isinstance(node, ast.ClassDef)}
FUNCTIONS = {node.name: node for node in MODULE.body if isinstance(node, ast.FunctionDef)}
PYTHONS_OWN = {
    "__module__",
    "__doc__",
    "__dict__",
    "__weakref__",
    "__new__",
    "__repr__",
    "__len__",
    "__annotations__",
}


def declared(body: list[ast.stmt]) -> set[str]:
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return names | {
        node.target.id
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def parameters(function: ast.FunctionDef) -> list[tuple[str, bool]]:
    """Names (without trailing underscores) and whether there is a default."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    optional = [False] * (len(positional) - len(arguments.defaults)) + [True] * len(arguments.defaults)
    only_named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    named = [(argument.arg, default is not None) for argument, default in only_named]
    listed = [(argument.arg, has) for argument, has in zip(positional, optional, strict=True)] + named
    return [(name.rstrip("_"), has) for name, has in listed if name not in ("self", "cls")]


def actual(function: Any) -> list[tuple[str, bool]] | None:
    try:
        signature = inspect.signature(function)
    except ValueError:
        return None
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        (name.rstrip("_"), parameter.default is not inspect.Parameter.empty)
        for name, parameter in signature.parameters.items()
        if name not in ("self", "cls") and parameter.kind not in kinds
    ]


def test_the_module_has_what_is_declared_and_nothing_else():
    present = {name for name in vars(_core) if not name.startswith("__") or name == "__version__"}
    assert present == declared(MODULE.body)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions(name: str):
    assert actual(getattr(_core, name)) in (None, parameters(FUNCTIONS[name]))


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_members(name: str):
    present = {member for member in vars(getattr(_core, name)) if member not in PYTHONS_OWN}
    expected = declared(CLASSES[name].body) - {"__new__", "__init__"}
    assert present == expected


METHODS = [
    (name, node)
    for name, declaration in sorted(CLASSES.items())
    for node in declaration.body
    if isinstance(node, ast.FunctionDef) and not node.decorator_list and not node.name.startswith("__")
]


@pytest.mark.parametrize(("name", "node"), METHODS, ids=[f"{name}.{node.name}" for name, node in METHODS])
def test_methods(name: str, node: ast.FunctionDef):
    assert actual(getattr(getattr(_core, name), node.name)) in (None, parameters(node))
