"""Every run of the command is kept, whole or up to where it was killed, and nothing secret with it."""

import csv
import io
import json
import re
import signal
import sqlite3
import time
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from history_places import TICKING, Place
from waiting import eventually


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "locustfile.py").write_text(TICKING)
    return Place(tmp_path)


def test_a_run_is_kept_as_its_own_files_tell_it(place: Place) -> None:
    ran = place.load(4, "--csv own --web-auth me:pass", FAILING="1")
    assert ran.returncode == 1, ran.stderr
    (run,) = place.shown("runs")
    kept = {field: run[field] for field in ("state", "exit_code", "users", "locustfile")}
    assert kept == {"state": "finished", "exit_code": 1, "users": 2, "locustfile": "locustfile.py"}
    with open(place.folder / "own_stats.csv", newline="") as file:
        own = {row["Name"]: row for row in csv.DictReader(file)}
    exported = list(csv.DictReader(io.StringIO(place.run("export last").stdout)))
    for name in ("/a", "/b"):
        kept = [row for row in exported if row["name"] == name]
        assert sum(int(row["requests"]) for row in kept) == int(own[name]["Request Count"])
        assert sum(int(row["failures"]) for row in kept) == int(own[name]["Failure Count"])
        assert max(float(row["max_ms"]) for row in kept) == float(own[name]["Max Response Time"])
    assert run["requests"] == int(own["Aggregated"]["Request Count"])
    assert place.rows("SELECT run FROM document WHERE name = 'digest'") == [(1,)]
    shown = place.shown("show 1")
    assert {failure["error"] for failure in shown["failures"]} == {"OSError('no')"}
    page = place.run("show 1").stdout
    assert f"GET      /a{' ' * 74} {own['/a']['Request Count']:>7}" in page


def test_secrets_are_not_kept(place: Place) -> None:
    place.load(1, "--web-auth me:hidden", KATYDID_WEB_TOKEN="hidden")
    about = place.rows("SELECT about, host FROM run")
    assert "hidden" not in str(about) and "secret" not in str(about)
    assert json.loads(about[0][0])["options"]["run_time"] == 1


def test_a_killed_run_is_unfinished_and_loses_its_last_stretch_at_most(place: Place) -> None:
    with place.begin("--headless --only-summary -u 2 -r 2") as process:
        eventually("three stretches are kept", lambda: place.store.exists() and place.run_parts() >= 3)
        process.kill()
    ((requests, seen_at, state),) = place.rows("SELECT requests, seen_at, state FROM run")
    assert state == "running" and requests > 0
    assert time.time() - seen_at < 15, "it was written until shortly before the end"
    assert place.rows("PRAGMA integrity_check") == [("ok",)]
    # As if it had been long ago.
    with sqlite3.connect(place.store) as database:
        database.execute("UPDATE run SET seen_at = seen_at - 1000, started_at = started_at - 1000")
    assert place.shown("runs")[0]["state"] == "unfinished"
    assert "unfinished" in place.run("show 1").stdout
    assert place.run("report 1 -o killed.md").returncode == 0
    assert "/a" in (place.folder / "killed.md").read_text()


def test_signals_are_left_to_the_threads_of_python(place: Place) -> None:
    def masks() -> dict[str, int]:
        found = {}
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            status = (thread / "status").read_text().splitlines()
            known = dict(line.split(":\t", 1) for line in status if ":\t" in line)
            found[known["Name"]] = int(known["SigBlk"], 16)
        return found

    with place.begin("--autostart -u 2 --web-port 0") as process:
        eventually("both threads of ours", lambda: {"katydid-store", "katydid-control"} <= masks().keys())
        ours = {name: mask for name, mask in masks().items() if name.startswith("katydid-")}
        for number in (signal.SIGINT, signal.SIGTERM):
            assert all(mask & 1 << (number - 1) for mask in ours.values()), ours
        assert not any(mask & 1 << (signal.SIGSEGV - 1) for mask in ours.values()), ours


