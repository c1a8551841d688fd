"""Servers that misbehave: the failure texts that Locust users know, nothing hung, nothing leaked."""

import csv
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import misbehaving_server
import pytest
import trustme

HERE = Path(__file__).parent
KATYDID = os.environ.get("KATYDID") or shutil.which("katydid") or "katydid"
STOCK_PYTHON = os.environ.get("STOCK_PYTHON", "")

# What stock lets escape to the task (so that the request is in no statistics) katydid records as the failure
# that it is; docs/differences.md says so.
ESCAPES_ON_STOCK = {
    "Plain": set[str](),
    "Fast": {"/garbage", "/endless-head", "/bad-chunk", "/redirect-loop"},
}
PORT = "PORT"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The misbehaving server's ports."""
    directory = tmp_path_factory.mktemp("misbehaving")
    certificate = trustme.CA().issue_cert(
        "127.0.0.1", not_before=datetime.datetime(2020, 1, 1), not_after=datetime.datetime(2021, 1, 1)
    )
    certificate.private_key_and_cert_chain_pem.write_to_path(str(directory / "expired.pem"))
    process = subprocess.Popen(
        [sys.executable, str(HERE / "misbehaving_server.py"), str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def run(
    command: list[str], user_class: str, ports: dict[str, int], prefix: Path, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """One headless run of the misbehaving suite; its files start with `prefix`."""
    environment = {
        **os.environ,
        "MISBEHAVING": json.dumps(ports),
        "PATHS": json.dumps(list(misbehaving_server.BEHAVIOURS)),
        **variables,
    }
    suite = str(HERE / "locustfiles" / "misbehaving.py")
    arguments = ["-f", suite, "--headless", "--only-summary", "--csv", str(prefix), *options, user_class]
    return subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def failures(prefix: Path, ports: dict[str, int]) -> dict[str, str]:
    """The failure text of each request name, ports replaced."""
    with open(f"{prefix}_failures.csv", newline="") as file:
        rows = {row["Name"]: row["Error"] for row in csv.DictReader(file)}
    return {name: _comparable(text, ports) for name, text in rows.items()}


def _comparable(text: str, ports: dict[str, int]) -> str:
    """The text without what differs from run to run and from one CPython to the next."""
    return re.sub(r" \(_ssl\.c:\d+\)", "", text.replace(str(ports["http"]), PORT))


def requests(prefix: Path) -> dict[str, tuple[int, int]]:
    """Requests and failures of each request name."""
    with open(f"{prefix}_stats.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["Name"]: (int(row["Request Count"]), int(row["Failure Count"])) for row in rows}


@pytest.mark.parametrize("user_class", ["Plain", "Fast"])
def test_failure_texts_are_those_of_stock_locust(
    user_class: str, server: dict[str, int], tmp_path: Path
) -> None:
    assert STOCK_PYTHON, "STOCK_PYTHON must name a Python that has stock Locust 2.46.3"
    options = ["-u", "1", "-r", "1", "-t", "12s"]
    stock = run([STOCK_PYTHON, "-m", "locust"], user_class, server, tmp_path / "stock", *options)
    ours = run([KATYDID], user_class, server, tmp_path / "ours", *options)
    assert (stock.returncode, ours.returncode) == (1, 1), ours.stderr
    theirs, known = failures(tmp_path / "stock", server), failures(tmp_path / "ours", server)
    escaped = ESCAPES_ON_STOCK[user_class]
    assert {name: text for name, text in known.items() if name not in escaped} == {
        name: text for name, text in theirs.items() if name not in escaped
    }
    assert escaped <= known.keys()
    assert requests(tmp_path / "ours")["/ok after everything"] == (1, 0)


@pytest.mark.quiet
@pytest.mark.parametrize("user_class", ["Plain", "Fast"])
def test_ten_thousand_bad_exchanges_leave_nothing_behind(
    user_class: str, server: dict[str, int], tmp_path: Path
) -> None:
    report = tmp_path / "resources.json"
    users, rounds = 20, 36  # a third of it, 5,000 exchanges, is for caches and tables to fill
    ours = run(
        [KATYDID], user_class, server, tmp_path / "ours", "-u", str(users), "-r", str(users), "-t", "100s",
        ROUNDS=str(rounds), PATIENCE="0.05", PAUSE="0", RESOURCES=str(report),
    )  # fmt: skip
    counts = requests(tmp_path / "ours")
    assert counts["Aggregated"][0] >= 15_000, ours.stderr
    assert counts["/ok after everything"] == (users * rounds, 0)
    before, after = json.loads(report.read_text())
    assert after["descriptors"] <= before["descriptors"] + 2
    assert after["rss_mib"] <= before["rss_mib"] + 6
