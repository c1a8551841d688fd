"""Runs that pass, fail and end early, against the practice servers: exit codes, tables, files."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from commands import katydid, target

SUITE = """
from locust import FastHttpUser, constant, task

class Shopper(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def look(self):
        self.client.get("/products")

class Broken(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def miss(self):
        self.client.get("/nothing", name="missing")
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with target("shop") as address:
        yield address


class Place:
    """A folder with the suite, from which the command is run."""

    def __init__(self, folder: Path, host: str) -> None:
        self.folder = folder
        self.host = host
        (folder / "locustfile.py").write_text(SUITE)

    def run(self, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {
            name: text for name, text in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))
        }
        words = [*katydid(), "--headless", "--host", self.host, "--only-summary"]
        return subprocess.run(
            [*words, *shlex.split(line)],
            cwd=self.folder,
            env={**kept, "HOME": str(self.folder), **variables},
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture
def place(tmp_path: Path, shop: str) -> Place:
    return Place(tmp_path, shop)


CODES = [
    ("Shopper -t 2s --threshold 'p95<20s' --threshold 'fail_ratio<1%'", 0, "Verdict: passed"),
    ("Shopper -t 2s --threshold 'p95<1us'", 3, "Verdict: failed (1 of 1 thresholds broken)"),
    ("Shopper -t 2s --threshold 'rps>1000000 on /products'", 3, "FAIL  rps>1000000 on /products"),
    ("Shopper -t 2s --threshold 'p95<20s on /other'", 3, "nothing was measured"),
    ("Broken -t 2s --threshold 'p95<20s'", 1, "Verdict: passed"),
    ("Broken -t 2s --threshold 'fail_ratio<=100%'", 0, "Verdict: passed"),
    ("Broken -t 2s --threshold 'fail_ratio<1%'", 3, "FAIL  fail_ratio<1%  100.00 %"),
    ("Broken -t 2s --threshold 'fail_ratio<1%' --exit-code-on-error 0", 3, "FAIL"),
    (
        "-t 2s --threshold 'failures==0 on user:Shopper' --threshold 'failures>0 on user:Broken'",
        1,
        "Verdict: passed",
    ),
]


@pytest.mark.parametrize(("line", "code", "said"), CODES, ids=[line for line, _, _ in CODES])
def test_each_end_has_its_code(place: Place, line: str, code: int, said: str) -> None:
    done = place.run(line)
    assert done.returncode == code, done.stderr
    assert said in done.stderr


def test_a_wish_of_the_locustfile_goes_before_the_verdict(place: Place) -> None:
    (place.folder / "locustfile.py").write_text(
        SUITE
        + """
import katydid
from locust import events

@events.quitting.add_listener
def judge(environment, **kwargs):
    assert katydid.check("p95<20s on GET /products", environment)
    if not katydid.check("p95<1us on GET /products", environment):
        environment.process_exit_code = 42
"""
    )
    done = place.run("Shopper -t 2s --threshold 'p95<1us'")
    assert done.returncode == 42, done.stderr
    assert "Verdict: failed" in done.stderr


def test_a_broken_threshold_ends_the_run_in_order(place: Place) -> None:
    begun = time.monotonic()
    done = place.run("Broken -t 100s --stop-timeout 5 --csv out --threshold 'fail_ratio<1% after 1s abort'")
    assert time.monotonic() - begun < 60
    assert done.returncode == 3, done.stderr
    assert "the run is ended early: fail_ratio<1% after 1s abort is broken: 100.00 %" in done.stderr
    assert "The run was ended early" in done.stderr
    assert "missing" in (place.folder / "out_stats.csv").read_text(), "files are written as ever"


def test_an_interrupted_run_is_judged_too(place: Place) -> None:
    words = [*katydid(), "--headless", "--host", place.host, "Shopper", "--only-summary"]
    process = subprocess.Popen(
        [*words, "--stages", "2@2 for 1m, 4@4 for 1m", "--threshold", "p95<20s on level:*"],
        cwd=place.folder,
        env={**os.environ, "HOME": str(place.folder)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "all users spawned" in line:
            break
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(30) == 3, rest
    assert "(cut short)" in rest
    assert re.search(r"FAIL  p95<20s on level:\* +the level was not reached \(level 2\)", rest), rest


def test_levels_are_told_apart(place: Place) -> None:
    done = place.run(
        "Shopper --stages '1@1 for 2s, 6@6 for 3s' --threshold 'requests>0 on level:*/products'"
        " --junit j/verdict.xml --markdown verdict.md --html report.json --csv out"
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^level (\d) +(\d) +(\d)s \| +(\d+) .* \| pass$", done.stderr, re.MULTILINE)
    assert [row[:3] for row in rows] == [("1", "1", "2"), ("2", "6", "3")], done.stderr
    with (place.folder / "out_stats.csv").open() as file:
        total = int(file.read().splitlines()[-1].split(",")[2])
    assert 0 <= total - sum(int(row[3]) for row in rows) <= 6, (
        "all but those under way when the last level ended"
    )
    assert int(rows[1][3]) > int(rows[0][3])


def test_files_tell_the_verdict(place: Place) -> None:
    done = place.run(
        "Broken --stages '2@2 for 2s' --threshold 'p95<20s' --threshold 'max<1us'"
        " --junit j/verdict.xml --markdown verdict.md --html report.json"
    )
    assert done.returncode == 3, done.stderr
    suite = ElementTree.parse(place.folder / "j" / "verdict.xml").getroot()[0]
    cases = {case.get("name"): case.find("failure") is None for case in suite}
    assert cases == {"no request fails": False, "p95<20s": True, "max<1us": False}
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    text = (place.folder / "verdict.md").read_text()
    assert text.startswith("## locustfile.py: failed\n") and "| **FAIL** | max&lt;1us |" in text
    verdict = json.loads((place.folder / "report.json").read_text())["verdict"]
    assert [outcome["passed"] for outcome in verdict["thresholds"]] == [True, False]
    assert [level["users"] for level in verdict["levels"]] == [2]


def test_a_file_that_cannot_be_written_is_known_before_the_run(place: Place) -> None:
    for option in ("--junit", "--markdown"):
        done = place.run(f"Shopper -t 1s {option} locustfile.py/verdict")
        assert done.returncode == 1, done.stderr
        assert "locustfile.py" in done.stderr.strip().splitlines()[-1]
        assert "spawned" not in done.stderr


def test_quiet_tells_it_in_the_one_line(place: Place) -> None:
    done = place.run("Shopper -t 1s -q --threshold 'p95<20s'")
    assert done.returncode == 0
    assert done.stderr.strip().splitlines()[-1].endswith("; verdict: passed")


SCENARIOS = """
thresholds = ["fail_ratio<=60%"]

[[scenarios]]
name = "shop"
classes = ["Shopper"]
thresholds = ["failures==0", "requests>0"]
levels = [
    { users = 2, rate = 2, for = "2s" },
    { name = "peak", users = 4, rate = 4, for = "2s", allow = "100000%" },
]

[[scenarios]]
name = "ruins"
classes = ["Broken"]
host = "%s"
stages = "3@3 for 2s"
thresholds = ["fail_ratio==1.0"]

[outputs]
json = "numbers"
"""


def test_scenarios_run_one_after_another(place: Place, shop: str) -> None:
    (place.folder / "katydid.toml").write_text(SCENARIOS.replace("%s", shop).replace("==1.0", ">=99%"))
    done = place.run("--csv out")
    titles = re.findall(r"^(shop: level 1|shop: peak|ruins: level 1) .* \| pass", done.stderr, re.MULTILINE)
    assert titles == [], "with --json-file there are no tables"
    assert done.returncode == 0, done.stderr
    rows = (place.folder / "out_stats.csv").read_text().splitlines()
    assert {row.split(",")[1] for row in rows[1:]} == {"/products", "missing", "Aggregated"}
    assert (place.folder / "numbers.json").exists()


def test_a_slowed_target_is_found(place: Place) -> None:
    """The way of the guide: levels against the first one, and a target that gets slow."""
    line = "Shopper --stages '2@2 for 2s' --threshold 'p95<500ms on GET /products'"
    assert place.run(line).returncode == 0
    with target("shop", "--latency", "fixed:700ms") as slow:
        done = Place(place.folder, slow).run(line)
    assert done.returncode == 3, done.stderr
    assert re.search(r"FAIL  p95<500ms on GET /products +7\d\d\.\d ms", done.stderr), done.stderr