def test_a_report_of_a_stored_run_tells_what_its_own_told(place: Place) -> None:
    place.load(3, "--html own.json", FAILING="1")
    made = place.run("report last -o again.json")
    assert made.returncode == 0, made.stderr
    own, again = (json.loads((place.folder / name).read_text()) for name in ("own.json", "again.json"))
    for entry, other in zip(own["stats"]["entries"], again["stats"]["entries"], strict=True):
        for field in ("method", "name", "requests", "failures", "min_ms", "max_ms", "percentiles", "status"):
            assert entry[field] == other[field], field
        assert entry["avg_ms"] == pytest.approx(other["avg_ms"])
        assert entry["rps"] == pytest.approx(other["rps"], rel=0.02)
    assert [e["occurrences"] for e in own["errors"]["errors"]] == [
        e["occurrences"] for e in again["errors"]["errors"]
    ]
    assert again["run"]["state"] == "stopped" and again["stored"]["run"] == 1
    assert len(again["history"]["points"]) >= 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--store mysql://x/y", "--store: no store mysql://…"),
        ("--store /proc/nothing/runs.db", "--store: /proc/nothing/runs.db: "),
        ("--store postgresql://127.0.0.1:1/x", "(os error 111): name another store, or none to keep no run"),
        ("--store-keep some", '--store, --store-keep: "some" does not say what to keep'),
        ("--baseline nobody", '--baseline nobody: there is no run or baseline "nobody"'),
        ("--store none --baseline nobody", "there is nothing to hold a run against"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_starts(place: Place, options: str, said: str) -> None:
    ran = place.load(2, options)
    assert ran.returncode == 2, ran.stderr
    (line,) = ran.stderr.strip().splitlines()
    assert said in line
    assert "Aggregated" not in ran.stdout


def test_without_a_store_nothing_is_written(place: Place) -> None:
    assert place.load(1, "--store none").returncode == 0
    assert not place.store.exists()
    assert not list(place.folder.glob("**/*.db"))


def test_the_standard_store_is_in_the_folder_of_users_data(place: Place) -> None:
    ran = place.load(1, KATYDID_STORE=None)
    assert ran.returncode == 0, ran.stderr
    assert (place.folder / ".local/share/katydid/history.db").is_file()


def test_a_standard_store_that_cannot_be_used_costs_a_warning_and_no_run(place: Place) -> None:
    (place.folder / ".local").write_text("a file where a folder should be")
    ran = place.load(1, KATYDID_STORE=None)
    assert ran.returncode == 0
    assert ran.stderr.count("this run is not kept") == 1


def test_a_run_that_is_slower_than_its_baseline_ends_with_3(place: Place) -> None:
    assert place.load(8).returncode == 0
    assert place.run("baseline set main 1").stdout == "baseline main is run 1\n"
    same = place.load(8, "--baseline main")
    assert same.returncode == 0, same.stderr
    assert "No regression: none of 2" in same.stderr
    slow = place.load(8, "--baseline main --junit junit.xml --markdown own.md", SLOWNESS="1.5")
    (case,) = ElementTree.parse(place.folder / "junit.xml").findall(
        ".//testcase[@classname='katydid.baseline']"
    )
    failure = case.find("failure")
    assert case.attrib["name"] == "no slower than main" and failure is not None and failure.text
    assert failure.attrib["message"].startswith("Regression: 1 of 2")
    assert any(line.startswith("GET /b: p95 +") for line in failure.text.splitlines())
    assert "<br>GET /b: p95 +" in (place.folder / "own.md").read_text()
    assert slow.returncode == 3, slow.stderr
    assert "GET /b: p95 +" in slow.stderr and "GET /a: p95" not in slow.stderr
    (kept, *_) = place.shown("runs")
    assert kept["exit_code"] == 3
    assert [row["outcome"] for row in kept["verdict"]["comparison"]["rows"]] == ["same", "worse"]
    compared = place.run("compare main last --markdown told.md")
    assert compared.returncode == 3
    assert "| worse |" in (place.folder / "told.md").read_text()


def test_a_baseline_given_by_number_is_not_forgotten_for_its_own_comparison(place: Place) -> None:
    for _ in range(2):
        assert place.load(1).returncode == 0
    held = place.load(1, '--baseline 1 --store-keep "1 run"')
    assert "run 3 against run 1" in held.stderr, held.stderr
    assert [run["run"] for run in place.shown("runs")] == [3, 2, 1]


def test_what_was_not_compared_has_not_passed(place: Place) -> None:
    assert place.load(1).returncode == 0
    with place.begin("--headless --only-summary -u 2 -r 2 -t 4s --baseline 1") as process:
        eventually("the second run is kept", lambda: place.rows("SELECT 1 FROM run WHERE id = 2"))
        assert place.run("runs --remove 1").returncode == 0
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert said.count("Not held against the baseline 1, so not passed: there is no run 1") == 1
    assert place.shown("runs")[0]["exit_code"] == 3


@pytest.mark.parametrize("asked", ["--threshold 'p95<20s'", "--markdown told.md", ""])
def test_a_run_that_only_broke_a_rule_is_kept_as_failed(place: Place, asked: str) -> None:
    ran = place.load(2, f"{asked} --expect '\"*no*\" up to 1% on /b' --expect '\"*no*\"'", FAILING="1")
    assert ran.returncode == 1, ran.stderr
    (run,) = place.shown("runs")
    verdict = run["verdict"]["thresholds"]
    assert (run["exit_code"], verdict["passed"], verdict["is_over"]) == (1, False, True)
    found = {finding["name"]: finding["passed"] for finding in verdict["findings"]}
    assert found == {'"*no*" up to 1% on /b': False, '"*no*"': True}
    assert place.run("report 1 -o again.md").returncode == 0
    told = (place.folder / "again.md").read_text()
    assert '| FAIL | "\\*no\\*" up to 1% on /b |' in told
    assert "| BROKEN: these are failures |" in told
    assert re.search(r"Failures +Verdict +Baseline\n.* failed\n", place.run("runs").stdout)
    shown = place.run("show 1").stdout.splitlines()
    assert shown[-1] == "Verdict: failed"
    assert any(line.startswith('FAIL  "*no*" up to 1% on /b  ') for line in shown)


def test_what_was_asked_of_a_run_is_shown(place: Place) -> None:
    asked = "--threshold 'p95<20s' --threshold 'max<1ms on /a'"
    assert place.load(1, asked).returncode == 3
    assert place.load(1).returncode == 0
    assert [run["users"] for run in place.shown("runs")] == [2, 2], "also of a run without a second look"
    *_, first, second, word = place.run("show 1").stdout.splitlines()
    assert first.startswith("pass  p95<20s        ") and second.startswith("FAIL  max<1ms on /a  ")
    assert word == "Verdict: failed"
    assert "Verdict" not in place.run("show 2").stdout
    assert re.search(r" - *\n.* failed *\n", place.run("runs").stdout)


def test_a_group_that_no_name_is_in_is_told(place: Place) -> None:
    assert place.load(2).returncode == 0
    compared = place.run("compare 1 --a '/a*' --b '/nowhere*'")
    assert compared.returncode == 3
    assert 'Note: --b "/nowhere*" matches no name of run 1' in compared.stdout
    assert '--a "' not in compared.stdout


def test_a_run_can_be_exported_for_programs(place: Place) -> None:
    place.load(2)
    whole = json.loads(place.run("export 1 --format json").stdout)
    entries = [entry for part in whole["parts"] for entry in part["entries"]]
    assert sum(entry["requests"] for entry in entries) == whole["requests"]
    assert all(sum(count for _, count in entry["histogram"]) == entry["requests"] for entry in entries)


def test_parquet_says_to_a_foreign_reader_what_csv_says(place: Place) -> None:
    assert place.load(3, FAILING="1").returncode == 1
    assert place.run("export 1 --format parquet -o rows.parquet").returncode == 0
    rows = duckdb.sql(f"SELECT * FROM read_parquet('{place.folder / 'rows.parquet'}')")
    told = list(csv.reader(io.StringIO(place.run("export 1").stdout)))
    assert rows.columns == told[0]
    kinds = dict(zip(rows.columns, map(str, rows.types), strict=True))
    assert kinds["name"] == "VARCHAR" and kinds["p95_ms"] == "DOUBLE" and "INT" in kinds["requests"]
    read = rows.fetchall()
    assert len(read) == len(told) - 1 >= 4
    for row, fields in zip(read, told[1:], strict=True):
        for value, field in zip(row, fields, strict=True):
            if isinstance(value, str):
                assert value == field
            else:
                assert (None if field == "" else float(field)) == value


def test_levels_are_kept_and_each_is_held_against_the_baseline(place: Place) -> None:
    levels = '--stages "1@10 for 6s, 2@10 for 6s"'
    ran = place.run(f"--headless --only-summary {levels}")
    assert ran.returncode == 0, ran.stderr
    kept = place.shown("show last")
    assert [(level["number"], level["users"]) for level in kept["levels"]] == [(1, 1), (2, 2)]
    first, second = kept["levels"]
    assert first["until"] == pytest.approx(second["from"], abs=0.5)
    slow = place.run(f"--headless --only-summary {levels} --baseline 1", SLOWNESS="2")
    assert slow.returncode == 3, slow.stderr
    rows = place.shown("show last")["verdict"]["comparison"]["rows"]
    assert len(rows) == 4 and {row["name"] for row in rows if row["outcome"] == "worse"} == {"/b"}


def test_a_digest_is_no_source_and_waits_for_nobody(place: Place) -> None:
    for _ in range(2):
        assert place.load(6).returncode == 0
    anew = place.run("compare 1 2 --json").stdout
    assert len(json.loads(anew)["rows"]) == 2
    for content in (b"", b"\x01\xff\xff", b"\x09of another katydid"):
        with sqlite3.connect(place.store) as database:
            database.execute("UPDATE document SET content = ? WHERE name = 'digest'", (content,))
        with sqlite3.connect(place.store) as writer:
            writer.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            assert place.run("compare 1 2 --json").stdout == anew
            assert time.monotonic() - begun < 8, "a writer is waited for 10 s"
            writer.rollback()
    assert place.run("compare 1 2 --json").stdout == anew
    assert content not in {
        kept for (kept,) in place.rows("SELECT content FROM document WHERE name = 'digest'")
    }
