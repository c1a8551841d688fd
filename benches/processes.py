"""What does `--processes N` cost? CPU per request of one process, of N commands side by side, of the option.

N processes that share the cores with each other and with the server pay more for a request than one does,
however they were started: each turn finds fewer answers. So the option is held against commands side by side.

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


def run(folder: Path, host: str, commands: int, processes: int, seconds: int, pause_s: float) -> Measured:
    """One run of so many commands with so many processes each; without a pause they send all they can."""
    command = shlex.split(os.environ.get("KATYDID") or str(Path(sys.executable).with_name("katydid")))
    load = ["--headless", "-u", str(_USERS), "-r", "1000", "-t", f"{seconds}s", "--only-summary", "-H", host]
    many = ["--processes", str(processes), "--master-bind-port", "0"] if processes > 1 else []
    before = os.times()
    running = [
        subprocess.Popen(
            [*command, *load, *many],
            cwd=folder,
            env={**os.environ, "PAUSE": str(pause_s), "KATYDID_STORE": "none"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(commands)
    ]
    lines = [line for one in running for line in one.communicate()[0].splitlines()]
    if failed := [one.returncode for one in running if one.returncode]:
        sys.exit(f"{shlex.join([*command, *load, *many])} ended with {failed[0]}")
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    told = [json.loads(line) for line in lines if line.startswith("{")]
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
            ways = {
                "one process": (1, 1),
                f"{processes} commands": (processes, 1),
                f"--processes {processes}": (1, processes),
            }
            measured: dict[str, list[tuple[float, Measured]]] = {way: [] for way in ways}
            for _ in range(_ROUNDS):
                for way, (commands, each) in ways.items():
                    idle = run(folder, found[0], commands, each, seconds, pause_s=1000)
                    loaded = run(folder, found[0], commands, each, seconds, pause_s=0)
                    measured[way].append((cost_us(loaded, idle), loaded))
            best = {way: min(costs, key=lambda one: one[0]) for way, costs in measured.items()}
        finally:
            server.terminate()
    for way, (cost, one) in best.items():
        rates = ", ".join(f"{n / seconds:.0f}/s" for n in one.requests)
        busy = ", ".join(f"{cpu_s / seconds:.0%}" for cpu_s in one.worker_cpu_s)
        print(f"{way}: {cost:.1f} us of CPU per request; each {rates}; busy {busy} of a core")
    side_by_side, together = (best[way][0] for way in list(ways)[1:])
    print(f"CPU per request of --processes {processes}: {together / side_by_side:.3f} of that side by side")


if __name__ == "__main__":
    main()
