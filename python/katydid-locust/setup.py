"""Gives each module of katydid.locust a stub of the same path, for editors and type checkers."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SOURCE = Path(__file__).resolve().parent.parent / "katydid" / "locust"


class BuildWithStubs(build_py):
    """Writes `locust/x/y.pyi` for every `katydid/locust/x/y.py`."""

    def run(self) -> None:
        """Build, then add the stubs."""
        super().run()
        for module in sorted(SOURCE.rglob("*.py")):
            path = module.relative_to(SOURCE)
            if path.name.startswith("_") and path.name != "__init__.py":
                continue
            stub = Path(self.build_lib) / "locust" / path.with_suffix(".pyi")
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text(stub_of(path))


def stub_of(path: Path) -> str:
    """A stub that takes everything from the real module."""
    parts = [part for part in path.with_suffix("").parts if part != "__init__"]
    name = ".".join(["katydid", "locust", *parts])
    return f"from {name} import *\n"


setup(cmdclass={"build_py": BuildWithStubs})
