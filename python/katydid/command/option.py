"""What is an option? Its spellings, its value, its place in the help; `options` is the table of them all."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """What an option's value is."""

    TEXT = "text"
    FILE = "file"
    """The path of a file, or what begins one."""
    INTEGER = "integer"
    FLAG = "flag"
    TIMESPAN = "timespan"
    RATE = "rate"
    """A number above zero."""
    COUNT = "count"
    """A whole number above zero."""
    RULE = "rule"
    """What is to be expected of failures."""
    USER_CONFIG = "user config"
    """JSON, or the path of a JSON file."""
    HELP = "help"
    VERSION = "version"
    STAGES = "stages"
    """Levels of load in one line."""
    THRESHOLD = "threshold"
    """A limit for a number of the run."""
    CONFIG_FILE = "config file"


class Group(Enum):
    """Where the help lists an option."""

    COMMON = "Common options"
    WEB = "Web UI options"
    MASTER = "Master options"
    WORKER = "Worker options"
    TAG = "Tag options"
    STATS = "Request statistics options"
    HISTORY = "History options"
    VERDICT = "Verdict options"
    LOG = "Logging options"
    OTHER = "Other options"
    CLASSES = "User classes"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the command."""

    flags: tuple[str, ...]
    """Its spellings; a positional argument has one without dashes."""
    group: Group
    help: str | None
    """None hides the option from the help."""
    kind: Kind = Kind.TEXT
    dest: str | None = None
    """The attribute, where it is not the first long spelling with underscores."""
    env: str | None = None
    default: Any = None
    metavar: str | None = None
    many: bool = False
    """Takes any number of values."""
    repeated: bool = False
    """May be given several times, each time with one value."""
    choices: tuple[str, ...] | None = None
    convert: Callable[[str], Any] | None = None
    """Applied to the text before anything else."""
    removed: str | None = None
    """Why using the option is an error."""
    is_ours: bool = False
    """Locust has no such option: where a locustfile adds one of the same spelling, ours gives way. The
    attribute of such an option begins with katydid_."""

    @property
    def attribute(self) -> str:
        """The name under which the value is found in the parsed options."""
        if self.dest:
            return self.dest
        long = next((flag for flag in self.flags if flag.startswith("--")), self.flags[0])
        return long.lstrip("-").replace("-", "_")


GROUP_NOTES: dict[Group, str] = {
    Group.TAG: "Tasks get tags from the decorator @tag.",
    Group.MASTER: "For a test on several nodes: one master, and workers that connect to it.",
    Group.WORKER: "Workers take all other options from their master.",
    Group.VERDICT: "Did the run meet what was asked of it? The same may stand in a suite file, katydid.toml.",
}
"""What the help says below the title of a group."""
