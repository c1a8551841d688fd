"""The command with its page: what it says, how it ends, who may see it, what it leaves behind."""

import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import eventually

SUITE = """
from locust import User, constant, task

class Ticking(User):
    wait_time = constant(0.02)

    @task
    def tick(self):
        self.environment.events.request.fire(
            request_type="T", name="tick </script>", response_time=5, response_length=3, exception=None
        )
"""

FAILING = SUITE.replace("exception=None", 'exception=OSError("no")')


class Running:
    """The command, started."""

    def __init__(self, folder: Path, line: str, suite: str, **variables: str) -> None:
        (folder / "locustfile.py").write_text(suite)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))
        }
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "katydid", *shlex.split(line)],
            cwd=folder,
            env={**kept, "HOME": str(folder), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def url(self) -> str:
        """Where the page is, once it is there."""
        self.wait_for("web interface at ")
        found = re.search(r"web interface at (\S+),", self.said)
        assert found is not None, self.said
        return found[1]

    def wait_for(self, text: str) -> None:
        assert self.process.stdout is not None
        while text not in self.said:
            line = self.process.stdout.readline()
            assert line, f"ended with {self.process.wait()} and said {self.said}"
            self.said += line

    def end(self) -> int:
        """Wait until the process ends by itself. Returns its exit code."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.read()
        return self.process.wait(timeout=30)

    def signal(self, number: int) -> int:
        self.process.send_signal(number)
        return self.end()


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts commands that end with the test."""
    begun: list[Running] = []

    def start(line: str = "", suite: str = SUITE, **variables: str) -> Running:
        begun.append(Running(tmp_path, line, suite, **variables))
        return begun[-1]

    yield start
    for running in begun:
        running.process.kill()
        running.process.communicate()


def fetch(url: str, context: ssl.SSLContext | None = None, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as fault:
        return fault.code, fault.read()


def stats(url: str) -> Any:
    return json.loads(fetch(f"{url}/stats/requests")[1])


def test_without_headless_the_page_is_served(begin: Callable[..., Running]) -> None:
    running = begin("--web-port 0")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", running.url)
    assert stats(running.url)["state"] == "ready"
    port = int(running.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):  # an address of this machine that was not asked for
        socket.create_connection(("127.0.0.2", port), timeout=5)
    assert running.signal(signal.SIGINT) == 0
    assert "WARNING" not in running.said
    assert "Aggregated" in running.said


@pytest.mark.parametrize(("suite", "code"), [(SUITE, 0), (FAILING, 1)])
def test_autostart_and_autoquit(begin: Callable[..., Running], suite: str, code: int) -> None:
    running = begin("--web-port 0 --autostart --autoquit 0 -t 1 -u 2 -r 2", suite)
    assert running.end() == code
    assert re.search(r"T +tick </script> +[1-9]", running.said)


def test_after_an_autostarted_run_the_page_stays(begin: Callable[..., Running]) -> None:
    running = begin("--web-port 0 --autostart -t 1 -u 2 -r 2")
    assert stats(running.url)["state"] in ("ready", "spawning", "running")
    running.wait_for("stopping the test")
    eventually("the run is over", lambda: stats(running.url)["state"] == "stopped")
    assert stats(running.url)["stats"][0]["num_requests"] > 0
    assert running.signal(signal.SIGTERM) == 0


def test_an_autostarted_run_tells_its_rate_and_limit(begin: Callable[..., Running]) -> None:
    running = begin("--web-port 0 --autostart -t 1m -u 2 -r 20")
    running.wait_for("all users spawned")
    run = json.loads(fetch(f"{running.url}/api/v1/run")[1])
    assert (run["target_user_count"], run["spawn_rate"], run["run_time_s"]) == (2, 20, 60)


def test_a_taken_port_is_one_line(begin: Callable[..., Running]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        running = begin(f"--web-port {taken.getsockname()[1]}")
        assert running.end() == 2
    assert "the page cannot be served" in running.said
    assert "Traceback" not in running.said


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("--web-base-path load", 1, "must begin with a slash"),
        ("--tls-cert nowhere.pem --tls-key nowhere.pem --web-port 0", 2, "nowhere.pem"),
        ("--html /proc/no/report.html --web-port 0", 1, "--html /proc/no/report.html"),
        ("--web-auth secret --web-port 0", 2, "user:password"),
        ("--tls-cert nowhere.pem --web-port 0", 2, "give --tls-cert and --tls-key"),
        ("--tls-key nowhere.pem --web-port 0", 2, "give --tls-cert and --tls-key"),
        ("--web-port 70000", 2, "70000"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    begin: Callable[..., Running], line: str, code: int, said: str
) -> None:
    running = begin(line)
    assert running.end() == code
    assert said in running.said and "Traceback" not in running.said


def test_an_init_listener_that_raises_ends_it(begin: Callable[..., Running]) -> None:
    suite = (
        SUITE
        + "\nfrom locust import events\n@events.init.add_listener\ndef fail(**_): raise ValueError('no')\n"
    )
    running = begin("--web-port 0", suite)
    assert running.end() == 1
    assert "init listener raised" in running.said


class TestWhoMaySeeIt:
    def test_a_password(self, begin: Callable[..., Running]) -> None:
        url = begin("--web-port 0 --web-auth ann:secret").url
        assert fetch(f"{url}/stats/requests")[0] == 401
        assert fetch(f"{url}/api/v1/run")[0] == 401
        assert fetch(f"{url}/", Authorization="Basic YW5uOndyb25n")[0] == 401
        assert fetch(f"{url}/stats/requests", Authorization="Basic YW5uOnNlY3JldA==")[0] == 200

    def test_a_password_from_the_environment(self, begin: Callable[..., Running]) -> None:
        url = begin("--web-port 0", LOCUST_BASIC_AUTH="ann:secret").url
        assert fetch(f"{url}/stats/requests")[0] == 401
        assert fetch(f"{url}/stats/requests", Authorization="Basic YW5uOnNlY3JldA==")[0] == 200

    def test_tokens(self, begin: Callable[..., Running]) -> None:
        url = begin("--web-port 0 --web-token one,two").url
        assert fetch(f"{url}/stats/requests")[0] == 401
        assert fetch(f"{url}/stats/requests", Authorization="Bearer three")[0] == 401
        assert fetch(f"{url}/stats/requests", Authorization="Bearer two")[0] == 200

    def test_names(self, begin: Callable[..., Running]) -> None:
        url = begin("--web-port 0 --web-allowed-hosts load.test").url
        assert fetch(f"{url}/stats/requests", Host="elsewhere.test")[0] == 403
        assert fetch(f"{url}/stats/requests", Host="load.test")[0] == 200

    @pytest.mark.parametrize(
        ("line", "warns"), [("", True), ("--web-auth a:b", False), ("--web-token t", False)]
    )
    def test_listening_to_strangers_warns(
        self, begin: Callable[..., Running], line: str, warns: bool
    ) -> None:
        running = begin(f"--web-port 0 --web-host 0.0.0.0 {line}")
        assert running.url.startswith("http://localhost:")
        running.signal(signal.SIGTERM)
        assert ("can start load from here" in running.said) == warns


def test_https(begin: Callable[..., Running], tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    url = begin("--web-port 0 --tls-cert cert.pem --tls-key key.pem").url
    assert url.startswith("https://")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    assert fetch(f"{url}/stats/requests", context)[0] == 200


def test_live_tables_beside_the_page(begin: Callable[..., Running]) -> None:
    running = begin("--web-port 0 --print-stats")
    for _ in range(2):
        running.wait_for("Aggregated")
        running.said = ""
    assert running.signal(signal.SIGINT) == 0


def test_a_page_of_ones_own(begin: Callable[..., Running], tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "index.html").write_text("<p>my own</p>")
    assert fetch(f"{begin('--web-port 0 --build-path own').url}/") == (200, b"<p>my own</p>")
    assert fetch(f"{begin('--web-port 0', LOCUST_BUILD_PATH='own').url}/") == (200, b"<p>my own</p>")


def test_variables_of_the_page(begin: Callable[..., Running], tmp_path: Path) -> None:
    running = begin("--web-port 0", LOCUST_WEB_AUTH="ann:secret", LOCUST_HTML="out.html")
    assert fetch(f"{running.url}/stats/requests")[0] == 401
    assert running.signal(signal.SIGINT) == 0
    assert data_of((tmp_path / "out.html").read_text())["run"]["locustfile"] == "locustfile.py"


class TestReports:
    def test_a_page_that_is_whole(self, begin: Callable[..., Running], tmp_path: Path) -> None:
        running = begin("--headless -t 2 -u 2 -r 2 --html out/report_{u}_{r}_{t}.html")
        assert running.end() == 0
        text = (tmp_path / "out" / "report_2_2_2.html").read_text()
        data = data_of(text)
        assert data["stats"]["total"]["requests"] > 0
        assert [entry["name"] for entry in data["stats"]["entries"]] == ["tick </script>"]
        assert data["run"]["state"] == "stopped"
        assert data["tasks"]["per_class"] == {"Ticking": {"ratio": 1.0, "tasks": {"tick": {"ratio": 1.0}}}}
        assert len(data["history"]["points"]) >= 1
        assert {mark["kind"] for mark in data["history"]["marks"]} >= {"start", "spawned", "stop"}
        assert not re.search(r'(src|href)="(https?:)?//', text)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_written_however_the_run_ends(
        self, begin: Callable[..., Running], tmp_path: Path, number: int
    ) -> None:
        running = begin("--headless -u 2 -r 2 --html report.html")
        running.wait_for("tick </script>")  # its row in the table
        running.signal(number)
        data = data_of((tmp_path / "report.html").read_text())
        assert data["stats"]["total"]["requests"] > 0

    def test_markdown_and_json(self, begin: Callable[..., Running], tmp_path: Path) -> None:
        assert begin("--headless -t 1 -u 2 -r 2 --html report.md", FAILING).end() == 1
        text = (tmp_path / "report.md").read_text()
        assert re.search(r"\| T \| tick &lt;/script> \| \d+ \| \d+ \|", text)
        assert "## Failures" in text and "OSError('no')" in text
        assert begin("--headless -t 1 -u 2 -r 2 --html report.json", FAILING).end() == 1
        data = json.loads((tmp_path / "report.json").read_text())
        assert data["errors"]["errors"][0]["error"] == "OSError('no')"

    def test_the_page_makes_one(self, begin: Callable[..., Running]) -> None:
        running = begin("--web-port 0 --autostart -u 2 -r 2")
        url = running.url
        eventually("a task has run", lambda: stats(url)["stats"][0]["num_requests"])
        status, page = fetch(f"{url}/stats/report?theme=dark")
        data = data_of(page.decode())
        assert status == 200
        assert (data["theme"], data["show_download_link"]) == ("dark", True)
        assert data["stats"]["total"]["requests"] > 0


def data_of(page: str) -> Any:
    """The data in a report; that it ends where it should is part of what is shown."""
    found = re.findall(r'<script id="katydid-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])
