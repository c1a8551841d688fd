"""What rules made of failures, and exchanges that failed, are kept: shown, reported, sent again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import target
from history_places import Place

BUYING = """
from locust import FastHttpUser, constant, task

class Buyer(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def buy(self):
        self.client.get("/orders/1", headers={"Authorization": "Bearer s3cret-token"})
        self.client.get("/products")
"""
RULE = "409 on GET /orders/*"
RULES = f"--expect '{RULE}'"


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with target(
        "shop", "--fault", "/orders/*=status:409@100%", "--fault", "/products=status:500@100%"
    ) as address:
        yield address


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, host: str) -> Place:
    """A folder in which a run with expected and real failures was kept."""
    folder: Path = tmp_path_factory.mktemp("kept")
    (folder / "locustfile.py").write_text(BUYING)
    place = Place(folder)
    ran = place.load(3, f"{RULES} --host {host} --html own.json")
    assert ran.returncode == 1, ran.stderr
    return place


def test_what_rules_reclassified_is_kept_by_rule_and_origin(place: Place) -> None:
    own = json.loads((place.folder / "own.json").read_text())["expectations"]
    (row,) = own["reclassified"]
    assert (row["rule"], row["verdict"], row["method"], row["name"]) == (RULE, "expected", "GET", "/orders/1")
    assert "409" in row["from"] and row["occurrences"] > 0
    exported = json.loads(place.run("export 1 --format json").stdout)
    for told in (place.shown("show 1"), exported):
        (kept,) = told["reclassified"]
        assert kept == {**row, "first_seen_at": kept["first_seen_at"], "last_seen_at": kept["last_seen_at"]}
        assert kept["first_seen_at"] == pytest.approx(row["first_seen_at"], abs=0.001)
    assert f"expected   100.00%            {RULE}" in place.run("show 1").stdout
    assert place.run("report 1 -o again.json").returncode == 0
    again = json.loads((place.folder / "again.json").read_text())
    assert again["expectations"] == own
    assert again["triage"]["groups"][0]["name"] == "/products"


def test_a_comparison_says_what_was_reclassified(place: Place) -> None:
    said = place.run("compare 1 1").stdout
    (note,) = [line for line in said.splitlines() if line.startswith("Note: by the rule")]
    count = place.shown("show 1")["reclassified"][0]["occurrences"]
    assert note == f'Note: by the rule "{RULE}" {count} requests were expected, in the baseline {count}'


def test_a_failure_of_a_stored_run_is_sent_again(place: Place) -> None:
    assert place.run("baseline set good 1").returncode == 0
    for run in ("1", "last", "good"):
        listed = place.run(f"replay {run}")
        assert listed.returncode == 0, listed.stderr
        (line,) = listed.stdout.splitlines()[:1]
        assert "GET /products" in line
    number = line.split()[0]
    done = place.run(f"replay last {number} --times 2")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "2 of 2 failed without load: still fails, a bug"


def test_no_secret_is_in_the_kept_exchanges(place: Place) -> None:
    assert "s3cret" not in place.run("replay 1").stdout
    documents = place.rows("SELECT name FROM document")
    assert ("samples",) in documents
    assert place.run("report 1 -o secrets.json").returncode == 0
    assert "s3cret" not in (place.folder / "secrets.json").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("replay 77", "77 is no report that is there, and no stored run: there is no run 77"),
        (
            "replay nobody",
            'nobody is no report that is there, and no stored run: there is no run or baseline "nobody"',
        ),
        ("replay 1 99", "1 has no failure 99; there are: "),
    ],
)
def test_what_is_not_there_is_one_line(place: Place, words: str, said: str) -> None:
    done = place.run(words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line
