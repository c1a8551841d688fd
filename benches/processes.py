"""Does `--processes N` use N cores? CPU per request of one process and of several, and how busy each is.

usage: python benches/processes.py [processes] [seconds]

KATYDID names the command (default: the one beside this Python). Each way is measured three times, in turns,
and the best is taken: a noisy neighbour only ever adds. CPU is user and system time of all processes of the
command, less that of a run without load, divided by the requests.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SUITE = """
import json, os
from locust import FastHttpUser, constant, events, runners, task

sent = 0

class Asking(FastHttpUser):
    wait_time = constant(float(os.environ["PAUSE"]))

    @task
    def ask(self):
        global sent
        sent += 1
        self.client.get("/products/1")

@events.test_stop.add_listener
def tell(environment, **_):
    if not isinstance(environment.runner, runners.MasterRunner):
        os.write(1, (json.dumps({"sent": sent, "cpu_s": sum(os.times()[:2])}) + "\\n").encode())
"""

_ROUNDS = 3
_USERS = 50


@dataclass
class Measured:
    """One run."""

    requests: list[int]
    """Of each process that sends."""
    worker_cpu_s: list[float]
    """CPU seconds of each such process."""
    cpu_s: float
    """CPU seconds of all processes."""


def run(folder: Path, host: str, processes: int, seconds: int, pause_s: float) -> Measured:
    """One run of the command; without a pause it sends all that it can."""
    command = shlex.split(os.environ.get("KATYDID") or str(Path(sys.executable).with_name("katydid")))
    load = ["--headless", "-u", str(_USERS), "-r", "1000", "-t", f"{seconds}s", "--only-summary", "-H", host]
    many = ["--processes", str(processes), "--master-bind-port", "0"] if processes > 1 else []
    before = os.times()
    done = subprocess.run(
        [*command, *load, *many],
        cwd=folder,
        env={**os.environ, "PAUSE": str(pause_s), "KATYDID_STORE": "none"},
        capture_output=True,
        text=True,
        check=True,
    )
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Measured([one["sent"] for one in told], [one["cpu_s"] for one in told], cpu_s)


def cost_us(loaded: Measured, idle: Measured) -> float:
    """Microseconds of CPU for each request."""
    return (loaded.cpu_s - idle.cpu_s) / sum(loaded.requests) * 1e6


def main() -> None:
    """Measure and print."""
    processes = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    target = shlex.split(
        os.environ.get("KATYDID_TARGET") or str(Path(sys.executable).with_name("katydid")) + " target"
    )
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen([*target, "shop", "--port", "0"], stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found, "the server does not say where it listens"
            folder = Path(name)
            (folder / "locustfile.py").write_text(_SUITE)
            ways = {1: [], processes: []}  # type: dict[int, list[tuple[float, Measured]]]
            for _ in range(_ROUNDS):
                for way, costs in ways.items():
                    idle = run(folder, found[0], way, seconds, pause_s=1000)
                    loaded = run(folder, found[0], way, seconds, pause_s=0)
                    costs.append((cost_us(loaded, idle), loaded))
            best = {way: min(costs, key=lambda one: one[0]) for way, costs in ways.items()}
        finally:
            server.terminate()
    for way, (cost, measured) in best.items():
        each = ", ".join(f"{n / seconds:.0f}/s" for n in measured.requests)
        busy = ", ".join(f"{cpu_s / seconds:.0%}" for cpu_s in measured.worker_cpu_s)
        print(f"{way} process(es): {cost:.1f} us of CPU per request; each {each}; busy {busy} of a core")
    print(f"CPU per request with {processes}: {best[processes][0] / best[1][0]:.3f} of that with one")


if __name__ == "__main__":
    main()
