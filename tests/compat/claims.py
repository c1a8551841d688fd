"""Which test shows which name: headers of cases, and `claims.toml` for tests elsewhere.

A claim holds if its test exists and its file has the name in it: nothing is shown by a test that does not
mention it.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facts import read_facts
from surface import Surface, spread

ROOT = Path(__file__).parents[2]
_CASES = Path(__file__).parent / "cases"
_ELSEWHERE = Path(__file__).parent / "claims.toml"
_WORD = re.compile(r"[\w-]+")
_IMPORT = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)
_FILE_OR_FOLDER = re.compile(r"""["'](\w+(?:\.py)?)["']""")


@dataclass(frozen=True)
class Claim:
    """That `test`, as `path` or `path::name` below the root, shows `name`."""

    test: str
    name: str

    @property
    def file(self) -> Path:
        """The file of the test."""
        return ROOT / self.test.split("::")[0]

    def is_there(self) -> bool:
        """Whether the test exists."""
        if not self.file.exists():
            return False
        text = self.file.read_text()
        return all(f"def {part}(" in text or f"class {part}" in text for part in self.test.split("::")[1:])

    def is_mentioned(self, surface: Surface) -> bool:
        """Whether the test has the name as a word in it: in its file, or in one beside it that it names.

        A short form of an option will do. A test that goes through the whole surface mentions everything.
        """
        words = set(_WORD.findall("".join(_without_claims(file.read_text()) for file in self._files())))
        if "read_surface" in words:
            return True
        if self.name.startswith("-"):
            return not words.isdisjoint([self.name, *surface.forms.get(self.name, ())])
        return self.name.rpartition(".")[2] in words

    def _files(self) -> set[Path]:
        """The test's file, the modules beside it that it imports, and files and folders that these name."""
        found = {self.file}
        found |= {
            file for name in _imports(self.file) if (file := self.file.with_name(f"{name}.py")).exists()
        }
        for file in tuple(found):
            for name in _FILE_OR_FOLDER.findall(file.read_text()):
                place = self.file.with_name(name)
                found |= set(place.glob("*.py")) if place.is_dir() else {place} if place.is_file() else set()
        return found


def read_claims() -> Iterator[Claim]:
    """Every claim of the cases' headers and of `claims.toml`."""
    for case in sorted(_CASES.glob("*.py")):
        test = case.relative_to(ROOT).as_posix()
        yield from (Claim(test, name) for name in spread(read_facts(case).shows))
    for test, names in tomllib.loads(_ELSEWHERE.read_text()).items():
        yield from (Claim(test, name) for name in spread(names))


def tests_by_name(claims: Iterator[Claim]) -> dict[str, list[str]]:
    """The tests of each name; claims whose test does not exist count for nothing."""
    tests: dict[str, list[str]] = defaultdict(list)
    for claim in claims:
        if claim.is_there() and claim.test not in tests[claim.name]:
            tests[claim.name].append(claim.test)
    return {name: found for name, found in tests.items() if found}


def _imports(file: Path) -> list[str]:
    return _IMPORT.findall(file.read_text())


def _without_claims(text: str) -> str:
    """A case's text without the claims themselves: they are no mention."""
    return re.sub(r'(?s)# shows = """.*?"""|# shows = "[^"]*"', "", text)
