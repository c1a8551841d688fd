"""The MCP suite with optimistic locking, and what a line of rules makes of its conflicts."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import katydid, target

SUITE = Path(__file__).parents[2] / "examples" / "mcp_gateway"
RULE = "409 on POST /*/state"

# The suite of the examples allows 409. Here are the two ways in which a suite takes it for a failure: its own
# check says so, or nobody looks and the status decides.
BY_STATUS = """
from gateway_user import GatewayUser as _GatewayUser

def call(self, method, path, allowed_codes=None, **options):
    options.setdefault("headers", self.headers)
    self.client.request(method, path, **options)

_GatewayUser.call = call
from locustfile import *  # noqa
"""


def gateway(*options: str) -> AbstractContextManager[str]:
    """The practice gateway, slow enough to write for writers to meet."""
    return target("mcp", "--latency", "commit=fixed:20ms", *options)


@dataclass
class Run:
    code: int
    log: str
    folder: Path

    def rows(self, kind: str) -> list[dict[str, str]]:
        with (self.folder / f"run_{kind}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def report(self) -> dict:
        return json.loads((self.folder / "report.json").read_text())


@pytest.fixture(params=["declared", "by_status"])
def suite(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The suite without its tolerance for conflicts."""
    folder = tmp_path / "suite"
    shutil.copytree(SUITE, folder)
    shared = folder / "gateway_user.py"
    text = shared.read_text()
    assert "WRITE_CODES = [200, 404, 409]" in text
    shared.write_text(text.replace("WRITE_CODES = [200, 404, 409]", "WRITE_CODES = [200, 404]"))
    if request.param == "by_status":
        (folder / "bare.py").write_text(BY_STATUS)
        return folder / "bare.py"
    return folder / "locustfile.py"


def run(suite: Path, host: str, *options: str, **variables: str) -> Run:
    folder = suite.parent.parent
    words = [*katydid(), "-f", str(suite), "--headless", "--only-summary"]
    words += ["--csv", str(folder / "run"), "--html", str(folder / "report.json")]
    done = subprocess.run(
        [*words, "StateUser", "-u", "20", "-r", "20", "-t", "3s", *options],
        env={**os.environ, "MCP_GATEWAY_URL": host, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=90,
        check=False,
    )
    return Run(done.returncode, done.stdout, folder)


def test_without_rules_conflicts_fail(suite: Path) -> None:
    with gateway() as host:
        done = run(suite, host)
    assert done.code == 1, done.log
    assert all("409" in row["Error"] for row in done.rows("failures")), done.log
    assert "Why requests failed" in done.log and "client error" in done.log
    assert "Expectations" not in done.log
    assert not (done.folder / "run_expectations.csv").exists()
    groups = done.report()["triage"]["groups"]
    assert {group["cause"] for group in groups} == {"client error"}
    samples = done.report()["samples"]
    assert all(samples[id_]["status"] == 409 for group in groups for id_ in group["samples"])
    assert sum(group["failures"] for group in groups) == sum(
        int(row["Occurrences"]) for row in done.rows("failures")
    )


def test_with_one_rule_the_run_passes_and_says_how_many(suite: Path) -> None:
    with gateway() as host:
        done = run(suite, host, "--expect", RULE)
    assert done.code == 0, done.log
    assert done.rows("failures") == []
    rows = done.rows("expectations")
    expected = sum(int(row["Occurrences"]) for row in rows)
    assert expected > 0
    assert {(row["Rule"], row["Verdict"], row["Broken"]) for row in rows} == {(RULE, "expected", "false")}
    assert all("409" in row["From"] and row["Name"].endswith("/state") for row in rows)
    (line,) = [line for line in done.log.splitlines() if line.endswith(RULE)]
    assert line.startswith(f"{expected} "), line
    assert "Why requests failed" not in done.log
    (outcome,) = done.report()["expectations"]["rules"]
    total = done.report()["stats"]["total"]
    assert (outcome["requests"], outcome["broken"], total["failures"]) == (expected, False, 0)
    assert expected < outcome["covered"] < total["requests"] + 1


def test_a_real_error_among_them_still_fails(suite: Path) -> None:
    with gateway("--fault", "POST /servers/*=status:500@20%") as host:
        done = run(suite, host, "--expect", RULE)
    assert done.code == 1, done.log
    assert {row["Name"] for row in done.rows("failures")} == {"/servers/[id]/state"}
    assert all("500" in row["Error"] for row in done.rows("failures"))
    assert sum(int(row["Occurrences"]) for row in done.rows("expectations")) > 0
    assert "server error" in done.log


@pytest.mark.parametrize(("share", "code"), [("1%", 1), ("90%", 0)])
def test_a_share_decides_on_the_exit_code(suite: Path, share: str, code: int) -> None:
    with gateway() as host:
        done = run(suite, host, KATYDID_EXPECT=f"409 up to {share} on *")
    assert done.code == code, done.log
    assert done.rows("failures") == []
    assert ("Broken: " in done.log) is (code == 1)
    (outcome,) = done.report()["expectations"]["rules"]
    assert (outcome["verdict"], outcome["broken"]) == ("tolerated", code == 1)


@pytest.mark.parametrize(
    ("rule", "place"),
    [("409 onn POST /x", "column 5"), ("4099 on *", "column 1"), ("502 up to 1 on *", "column 11")],
)
def test_a_bad_rule_starts_nothing(tmp_path: Path, rule: str, place: str) -> None:
    (tmp_path / "locustfile.py").write_text("from locust import User\nclass U(User): pass\n")
    words = [*katydid(), "-f", str(tmp_path / "locustfile.py"), "--headless"]
    done = subprocess.run([*words, "--expect", rule], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "--expect" in line and rule in line and place in line
