"""A PostgreSQL server keeps runs as a file does, and has figures for dashboards while a run goes on."""

import csv
import io
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from contrib_servers import postgres
from history_places import TICKING, Place
from waiting import eventually


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "locustfile.py").write_text(TICKING)
    return Place(tmp_path)


def test_a_server_keeps_what_the_run_told(place: Place, server: str) -> None:
    ran = place.load(5, "--csv own", KATYDID_STORE=server, FAILING="1")
    assert ran.returncode == 1, ran.stderr
    with open(place.folder / "own_stats.csv", newline="") as file:
        own = {row["Name"]: row for row in csv.DictReader(file)}
    exported = place.run("export last", KATYDID_STORE=server)
    assert exported.returncode == 0, exported.stderr
    kept = list(csv.DictReader(io.StringIO(exported.stdout)))
    with psycopg.connect(server) as database:
        live = database.execute(
            "SELECT name, sum(requests), sum(failures), max(max_ms), count(*) FROM measure GROUP BY name"
        ).fetchall()
        age = database.execute("SELECT max(abs(extract(epoch FROM now() - time))) FROM measure").fetchone()
    assert {row[0] for row in live} == {"/a", "/b"}
    for name, requests, failures, longest, stretches in live:
        assert int(requests) == int(own[name]["Request Count"])
        assert int(failures) == int(own[name]["Failure Count"])
        assert longest == float(own[name]["Max Response Time"])
        assert stretches >= 3
        rows = [row for row in kept if row["name"] == name]
        assert sum(int(row["requests"]) for row in rows) == int(requests)
    assert age is not None and age[0] < 60
    assert place.run("baseline set main", KATYDID_STORE=server).returncode == 0
    assert place.run("show main", KATYDID_STORE=server).returncode == 0
    assert place.run("report main -o main.md", KATYDID_STORE=server).returncode == 0
    assert place.run("runs --remove 1", KATYDID_STORE=server).returncode == 0


def test_a_server_that_hangs_up_is_told_of_once_and_costs_the_run_nothing(place: Place, server: str) -> None:
    options = "--headless --only-summary -u 2 -r 2 -t 8s --csv own"
    hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'katydid'"
    with (
        place.begin(options, KATYDID_STORE=server) as process,
        psycopg.connect(server, autocommit=True) as database,
    ):
        _wait_for_stretches(database, 2)
        hung_up = database.execute(hang_up).fetchall()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert len(hung_up) == 1
    assert said.count("the store does not take what is measured") == 1
    with open(place.folder / "own_stats.csv", newline="") as file:
        own = {row["Name"]: row for row in csv.DictReader(file)}
    exported = place.run("export last", KATYDID_STORE=server).stdout
    kept_requests = sum(int(row["requests"]) for row in csv.DictReader(io.StringIO(exported)))
    assert kept_requests == int(own["Aggregated"]["Request Count"]), "what was refused is written later"


CERTIFICATES = Path(__file__).parent / "certificates"


@pytest.fixture(scope="module", params=["good.pem", "elsewhere.pem"])
def encrypting(request: pytest.FixtureRequest) -> Iterator[tuple[str, bool]]:
    """A server that insists on encryption, and whether its certificate is for where it is."""
    with postgres(CERTIFICATES / request.param) as url:
        yield url, request.param == "good.pem"


def test_a_connection_is_encrypted_and_its_server_known_if_asked(
    place: Place, encrypting: tuple[str, bool]
) -> None:
    url, is_right = encrypting
    authority = f"sslrootcert={CERTIFICATES / 'authority.pem'}"
    wrong_name = None if is_right else "certificate is not valid for '127.0.0.1'"
    for words, said in [
        ("", None),
        ("?sslmode=require", None),
        (f"?sslmode=verify-full&{authority}", wrong_name),
        (f"?sslmode=require&{authority}", wrong_name),
        ("?sslmode=verify-full", "unable to get local issuer certificate"),
        ("?sslmode=disable", "no encryption"),
        ("?sslmode=verify-ca", "give disable, prefer, require or verify-full"),
    ]:
        asked = place.run("runs", KATYDID_STORE=url + words)
        if said is None:
            assert asked.returncode == 0, (words, asked.stderr)
        else:
            (line,) = asked.stderr.splitlines()
            assert asked.returncode in (1, 2) and said in line, (words, line)


def test_a_store_that_is_locked_holds_up_neither_files_nor_summary(place: Place, server: str) -> None:
    assert place.load(1, KATYDID_STORE=server).returncode == 0
    options = "--headless --only-summary -u 2 -r 2 -t 4s --csv own --baseline last"
    with place.begin(options, KATYDID_STORE=server) as process, psycopg.connect(server) as database:
        _wait_for_stretches(database, 1)
        database.execute("LOCK TABLE measure IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        out, said = process.communicate(timeout=60)
        seconds = time.monotonic() - begun
    assert process.returncode == 3, "what could not be compared has not passed"
    assert "Aggregated" in out + said and (place.folder / "own_stats.csv").exists()
    assert said.count("the end of this run is not kept: the store gave no answer for 10 s") == 1, said
    assert said.count("Not held against the baseline") == 1
    assert seconds < 40, "the load, ten seconds, and what a busy machine takes"


def _wait_for_stretches(database: psycopg.Connection[Any], number: int) -> None:
    """Until the run that goes on has written so much; the transaction is over then."""
    kept = "SELECT count(*) FROM part WHERE run = (SELECT max(id) FROM run WHERE state = 'running')"

    def is_written() -> bool:
        database.commit()
        there = database.execute("SELECT to_regclass('part')").fetchone()
        return bool(there and there[0]) and (database.execute(kept).fetchone() or (0,))[0] >= number

    eventually("stretches are kept", is_written)
    database.commit()


def test_a_commit_whose_answer_is_lost_is_kept_once(place: Place, server: str) -> None:
    host, _, port = server.partition("@")[2].partition("/")[0].partition(":")
    commit, is_over = b"Q\0\0\0\x0bCOMMIT\0", b"Z\0\0\0\x05I"
    lost: list[bool] = []

    def forward(client: socket.socket) -> None:
        with client, socket.create_connection((host, int(port))) as upstream:
            while True:
                for ready in select.select([client, upstream], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    (upstream if ready is client else client).sendall(data)
                    # In front of it may stand that a statement is no longer needed: nobody waits for that.
                    if data.endswith(commit) and not lost:
                        said = b""
                        while not said.endswith(is_over) and (more := upstream.recv(1 << 16)):
                            said += more
                        lost.append(said.endswith(is_over))  # the server has done it, and nobody hears
                        return

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=forward, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        between = server.replace(f":{port}/", f":{listener.getsockname()[1]}/")
        ran = place.load(4, "--csv own", KATYDID_STORE=between)
    assert ran.returncode == 0 and lost == [True], ran.stderr
    with open(place.folder / "own_stats.csv", newline="") as file:
        own = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file)}
    with psycopg.connect(server) as database:
        newest = "WHERE run = (SELECT max(id) FROM run) GROUP BY name"
        live = database.execute(f"SELECT name, sum(requests)::bigint FROM measure {newest}").fetchall()
    assert dict(live) == {"/a": own["/a"], "/b": own["/b"]}
