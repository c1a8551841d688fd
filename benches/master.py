"""What does a master cost, and does it keep up? With many simulated workers, ours beside stock Locust's.

.venv/bin/python benches/master.py [--workers 1000] [--seconds 30] [--names 200] [--only node,katydid,locust]

Three masters, one after another, are loaded by workers that report as Locust's do (the example
`thousand_workers` of katydid-cluster): the node of katydid-cluster alone, `katydid --master` with its page,
and `locust --master` with its page. Of each: CPU and memory, how long a heartbeat waits for its answer, how
long /stats/requests takes; of the two with a page first without and then in a run. Everything is on
127.0.0.1. STOCK_PYTHON names a Python that has stock Locust; without it that master is left out. Linux only.
"""

import argparse
import json
import os
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SUITE = """
from locust import User, task

class Visitor(User):
    @task
    def look(self):
        pass
"""
PATIENCE_S = 30
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure what was asked for."""
    options = arguments()
    workers = example()
    size = [str(options.workers), str(options.seconds), str(options.names)]
    for kind in options.only.split(","):
        print(f"\n== {kind}", flush=True)
        if kind == "node":
            subprocess.run([workers, *size], check=True)
        elif command := command_of(kind):
            Master(command).hold_out([workers, "workers"], size)
        else:
            print("not there: set STOCK_PYTHON to a Python that has Locust")


def arguments() -> argparse.Namespace:
    """How much load, on which masters."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--names", type=int, default=200)
    parser.add_argument("--only", default="node,katydid,locust")
    return parser.parse_args()


def example() -> str:
    """The path of the workers, built if need be."""
    command = [
        "cargo",
        "build",
        "--release",
        "--quiet",
        "-p",
        "katydid-cluster",
        "--example",
        "thousand_workers",
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(target / "release" / "examples" / "thousand_workers")


def command_of(kind: str) -> list[str]:
    """How a master is started; nothing if it is not there."""
    if kind == "katydid":
        return shlex.split(os.environ.get("KATYDID", str(Path(sys.executable).with_name("katydid"))))
    stock = os.environ.get("STOCK_PYTHON")
    return [stock, "-m", "locust"] if stock else []


class Master:
    """A master with its page, and what it uses."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.port, self.page_port = free_port(), free_port()

    def hold_out(self, workers: list[str], size: list[str]) -> None:
        """Let workers report to it, and print how it bears that."""
        with tempfile.TemporaryDirectory() as folder:
            suite = Path(folder, "locustfile.py")
            suite.write_text(SUITE)
            with Path(folder, "log").open("w+") as log:
                master = subprocess.Popen(
                    [*self.command, "-f", str(suite), *self.options()], stdout=log, stderr=log, cwd=folder
                )
                try:
                    self.watch(master, workers, size)
                except BaseException:
                    log.seek(0)
                    print(log.read()[-2000:])
                    raise
                finally:
                    master.kill()
                    master.wait()

    def options(self) -> list[str]:
        ports = ["--master-bind-port", str(self.port), "--web-port", str(self.page_port)]
        return ["--master", "--master-bind-host", "127.0.0.1", "--web-host", "127.0.0.1", *ports]

    def watch(self, master: subprocess.Popen[bytes], workers: list[str], size: list[str]) -> None:
        """First without a run, then with ten users on each worker."""
        self.wait_for_page(master)
        place, half_s = f"127.0.0.1:{self.port}", int(size[1]) / 2
        with subprocess.Popen([*workers, place, *size], stdout=subprocess.PIPE, text=True) as load:
            assert load.stdout is not None
            print(load.stdout.readline(), end="")
            for phase in ("before the run", "in the run"):
                if phase == "in the run":
                    self.start(10 * int(size[0]))
                ends = time.monotonic() + half_s
                print(f"{phase}: {self.window(master.pid, load, ends)}")
            print(load.stdout.read(), end="")
            if load.wait():
                sys.exit(f"the workers ended with {load.returncode}")

    def start(self, users: int) -> None:
        """Begin a run; Locust's master may be too busy to say that it has."""
        form = urllib.parse.urlencode({"user_count": users, "spawn_rate": users}).encode()
        begun = time.monotonic()
        try:
            self.ask("/swarm", form)
            print(f"/swarm took {ms_since(begun):.0f} ms")
        except TimeoutError:
            print(f"/swarm was not answered within {PATIENCE_S} s")

    def window(self, pid: int, load: subprocess.Popen[str], ends: float) -> str:
        """What the master uses until then, and how quickly the page answers."""
        begun, before = time.monotonic(), cpu_seconds(pid)
        answers_ms, unanswered, most_mib, stats = [], 0, 0.0, {}
        while load.poll() is None and time.monotonic() < ends:
            asked = time.monotonic()
            try:
                stats = self.ask("/stats/requests")
                answers_ms.append(ms_since(asked))
            except TimeoutError:
                unanswered += 1
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            most_mib = max(most_mib, pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
            time.sleep(0.5)
        cores = (cpu_seconds(pid) - before) / (time.monotonic() - begun)
        if not stats:
            return f"{cores:.3f} cores, {most_mib:.0f} MiB at most; the page did not answer in {PATIENCE_S} s"
        median, last = statistics.median(answers_ms), max(answers_ms)
        return (
            f"{cores:.3f} cores, {most_mib:.0f} MiB at most; {stats['state']}, {stats['user_count']} users;"
            f" {len(answers_ms)} times /stats/requests: {median:.0f} ms in the median, {last:.0f} ms at most,"
            f" {unanswered} unanswered"
        )

    def wait_for_page(self, master: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while master.poll() is None and time.monotonic() < deadline:
            try:
                self.ask("/stats/requests")
                return
            except urllib.error.URLError:
                time.sleep(0.1)
        sys.exit(f"no page: {shlex.join(self.command)}")

    def ask(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.page_port}{path}", body, timeout=PATIENCE_S
        ) as answer:
            return json.load(answer)


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ms_since(begun: float) -> float:
    """Milliseconds since a moment of the monotonic clock."""
    return (time.monotonic() - begun) * 1000


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
