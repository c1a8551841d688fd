"""The pages about stored runs: they tell what the store holds, and are guarded as the page is."""

from __future__ import annotations

import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from history_places import TICKING, Place

_LOAD = '--stages "2@20 for 8s" --threshold "p95<1s" --expect "404"'


@contextmanager
def served(place: Place, options: str = "", **variables: str) -> Iterator[str]:
    """The server of the pages while it runs; it has to end in order."""
    with place.begin(f"history -P 0 {options}", **variables) as process:
        assert process.stdout is not None
        found = re.match(r"stored runs at (\S+)/history,", process.stdout.readline())
        assert found is not None
        yield found[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two runs, of which the second is slower at one name and was held against the first."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "locustfile.py").write_text(TICKING)
    kept = Place(folder)
    assert kept.run(f"--headless --only-summary {_LOAD}").returncode == 0
    assert kept.run("baseline set main 1").returncode == 0
    slower = kept.run(f"--headless --only-summary {_LOAD} --baseline main --html own.html", SLOWNESS="2")
    assert slower.returncode == 3, slower.stderr
    return kept


@pytest.fixture(scope="module")
def url(place: Place) -> Iterator[str]:
    with served(place) as address:
        yield address


def ask(url: str, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        status, text = refusal.code, refusal.read().decode()
    return status, json.loads(text) if text.startswith(("{", "[")) else text


def counted(times: list[list[int]]) -> int:
    return sum(count for _, count in times)


def data_of(page: str) -> Any:
    found = re.search(r'<script id="katydid-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_list_tells_what_the_store_holds(place: Place, url: str) -> None:
    status, told = ask(f"{url}/api/v1/runs")
    assert (status, told["unread"], told["baselines"]) == (200, 0, [{"name": "main", "run": 1}])
    for run, kept in zip(told["runs"], place.shown("runs"), strict=True):
        same = ("run", "state", "started_at", "ended_at", "users", "requests", "failures", "exit_code")
        assert {name: run[name] for name in same} == {name: kept[name] for name in same}
        _, report = ask(f"{url}/api/v1/runs/{run['run']}")
        total = report["stats"]["total"]
        assert run["p95_ms"] == total["percentiles"]["0.95"]
        assert run["rps"] == pytest.approx(total["rps"])  # sums of parts in another order
        assert run["requests"] == total["requests"]
    assert [run["passed"] for run in told["runs"]] == [False, True]
    assert ask(f"{url}/api/v1/runs?limit=1")[1]["runs"] == told["runs"][:1]


def test_one_run_is_told_as_its_report_tells_it(place: Place, url: str) -> None:
    assert place.run("report 2 -o stored.json").returncode == 0
    report = json.loads((place.folder / "stored.json").read_text())
    status, told = ask(f"{url}/api/v1/runs/2")
    assert (status, told) == (200, report)
    assert {level["state"] for level in told["verdict"]["levels"]} == {"over"}
    requests = {entry["name"]: entry["requests"] for entry in told["stats"]["entries"]}
    names = {one["name"]: counted(one["times"]) for one in told["distributions"]}
    assert names == {**requests, "Aggregated": told["stats"]["total"]["requests"]}
    page = ask(f"{url}/api/v1/runs/2/report")[1]
    assert data_of(page)["stats"] == told["stats"]


def test_a_comparison_is_that_of_the_command(place: Place, url: str) -> None:
    asked = place.run("compare main 2 --json --html compared.html")
    assert asked.returncode == 3
    own = json.loads(asked.stdout)
    status, told = ask(f"{url}/api/v1/comparison?before=main&after=2")
    assert (status, told["is_regression"]) == (200, True)
    assert [run["run"] for run in told["runs"]] == [1, 2]
    for row, kept in zip(told["rows"], own["rows"], strict=True):
        times = row.pop("times")
        assert row == kept
        assert [counted(side) for side in times] == [row["before"]["requests"], row["after"]["requests"]]
    page = data_of((place.folder / "compared.html").read_text())["comparison"]
    assert [row["outcome"] for row in page["rows"]] == [row["outcome"] for row in told["rows"]]
    assert ask(f"{url}/api/v1/comparison?before=1&after=2&allow=900%25")[1]["is_regression"] is False


def test_the_report_of_a_run_shows_it_over_its_baseline(place: Place, url: str) -> None:
    data = data_of((place.folder / "own.html").read_text())
    outcomes = {row["name"]: row["outcome"] for row in data["comparison"]["rows"]}
    assert outcomes == {"/a": "same", "/b": "worse"}
    assert all(counted(side) > 0 for row in data["comparison"]["rows"] for side in row["times"])
    assert ask(f"{url}/api/v1/runs/2")[1]["comparison"]["before"] == "main (run 1)"
    assert ask(f"{url}/api/v1/runs/1")[1]["comparison"] is None


@pytest.mark.parametrize(
    ("path", "status", "fix"),
    [
        ("runs/99", 404, "katydid runs lists them"),
        ("runs/nobody", 404, "a baseline's name"),
        ("runs?limit=x", 400, "limit"),
        ("comparison?before=1&after=99", 404, "there is no run 99"),
        ("comparison?before=1", 400, "after"),
        ("comparison?before=1&after=2&allow=much", 400, "write 50% or 0.5"),
        ("comparison?before=1&after=2&allow_errors=-1", 400, "write 50% or 0.5"),
    ],
)
def test_what_cannot_be_answered_is_one_line(url: str, path: str, status: int, fix: str) -> None:
    answer, told = ask(f"{url}/api/v1/{path}")
    assert answer == status
    assert fix in told["error"] and "\n" not in told["error"]


def test_names_are_given_and_runs_forgotten(place: Place, tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(place.store.read_bytes())
    own = Place(tmp_path)
    with served(own) as url:
        assert ask(f"{url}/api/v1/baselines/good", "PUT", {"run": "last"})[0] == 200
        assert ask(f"{url}/api/v1/baselines/last", "PUT", {"run": 1})[0] == 400
        assert ask(f"{url}/api/v1/baselines/good", "PUT", {"run": 99})[0] == 404
        assert ask(f"{url}/api/v1/baselines/main", "DELETE")[0] == 200
        assert ask(f"{url}/api/v1/baselines/main", "DELETE")[0] == 404
        assert ask(f"{url}/api/v1/runs/1", "DELETE", Origin="http://evil.example")[0] == 403
        assert ask(f"{url}/api/v1/runs/1", "DELETE")[0] == 200
        assert ask(f"{url}/api/v1/runs/1", "DELETE")[0] == 404
        told = ask(f"{url}/api/v1/runs")[1]
    assert [(run["run"], run["baselines"]) for run in told["runs"]] == [(2, ["good"])]
    assert [run["run"] for run in own.shown("runs")] == [2]


def test_it_asks_for_the_password_and_serves_nothing_else(place: Place) -> None:
    with served(place, "--web-auth ann:secret --web-base-path /load") as url:
        assert url.endswith("/load")
        assert ask(f"{url}/api/v1/runs")[0] == 401
        known = {"Authorization": "Basic YW5uOnNlY3JldA=="}
        assert ask(f"{url}/api/v1/runs", **known)[0] == 200
        assert '<div id="root">' in ask(f"{url}/", **known)[1]
        assert ask(f"{url}/swarm", "POST", {}, **known)[0] == 404
    with served(place) as url:
        assert ask(f"{url}/api/v1/runs", Host="rebound.example")[0] == 403


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        ("--store none", "--store none keeps no runs"),
        ("--store /dev/null/runs.db", "/dev/null/runs.db"),
        ("-P 99999", "ports go from 0"),
        ("--tls-cert a.pem", "give both"),
        ("--web-host nowhere.invalid", "nowhere.invalid"),
    ],
)
def test_what_cannot_be_served_ends_it_with_one_line(place: Place, options: str, fix: str) -> None:
    ended = place.run(f"history -P 0 {options}")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("katydid history: error: ") and fix in line


def test_a_page_that_is_open_to_others_says_so(place: Place) -> None:
    with place.begin("history -P 0 --web-host 0.0.0.0") as process:
        assert process.stderr is not None
        assert "ask for a password" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
