"""The flow of the guide on verdicts against practice servers: baseline, levels, verdict, comparison.

Each step is one command, which is shown before it runs. What every step must come to is checked: the levels
pass, an unchanged target is no regression, and of a slowed one the slow name is found. `--repeat 20` compares
unchanged targets that often, each run with the one before it, and counts false alarms; two chains run at a
time (`--chains`), each with servers of its own, so the runs also have to stand each other's noise.

Usage: scripts/guide.py [--repeat N] [--chains N] [--profile NAME]
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from practice import KATYDID, ROOT, target

SUITE = "examples/ai_suite/guide.toml"
LAW = "lognormal:20ms,0.3"
SLOWED = "/query=fixed:40ms"
MOST_FALSE_ALARMS = 1
WORSE = 3


def service(kind: str, *latencies: str) -> AbstractContextManager[str]:
    """A practice server's address, while it runs."""
    laws = [word for law in latencies for word in ("--latency", law)]
    return target(["target", kind, "--port", "0", *laws])


class Place:
    """A store, and the services that runs in it ask."""

    def __init__(self, folder: Path, suite: list[str]) -> None:
        self._suite = suite
        self._variables = {**os.environ, "KATYDID_STORE": str(folder / "runs.db")}

    @contextmanager
    def services(self, *slowed: str) -> Iterator[None]:
        """The services run, some of them slower than usual."""
        with service("llm", *slowed) as llm, service("mcp", LAW) as mcp:
            self._variables |= {"API_GATEWAY_URL": llm, "RAG_SERVICE_URL": llm, "MCP_GATEWAY_URL": mcp}
            yield

    def katydid(self, *words: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the command and show it with what it says."""
        done = subprocess.run(
            [KATYDID, *words], cwd=ROOT, env=self._variables, capture_output=True, text=True, check=False
        )
        if not quiet:
            told = "".join(line for line in done.stderr.splitlines(True) if "/INFO/" not in line)
            print(f"\n$ katydid {shlex.join(words)}\n{done.stdout}{told}exit code {done.returncode}")
        return done

    def run(self, *words: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the levels of the suite."""
        return self.katydid(*self._suite, *words, quiet=quiet)

    def last(self) -> str:
        """The number of the newest run."""
        said = self.katydid("baseline", "set", "newest", "last", quiet=True).stdout
        return said.split()[-1]


def flow(place: Place, is_whole: bool) -> list[str]:
    """Walk through the guide, as a whole from one user on. Returns what did not come out as it must."""
    wrong = []

    def expect(what: str, holds: bool) -> None:
        if not holds:
            wrong.append(what)

    with place.services():
        if is_whole:
            single = place.katydid("--suite", SUITE, "--profile", "baseline")
            expect("one user at each service passes", single.returncode == 0)
            place.katydid("baseline", "set", "single", "last")
        levels = place.run(*(["--baseline", "single"] if is_whole else []))
        expect("the levels pass", levels.returncode == 0)
        place.katydid("baseline", "set", "main", "last")
        same = place.run("--baseline", "main")
        expect("an unchanged target is no regression", same.returncode == 0)
    with place.services(SLOWED):
        slow = place.run("--baseline", "main")
    found = [line for line in slow.stderr.splitlines() if line.startswith("POST query at rag")]
    others = [line for line in slow.stderr.splitlines() if "; allowed " in line and line not in found]
    expect("a slowed target ends the command with 3", slow.returncode == WORSE)
    expect("the slow name is found", bool(found))
    expect(f"and nothing else: {others}", not others)
    return wrong


def chain(number: int, comparisons: int, suite: list[str]) -> list[str]:
    """Compare unchanged runs, each with the one before. Returns what was told of false alarms."""
    alarms = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        place = Place(Path(folder), suite)
        running.enter_context(place.services())
        place.run(quiet=True)
        for repetition in range(1, comparisons + 1):
            done = place.run("--baseline", place.last(), quiet=True)
            ended = f"chain {number}, comparison {repetition}: exit code {done.returncode}"
            print(f"{ended}, load average {os.getloadavg()[0]:.1f}", flush=True)
            if done.returncode != 0:
                alarms.append(f"{ended}\n{done.stdout}{done.stderr}")
    return alarms


def repeat(comparisons: int, chains: int, suite: list[str]) -> int:
    """Count false alarms among so many comparisons."""
    begun = time.monotonic()
    shares = [comparisons // chains + (number < comparisons % chains) for number in range(chains)]
    with ThreadPoolExecutor(chains) as pool:
        found = pool.map(lambda one: chain(*one, suite), enumerate(shares, 1))
        alarms = [alarm for some in found for alarm in some]
    for alarm in alarms:
        print(f"\n{alarm}")
    seconds = time.monotonic() - begun
    print(f"\n{comparisons} comparisons of unchanged targets: {len(alarms)} false alarms ({seconds:.0f} s)")
    return int(len(alarms) > MOST_FALSE_ALARMS)


def main() -> int:
    """Do what the arguments say. Returns the exit code: 0 if all came out as it must."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repeat", type=int, metavar="N", help="count false alarms in so many comparisons")
    parser.add_argument("--chains", type=int, default=2, metavar="N", help="how many runs at a time")
    parser.add_argument("--profile", metavar="NAME", help="only levels of this profile of the suite")
    options = parser.parse_args()
    suite = ["--suite", SUITE, *(["--profile", options.profile] if options.profile else [])]
    if options.repeat:
        return repeat(options.repeat, options.chains, suite)
    with tempfile.TemporaryDirectory() as folder:
        wrong = flow(Place(Path(folder), suite), is_whole=options.profile is None)
    for line in wrong:
        print(f"guide: not so: {line}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
