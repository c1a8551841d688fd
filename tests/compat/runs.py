"""One run of a case, and what came out of it."""

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facts import Facts
from recorder import Asked, RecordingServer
from waiting import eventually

_OBSERVER = Path(__file__).parent / "observer.py"
_RESULT = "result.json"
_TIME_LIMIT = 60

# A line in a file of Locust's package, stock or ours, or in a case.
_PLACE = re.compile(r"/[^\s\"',]*?/(?:(locust)|cases)/([\w/]+\.py):\d+")

# Columns of the CSV files that do not depend on the clock.
_FIXED_COLUMNS = {
    *("Type", "Name", "Request Count", "Failure Count", "Average Content Size"),
    *("Method", "Error", "Occurrences", "Count", "Message", "Nodes"),
}


@dataclass(frozen=True)
class Result:
    """What a run left behind."""

    exit: int
    facts: list[str]
    rows: dict[str, int]
    failures: set[str]
    exceptions: set[str]
    paths: Counter[str]
    asked: list[Asked]
    tables: dict[str, list[list[str]]]
    log: str


@dataclass
class Run:
    """A run in progress: begun by `begin`, collected by `finish`."""

    process: subprocess.Popen[str]
    facts: Facts
    folder: Path
    server: RecordingServer

    @classmethod
    def begin(
        cls, command: list[str], case: Path, facts: Facts, server: RecordingServer, folder: Path
    ) -> "Run":
        """Start `command` on the locustfile `case` against `server`; its files go to `folder`."""
        folder.mkdir()
        arguments = [
            *command,
            *("-f", f"{case},{_OBSERVER}", "--headless", "--only-summary", "-H", server.url),
            *shlex.split(facts.args),
        ]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            env={**environment, "HOME": str(folder), "COMPAT_RESULT": str(folder / _RESULT), **facts.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return cls(process, facts, folder, server)

    def finish(self) -> Result:
        """Wait for the end, after the signal that the case asks for."""
        try:
            if self.facts.signal:
                eventually("the test begins", (self.folder / f"{_RESULT}.begun").exists)
                time.sleep(self.facts.after or 0)
                self.process.send_signal(signal.Signals[self.facts.signal])
            output, log = self.process.communicate(timeout=_TIME_LIMIT)
        finally:
            self.process.kill()
        lines = [line.removeprefix("fact ") for line in output.splitlines() if line.startswith("fact ")]
        observed = self._observed()
        return Result(
            exit=self.process.returncode,
            facts=[self._same(line) for line in lines],
            rows=observed.get("rows", {}),
            failures=set(observed.get("failures", [])),
            exceptions=set(observed.get("exceptions", [])),
            paths=self.server.paths,
            asked=self.server.asked,
            tables={name: self._table(name) for name in self.facts.tables},
            log=log,
        )

    def _observed(self) -> dict[str, Any]:
        """What the observer wrote; nothing, where the run ended without the event quit."""
        file = self.folder / _RESULT
        if not file.exists():
            return {}
        return json.loads(self._same(file.read_text()))

    def _same(self, text: str) -> str:
        """The text without what differs from one run to the next: the port, places in files."""
        text = re.sub(rf"(?<=[:=]){self.server.port}\b", "PORT", text)
        return _PLACE.sub(lambda place: f"{'LOCUST' if place[1] else 'CASES'}/{place[2]}:N", text)

    def _table(self, name: str) -> list[list[str]]:
        """The head of a CSV file, and the columns of its rows that do not depend on the clock."""
        with (self.folder / name).open(newline="") as file:
            head, *rows = csv.reader(file)
        kept = [index for index, column in enumerate(head) if column in _FIXED_COLUMNS]
        return [head, *sorted([row[index] for index in kept] for row in rows)]
