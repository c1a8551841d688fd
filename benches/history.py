"""How long does `katydid compare` take with two runs of an hour and 200 names? Start-up included.

The store is made by `cargo run --release -p katydid-cli --example hour PATH`.

Usage: benches/history.py PATH [TIMES]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KATYDID = os.environ.get("KATYDID") or str(ROOT / ".venv" / "bin" / "katydid")


def seconds_of(words: list[str]) -> float:
    """How long one command takes; it must come to a judgement."""
    begun = time.perf_counter()
    done = subprocess.run([KATYDID, *words], capture_output=True, text=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    return taken


def main() -> None:
    """Measure and print."""
    store, times = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
    print(f"{Path(store).stat().st_size / 1e6:.1f} MB, load average {os.getloadavg()[0]:.1f}")
    for words in (["runs"], ["show", "1"], ["compare", "1", "2"]):
        taken = sorted(seconds_of([*words, "--store", store]) for _ in range(times))
        told = f"fastest {taken[0]:.2f} s, median {statistics.median(taken):.2f} s, slowest {taken[-1]:.2f} s"
        print(f"katydid {' '.join(words):<12} {told}")


if __name__ == "__main__":
    main()
