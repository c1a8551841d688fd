"""Masters and workers as processes, katydid's and stock Locust's: what they print, what a page says."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from commands import free_port, katydid
from waiting import eventually


class Node:
    """One process. Lines that are JSON are facts, which the locustfile tells; all others are its log."""

    def __init__(self, command: list[str], folder: Path, **variables: str) -> None:
        kept = {
            name: text for name, text in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))
        }
        self.command = shlex.join(command)
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**kept, "HOME": str(folder), "KATYDID_STORE": "none", "PYTHONUNBUFFERED": "1", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(self.process.stdout)

    def facts(self, event: str) -> list[dict[str, Any]]:
        """What the locustfile told of this event."""
        facts = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [fact for fact in facts if fact["event"] == event]

    def said(self, text: str) -> bool:
        return any(text in line for line in list(self.lines))

    @property
    def log(self) -> str:
        return "".join(list(self.lines))

    def expect(self, text: str) -> None:
        """Wait until it says that."""
        try:
            eventually(text, lambda: self.said(text) or self.process.poll() is not None)
            self._reader.join(0 if self.process.poll() is None else 10)
            assert self.said(text)
        except AssertionError as fault:
            raise AssertionError(f"{self.command} never said {text!r}:\n{self.log}") from fault

    def handles(self, number: int) -> bool:
        """Has the process a handler of its own for a signal?"""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught, 16) & 1 << (number - 1))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self, patience: float = 30) -> int:
        """Wait for its end; what it ends with."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired as fault:
            raise AssertionError(f"{self.command} does not end:\n{self.log}") from fault
        self._reader.join(10)
        return code

    def end(self) -> None:
        """End the process and all that it has started, whatever they are at."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


class Cluster:
    """A master with a page, and workers. Ends all of them at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.page = f"http://127.0.0.1:{free_port()}"
        self.nodes: list[Node] = []

    def start(self, kind: str, *options: str, **variables: str) -> Node:
        """Start a process of katydid's or of stock Locust's."""
        command = katydid() if kind == "katydid" else [os.environ["STOCK_PYTHON"], "-m", "locust"]
        node = Node([*command, *options], self.folder, **variables)
        self.nodes.append(node)
        return node

    def master(self, kind: str, *options: str, **variables: str) -> Node:
        """A master with a page, ready for workers."""
        address = ("--master-bind-host", "127.0.0.1", "--master-bind-port", str(self.port))
        web = ("--web-host", "127.0.0.1", "--web-port", self.page.rpartition(":")[2])
        node = self.start(kind, "--master", *address, *web, *options, **variables)
        eventually("the page", lambda: self._answers() or node.process.poll() is not None)
        assert node.process.poll() is None, node.log
        return node

    def headless(self, kind: str, *options: str, **variables: str) -> Node:
        """A master without a page."""
        address = ("--master-bind-host", "127.0.0.1", "--master-bind-port", str(self.port))
        return self.start(kind, "--master", "--headless", *address, *options, **variables)

    def worker(self, kind: str, *options: str, **variables: str) -> Node:
        address = ("--master-host", "127.0.0.1", "--master-port", str(self.port))
        return self.start(kind, "--worker", *address, *options, **variables)

    def _answers(self) -> bool:
        try:
            self.ask("/stats/requests")
        except OSError:
            return False
        return True

    def ask(self, path: str, **form: Any) -> Any:
        """What the master's page answers; with a form it is posted."""
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(self.page + path, data, timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if answer.headers.get_content_type() == "application/json" else body.decode()

    def stats(self) -> Any:
        return self.ask("/stats/requests")

    def swarm(self, users: int, rate: float = 100) -> None:
        self.ask("/swarm", user_count=users, spawn_rate=rate)

    def users(self) -> list[int]:
        """How many users each worker that is there has."""
        workers = self.stats()["workers"]
        return sorted(worker["user_count"] for worker in workers if worker["state"] != "missing")

    def requests(self, name: str = "Aggregated") -> int:
        entries = self.stats()["stats"]
        return int(sum(entry["num_requests"] for entry in entries if entry["name"] == name))

    def logs(self) -> str:
        return "\n".join(f"== {node.command}\n{node.log}" for node in self.nodes)


@contextmanager
def cluster_in(folder: Path, locustfile: str) -> Iterator[Cluster]:
    """A cluster whose nodes all find this locustfile. If something fails, what they said is shown."""
    (folder / "locustfile.py").write_text(locustfile)
    cluster = Cluster(folder)
    try:
        yield cluster
    except BaseException:
        print(cluster.logs())
        raise
    finally:
        for node in cluster.nodes:
            node.end()
