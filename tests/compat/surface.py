"""Which names, options and variables are there to be shown: the reader of `surface.toml`.

Claims are written as that list is: `locust.stats.StatsEntry(total_rps log)` stands for the class and both of
its members.
"""

import fnmatch
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).parent / "surface.toml"
_NAME = re.compile(r"([^\s()]+)(?:\(([^)]*)\))?")


@dataclass(frozen=True)
class Surface:
    """The written list: what Locust offers, and what of it katydid does not."""

    sections: dict[str, list[str]]
    """Full names by heading: a module, or one of the kinds of options."""
    forms: dict[str, list[str]]
    """Short forms of options."""
    missing: dict[str, str]
    """Patterns of names to the reason why they are not offered."""
    internal: set[str]
    """Names in stock's modules that nobody is promised."""

    @property
    def names(self) -> list[str]:
        """All full names, in the order of the page."""
        return [name for names in self.sections.values() for name in names]

    def reason(self, name: str) -> str | None:
        """Why this name is not offered, where that is written down."""
        return next(
            (why for pattern, why in self.missing.items() if fnmatch.fnmatchcase(name, pattern)), None
        )


def spread(text: str) -> Iterator[str]:
    """The names that a text of the form `a b(c d)` stands for: a, b, b.c and b.d."""
    for name, members in _NAME.findall(text):
        yield name
        yield from (f"{name}.{member}" for member in members.split())


def read_surface(file: Path = _FILE) -> Surface:
    """The list as it is written in `surface.toml`."""
    document = tomllib.loads(file.read_text())
    sections = {
        module: [f"{module}.{name}" for name in spread(names)] for module, names in document["names"].items()
    }
    words = {option: written.split() for option, written in document["options"].items()}
    sections["Options"] = list(words)
    sections["Variables"] = (
        sorted(word for written in words.values() for word in written if not word.startswith("-"))
        + document["variables"]["names"].split()
    )
    return Surface(
        sections,
        {option: [word for word in written if word.startswith("-")] for option, written in words.items()},
        document["missing"],
        {f"{module}.{name}" for module, names in document["internal"].items() for name in spread(names)},
    )
