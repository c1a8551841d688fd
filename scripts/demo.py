"""Starts the practice shop on a free port and runs a suite against it: what `make demo` shows.

The exit code is the run's own: 0 when requests were made and none failed.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KATYDID = os.environ.get("KATYDID") or str(ROOT / ".venv" / "bin" / "katydid")
TARGET = ["target", "shop", "--port", "0", "--latency", "lognormal:25ms,0.5"]
SUITE = ["-f", "examples/shop_agent/locustfile.py", "TargetAppUser"]
LOAD = ["--headless", "--users", "200", "--spawn-rate", "100", "--run-time", "15s"]


@contextmanager
def shop() -> Iterator[str]:
    """The practice shop's address, while it runs."""
    server = subprocess.Popen([KATYDID, *TARGET], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        announced = server.stdout.readline().split()
        url = next((word for word in announced if word.startswith("http://")), None)
        if url is None:
            sys.exit(f"demo: the practice server did not start (exit code {server.wait()})")
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def show(command: list[str]) -> None:
    """Print a command as one would type it."""
    print("\n$", " ".join(["katydid", *command[1:]]), flush=True)


def main() -> int:
    """Run the demonstration and return its exit code."""
    show([KATYDID, *TARGET])
    with shop() as url:
        print(f"listening on {url}")
        run = [KATYDID, *SUITE, *LOAD, "--host", url]
        show(run)
        return subprocess.run(run, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
