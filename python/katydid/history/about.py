"""What is known of a run as it begins? Options, machine, revision of the code, versions; no secrets."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from katydid import _core
from katydid.control.documents import host_of
from katydid.locust._version import version
from katydid.results import secrets
from katydid.results.secrets import MASK, masked, masked_url

if TYPE_CHECKING:
    from katydid.locust.env import Environment

_GIT_TAKES_S = 2
_SECRET_OPTIONS = frozenset({"web_auth", "katydid_web_token", "tls_key", "katydid_store", "katydid_sink"})
"""Options whose values let others in, or may hold a password."""


def about(environment: Environment) -> dict[str, Any]:
    """Everything that is known of a run that begins now, as JSON holds it."""
    facts = {
        "started_at": time.time(),
        "locustfile": environment.locustfile or "",
        "host": masked_url(host_of(environment)),
        "profile": environment.profile or "",
        "options": options(environment),
        "environment": machine(),
        "git": revision(environment),
        "versions": {
            "katydid": _core.__version__,
            "locust_api": version,
            "python": platform.python_version(),
        },
    }
    known: dict[str, Any] = secrets.without(facts, secrets.known_values(environment))
    return known


def options(environment: Environment) -> dict[str, Any]:
    """The options that differ from nothing, without the values of secret ones."""
    given = vars(environment.parsed_options) if environment.parsed_options is not None else {}
    secret = _SECRET_OPTIONS | set(secrets.names_of_options(environment))
    return {
        name: MASK if name in secret else _plain(value)
        for name, value in sorted(given.items())
        if value not in (None, False, "", [])
    }


def _plain(value: Any) -> Any:
    """A value as JSON holds it; text without passwords in URLs and without secret fields."""
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return masked(str(value))


def machine() -> dict[str, Any]:
    """Where the generator runs."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "node": platform.node(),
        "python": sys.version.split()[0],
    }


def revision(environment: Environment) -> dict[str, Any]:
    """Revision and branch of the repository that the locustfile is in; nothing outside of one."""
    paths = environment.parsed_locustfiles or []
    folder = Path(paths[0]).resolve().parent if paths else Path.cwd()
    command = ["git", "-C", str(folder), "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_TAKES_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return {}
    if asked.returncode != 0:
        return {}
    lines = asked.stdout.splitlines()
    facts = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# ") and line.count(" ") > 1)
    return {
        "revision": facts.get("branch.oid"),
        "branch": facts.get("branch.head"),
        "is_changed": any(not line.startswith("#") for line in lines),
    }
