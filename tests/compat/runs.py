"""One run of a case, and what came out of it."""

import json
import os
import shlex
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facts import Facts

_OBSERVER = Path(__file__).parent / "observer.py"
_RESULT = "result.json"
_TIME_LIMIT = 60


@dataclass(frozen=True)
class Result:
    """What a run left behind."""

    exit: int
    facts: list[str]
    rows: dict[str, int]
    failures: set[str]
    exceptions: set[str]
    paths: Counter[str]
    log: str


@dataclass
class Run:
    """A run in progress: begun by `begin`, collected by `finish`."""

    process: subprocess.Popen[str]
    facts: Facts
    folder: Path
    begun: float

    @classmethod
    def begin(cls, command: list[str], case: Path, facts: Facts, host: str, folder: Path) -> "Run":
        """Start `command` on the locustfile `case` against `host`; its files go to `folder`."""
        folder.mkdir()
        arguments = [
            *command,
            *("-f", f"{case},{_OBSERVER}", "--headless", "--only-summary", "-H", host),
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
        return cls(process, facts, folder, time.monotonic())

    def finish(self, paths: Counter[str]) -> Result:
        """Wait for the end, after the signal that the case asks for."""
        try:
            if self.facts.signal:
                time.sleep(max(0, self.begun + (self.facts.after or 0) - time.monotonic()))
                self.process.send_signal(signal.Signals[self.facts.signal])
            output, log = self.process.communicate(timeout=_TIME_LIMIT)
        finally:
            self.process.kill()
        lines = [line.removeprefix("fact ") for line in output.splitlines() if line.startswith("fact ")]
        observed = self._observed()
        return Result(
            exit=self.process.returncode,
            facts=lines,
            rows=observed.get("rows", {}),
            failures=set(observed.get("failures", [])),
            exceptions=set(observed.get("exceptions", [])),
            paths=paths,
            log=log,
        )

    def _observed(self) -> dict[str, Any]:
        """What the observer wrote; nothing, where the run ended without the event quit."""
        file = self.folder / _RESULT
        return json.loads(file.read_text()) if file.exists() else {}
