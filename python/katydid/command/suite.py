"""Which suite file does a run use? `katydid.toml` in the current folder, or the one that `--suite` names.

Its options are read like those of `locust.conf`; what it says about levels and thresholds goes to the judge.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from katydid import _core

from .options import OPTIONS

FILE = "katydid.toml"

_SWITCHED_OFF = "none"


class CannotRead(Exception):
    """A suite file that is missing or wrong: one line that names the place and the fix."""


def _wanted(attribute: str) -> str | None:
    """The value of an option that must be known before all others are read, from command line or variable."""
    option = next(option for option in OPTIONS if option.attribute == attribute)
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument(*option.flags, dest="value", default=os.environ.get(option.env or ""))
    try:
        value: str | None = parser.parse_known_args(sys.argv[1:])[0].value
    except argparse.ArgumentError:
        return None  # without a value: the command's own parser says so
    return value


def path() -> Path | None:
    """The suite file; None if there is none.

    Raises:
        CannotRead: the one that --suite names does not exist.
    """
    wanted = _wanted("katydid_suite")
    if wanted == _SWITCHED_OFF:
        return None
    if wanted is None:
        found = Path(FILE)
        return found if found.is_file() else None
    if not Path(wanted).is_file():
        raise CannotRead(f"--suite {wanted}: there is no such file")
    return Path(wanted)


def is_suite(name: str) -> bool:
    """Is the file of this name the suite file?"""
    found = path()
    return found is not None and os.path.abspath(name) == os.path.abspath(found)


def read(file: Path) -> _core.Suite:
    """Read a suite file, with the profile that the options name.

    Raises:
        CannotRead: it cannot be read, or there is a mistake in it.
    """
    known = [flag[2:] for option in OPTIONS for flag in option.flags if flag.startswith("--")]
    try:
        return _core.Suite(file.read_text(encoding="utf-8"), _wanted("profile"), known)
    except UnicodeDecodeError as fault:
        raise CannotRead(f"{file}: it is not UTF-8: {fault.reason} at byte {fault.start}") from fault
    except OSError as fault:
        raise CannotRead(f"{file}: {fault.strerror}") from fault
    except ValueError as fault:
        raise CannotRead(f"{file}:{fault}") from fault


def option_values(file: Path) -> dict[str, Any]:
    """The options in a suite file, called as on the command line without the dashes.

    Raises:
        CannotRead: as for `read`.
    """
    suite = read(file)
    values: dict[str, Any] = dict(suite.options)
    if isinstance(values.get("locustfile"), str):
        paths = values["locustfile"].split(",")
        values["locustfile"] = ",".join(_beside(file, path.strip()) for path in paths)
    if suite.profile is not None:
        values["profile"] = suite.profile
    return values


def _beside(file: Path, path: str) -> str:
    """A locustfile's path, which is relative to the suite file."""
    return path if path == "-" or "://" in path else str(file.parent / path)


def load(options: Any) -> _core.Suite | None:
    """The suite file of a run with these options; None without one.

    Raises:
        CannotRead: as for `read`.
    """
    found = path()
    if found is None and options.katydid_suite not in (None, _SWITCHED_OFF):
        raise CannotRead(f"--suite {options.katydid_suite}: name it on the command line or in KATYDID_SUITE")
    return None if found is None else read(found)
