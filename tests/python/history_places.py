"""A folder with a locustfile and a store, and the command in it."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TICKING = """
import os
from locust import User, constant, task

SLOWNESS = float(os.environ.get("SLOWNESS", "1"))

class Ticking(User):
    wait_time = constant(0.01)
    host = "http://user:secret@127.0.0.1"
    ticks = 0

    @task
    def tick(self):
        Ticking.ticks += 1
        spread = 1 + (Ticking.ticks * 7 % 20) / 100
        for name in ("/a", "/b"):
            slowness = SLOWNESS if name == "/b" else 1
            self.environment.events.request.fire(
                request_type="GET", name=name, response_time=20 * spread * slowness, response_length=3,
                exception=OSError("no") if os.environ.get("FAILING") else None,
            )
"""


@dataclass
class Place:
    """Where a run happens and is kept."""

    folder: Path

    @property
    def store(self) -> Path:
        """The file of the runs."""
        return self.folder / "runs.db"

    def command(self, line: str) -> list[str]:
        """The command's words."""
        return [sys.executable, "-m", "katydid", *shlex.split(line)]

    def environment(self, **more: str | None) -> dict[str, str]:
        """The variables of a process: none of ours but these, and of these none that is None."""
        own = ("LOCUST_", "KATYDID_", "XDG_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        wanted = {**kept, "HOME": str(self.folder), "KATYDID_STORE": str(self.store), **more}
        return {name: value for name, value in wanted.items() if value is not None}

    @contextmanager
    def begin(self, line: str, **more: str | None) -> Iterator[subprocess.Popen[str]]:
        """The command while it runs; with the block it is over, whatever happened there."""
        with subprocess.Popen(
            self.command(line),
            cwd=self.folder,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, line: str, **more: str | None) -> subprocess.CompletedProcess[str]:
        """Run the command until it ends."""
        return subprocess.run(
            self.command(line),
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=90,
        )

    def load(self, seconds: int, options: str = "", **more: str | None) -> subprocess.CompletedProcess[str]:
        """Run the locustfile for so long."""
        return self.run(f"--headless --only-summary -u 2 -r 2 -t {seconds}s {options}", **more)

    def shown(self, line: str) -> Any:
        """What a command prints as JSON."""
        asked = self.run(f"{line} --json")
        assert asked.returncode == 0, asked.stderr
        return json.loads(asked.stdout)

    def run_parts(self) -> int:
        """How many stretches are kept; none while there are no tables yet."""
        try:
            return int(self.rows("SELECT count(*) FROM part")[0][0])
        except sqlite3.Error:
            return 0

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the file says."""
        with sqlite3.connect(self.store) as database:
            return database.execute(statement).fetchall()
