"""Writes docs/reference/compatibility.md: each public name and option, and the test that shows it.

usage: python tests/compat/table.py
"""

import os
from pathlib import Path

from claims import ROOT, read_claims, tests_by_name
from surface import Surface, read_surface

PAGE = ROOT / "docs" / "reference" / "compatibility.md"
_SHOWN_MOST = 3
_UNSHOWN = "no test shows it"

_HEAD = """# What of Locust is there

Every public name of Locust 2.46.3, every option and every variable, whether katydid offers it, and the tests
that show it. `make compat-table` writes this page from the tests and `tests/compat/surface.toml`; what is not
shown by a test is not there. The files under `tests/compat/cases/` are locustfiles that `make compat` runs on
stock Locust and on katydid, comparing what they print, the requests on the wire, the statistics, the failures
and the exit codes. Where both knowingly differ, [the differences](../differences.md) say so.
"""


def page(surface: Surface, tests: dict[str, list[str]]) -> str:
    """The whole page."""
    parts = [_HEAD, _counts(surface, tests)]
    for heading in ("Options", "Variables"):
        parts.append(_section(f"## {heading}", heading, surface, tests))
    parts.append("## Names\n")
    for heading in surface.sections:
        if heading not in ("Options", "Variables"):
            parts.append(_section(f"### {heading}", heading, surface, tests))
    return "\n".join(parts)


def _counts(surface: Surface, tests: dict[str, list[str]]) -> str:
    shown = sum(name in tests for name in surface.names)
    return f"Of {len(surface.names)} names {shown} are supported.\n"


def _section(title: str, heading: str, surface: Surface, tests: dict[str, list[str]]) -> str:
    rows = [_row(name, heading, surface, tests.get(name, [])) for name in surface.sections[heading]]
    return "\n".join([title, "", "| name | supported | |", "|---|---|---|", *rows, ""])


def _row(name: str, heading: str, surface: Surface, tests: list[str]) -> str:
    written = ", ".join(
        f"`{form}`" for form in [name.removeprefix(f"{heading}."), *surface.forms.get(name, [])]
    )
    if not tests:
        return f"| {written} | no | {surface.reason(name) or _UNSHOWN} |"
    shown = ", ".join(_link(test) for test in tests[:_SHOWN_MOST])
    return f"| {written} | yes | {shown} |"


def _link(test: str) -> str:
    file, *names = test.split("::")
    label = names[-1] if names else Path(file).stem
    return f"[{label}]({os.path.relpath(ROOT / file, PAGE.parent)})"


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(read_surface(), tests_by_name(read_claims())))


if __name__ == "__main__":
    main()
