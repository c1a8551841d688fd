"""Starts the practice shop on a free port and runs a suite against it: what `make demo` shows.

The exit code is the run's own: 0 when requests were made and none failed.
"""

import subprocess
import sys

from practice import KATYDID, ROOT, target

TARGET = ["target", "shop", "--port", "0", "--latency", "lognormal:25ms,0.5"]
SUITE = ["-f", "examples/shop_agent/locustfile.py", "TargetAppUser"]
LOAD = ["--headless", "--users", "200", "--spawn-rate", "100", "--run-time", "15s"]


def show(command: list[str]) -> None:
    """Print a command as one would type it."""
    print("\n$", " ".join(["katydid", *command[1:]]), flush=True)


def main() -> int:
    """Run the demonstration and return its exit code."""
    show([KATYDID, *TARGET])
    with target(TARGET) as url:
        print(f"listening on {url}")
        run = [KATYDID, *SUITE, *LOAD, "--host", url]
        show(run)
        return subprocess.run(run, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
