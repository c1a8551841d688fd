"""What a case promises: the header of its locustfile, read as TOML.

A header is a comment block between `# /// facts` and `# ///`. Its keys:

    args        options beside the harness's own, as one string
    env         table of environment variables
    exit        the exit code
    facts       what the locustfile prints in lines that begin with `fact `, in order; or "same" to
                only demand that stock Locust and katydid print the same
    rows        table: "METHOD name" to [fewest, most] requests
    failures    list of "METHOD name: error text", complete; or "same" if they are too long
    exceptions  list of messages, complete; or "any" where the message is ours to word
    after       seconds from the test's start until `signal` is sent
    signal      name of that signal
    shows       the public names, options and variables that the case shows: docs/reference/compatibility.md
    ordered     true where a single user's requests come in a fixed order, to be compared one by one
    tables      CSV files that the run writes, whose fixed columns are compared row by row
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

_BEGIN = "# /// facts"
_END = "# ///"


@dataclass(frozen=True)
class Facts:
    """The promises of one case."""

    args: str = ""
    env: dict[str, str] = field(default_factory=dict)
    exit: int = 0
    facts: list[str] | str = "same"
    rows: dict[str, list[int]] = field(default_factory=dict)
    failures: list[str] | str = field(default_factory=list)
    exceptions: list[str] | str = field(default_factory=list)
    after: float | None = None
    signal: str | None = None
    shows: str = ""
    ordered: bool = False
    tables: list[str] = field(default_factory=list)


def read_facts(path: Path) -> Facts:
    """The header of a case. A case without one, or with unknown keys, is an error."""
    lines = path.read_text().splitlines()
    try:
        begin = lines.index(_BEGIN)
        end = lines.index(_END, begin + 1)
    except ValueError:
        raise ValueError(f"{path.name} has no header of facts") from None
    return Facts(**tomllib.loads("\n".join(line.removeprefix("#") for line in lines[begin + 1 : end])))
