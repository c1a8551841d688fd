"""Every public name of the package says what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "python" / "katydid"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Public functions and classes of a module or a class, with the names they are known by."""
    for node in body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from public(node.body, f"{prefix}{node.name}.")


def says_nothing_new(node: Definition) -> bool:
    """Setters share their getter's words; overloads and overriding methods those of the other definition."""
    decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    return bool(decorators & {"setter", "overload", "override"})


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_names_have_docstrings(path: Path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "the module has none"
    silent = [
        name for name, node in public(tree.body) if not ast.get_docstring(node) and not says_nothing_new(node)
    ]
    assert silent == []
