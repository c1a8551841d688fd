"""`katydid replay`: what is sent again, what is missing, and what the answers say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import katydid.locust  # noqa: F401 - whoever imports parts of the package imports this first
import pytest
from katydid.results.secrets import MASK
from katydid.verdict.replay import (
    FAILS,
    FAILS_OTHERWISE,
    SUCCEEDS,
    UNCLEAR,
    Answer,
    CannotReplay,
    conclusion,
    judged,
    kept_in,
    message_of,
)
from scripted import serving


def sample(**changes: Any) -> dict[str, Any]:
    """A request that failed with 500."""
    request = {
        "headers": [["X-Run", "7"], ["Host", "h"], ["Content-Length", "8"]],
        "body": '{"n": 1}',
        "body_exact": True,
    }
    return {
        "id": "1",
        "cause": "server error",
        "method": "POST",
        "url": "http://h/buy?n=1",
        "name": "/buy",
        "status": 500,
        "error": "HTTPError(500)",
        "request": request,
        "response": {"headers": [], "body": "oops", "body_exact": True},
        **changes,
    }


def with_request(**changes: Any) -> dict[str, Any]:
    return sample(request={**sample()["request"], **changes})


def test_the_request_is_the_one_that_was_kept() -> None:
    message = message_of(sample())
    assert (message.method, message.url, message.body) == ("POST", "http://h/buy?n=1", b'{"n": 1}')
    assert message.headers == {"X-Run": "7"}


def test_headers_host_and_body_can_be_others() -> None:
    secret = with_request(
        headers=[["Authorization", f"Bearer {MASK}"]], body=f"password={MASK}", body_exact=False
    )
    message = message_of(
        secret, ["authorization: Bearer s3cret"], host="http://127.0.0.1:8/v2/", body=b"password=x"
    )
    assert message.headers == {"authorization": "Bearer s3cret"}
    assert (message.url, message.body) == ("http://127.0.0.1:8/v2/buy?n=1", b"password=x")


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (with_request(headers=[["Authorization", f"Bearer {MASK}"]]), "--header 'Authorization: …'"),
        (with_request(body=f'{{"password": "{MASK}"}}'), "--body FILE"),
        (with_request(body_exact=False), "--body FILE"),
        (sample(url=f"http://h/?token={MASK}"), "a URL without secrets"),
    ],
)
def test_what_was_not_kept_has_to_be_given(kept: dict[str, Any], said: str) -> None:
    with pytest.raises(CannotReplay) as caught:
        message_of(kept)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "host", "said"),
    [(["no colon"], None, "'Name: value'"), ([], "nowhere", "http://127.0.0.1:8000")],
)
def test_what_cannot_be_understood_is_refused(headers: list[str], host: str | None, said: str) -> None:
    with pytest.raises(CannotReplay, match=said):
        message_of(sample(), headers, host)


LOST = Answer(None, 1.0, "TimeoutError('timed out')", None)


@pytest.mark.parametrize(
    ("kept", "answer", "outcome"),
    [
        (sample(), Answer(500, 1.0, None, "oops"), FAILS),
        (sample(), Answer(404, 1.0, None, ""), FAILS_OTHERWISE),
        (sample(), LOST, FAILS_OTHERWISE),
        (sample(), Answer(200, 1.0, None, "fine"), SUCCEEDS),
        (sample(status=None, response=None), LOST, FAILS),
        (sample(status=None, response=None), Answer(502, 1.0, None, ""), FAILS_OTHERWISE),
        (sample(status=None, response=None), Answer(200, 1.0, None, "fine"), SUCCEEDS),
        (sample(status=200), Answer(200, 1.0, None, "oops"), FAILS),
        (sample(status=200), Answer(200, 1.0, None, "fine"), UNCLEAR),
        (sample(status=200), Answer(503, 1.0, None, ""), FAILS_OTHERWISE),
    ],
)
def test_an_answer_fails_again_or_does_not(kept: dict[str, Any], answer: Answer, outcome: str) -> None:
    assert judged(kept, answer)[0] == outcome


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([FAILS] * 3, "3 of 3 failed without load: still fails, a bug"),
        ([SUCCEEDS] * 3, "does not fail any more, so it was the load"),
        ([FAILS, SUCCEEDS], "1 of 2 failed without load: fails at times"),
        ([UNCLEAR, SUCCEEDS], "the script's check decides"),
        ([FAILS, FAILS_OTHERWISE], "1 of 2 failed without load: fails at times"),
        ([FAILS_OTHERWISE, SUCCEEDS], "1 of 2 failed otherwise than before, so nobody can tell"),
        ([FAILS_OTHERWISE, UNCLEAR], "1 of 2 failed otherwise than before, so nobody can tell"),
    ],
)
def test_the_outcomes_say_bug_or_load(outcomes: list[str], said: str) -> None:
    assert said in conclusion(outcomes)


def kept_body(headers: list[list[str]], body: str | None, **more: Any) -> bytes | None:
    return message_of(with_request(headers=headers, body=body, **more)).body


def test_a_body_is_empty_or_none_as_it_was() -> None:
    assert kept_body([["Content-Length", "0"]], None) == b""
    assert kept_body([], None) is None
    with pytest.raises(CannotReplay, match="--body FILE"):
        kept_body([["Content-Length", "9"]], None, body_exact=False)  # left out, as there was no room


def test_a_host_of_its_own_stays() -> None:
    assert message_of(with_request(headers=[["Host", "shop"]])).headers == {"Host": "shop"}


# The command


class Server(BaseHTTPRequestHandler):
    """Fails where it is asked to, and keeps what it was sent."""

    seen: list[tuple[str, str | None, bytes]] = []
    headers_seen: list[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.path, self.headers.get("Authorization"), body))
        self.headers_seen.append(self.headers.items())
        self.send_response(500 if "bug" in self.path else 200)
        self.send_header("Set-Cookie", "n=1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def host() -> Iterator[str]:
    Server.seen.clear()
    Server.headers_seen.clear()
    with serving(Server) as address:
        yield address


@pytest.fixture
def report(tmp_path: Path, host: str) -> Path:
    """A report with a bug, a failure of load, and one with a secret."""
    secret = with_request(headers=[["Authorization", f"Bearer {MASK}"]])
    kept = {
        "1": sample(url=f"{host}/bug"),
        "2": sample(id="2", url=f"{host}/load"),
        "3": {**secret, "id": "3", "url": f"{host}/load"},
    }
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"samples": kept}))
    return path


def replay(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "katydid", "replay", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_bug_still_fails(report: Path) -> None:
    done = replay(report, "1", "--times", "3")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "3 of 3 failed without load: still fails, a bug"
    assert Server.seen == [("/bug", None, b'{"n": 1}')] * 3


def test_no_header_is_sent_that_was_not_kept(report: Path) -> None:
    done = replay(report, "1", "--times", "2")
    assert done.returncode == 1, done.stderr
    own = [("X-Run", "7"), ("Host", "h"), ("Content-Length", "8")]
    assert [sorted(headers) for headers in Server.headers_seen] == [sorted(own)] * 2


def test_a_server_that_is_not_there_is_no_bug(report: Path) -> None:
    done = replay(report, "1", "--host", "http://127.0.0.1:1", "--times", "2")
    assert done.returncode == 2, done.stdout
    *_, last, conclusion = done.stdout.splitlines()
    assert last.endswith("fails otherwise: no answer; it was 500 before")
    assert conclusion.startswith(
        "2 of 2 failed otherwise than before, so nobody can tell; see that the server is there"
    )


def test_what_was_the_load_does_not(report: Path) -> None:
    done = replay(report, "2")
    assert done.returncode == 0, done.stderr
    assert "0 of 5 failed without load" in done.stdout
    assert len(Server.seen) == 5


def test_a_secret_is_asked_for_and_sent(report: Path) -> None:
    done = replay(report, "3")
    assert done.returncode == 2 and Server.seen == []
    assert "--header 'Authorization: …'" in done.stderr
    done = replay(report, "3", "--header", "Authorization: Bearer s3cret", "--times", "1")
    assert done.returncode == 0, done.stderr
    assert Server.seen[0][1] == "Bearer s3cret"


def test_without_a_number_all_are_listed(report: Path) -> None:
    done = replay(report)
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["1", "2", "3"]


def test_a_page_is_a_report_too(report: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    data = report.read_text().replace("<", "\\u003c")
    page.write_text(f'<p></p><script id="katydid-data" type="application/json">{data}</script>')
    assert kept_in(str(page)) == kept_in(str(report))


@pytest.mark.parametrize(
    ("name", "content", "words", "said"),
    [
        ("missing.json", None, [], "missing.json: No such file"),
        ("text.json", "hello", [], "no report in JSON or HTML"),
        ("list.json", "[]", [], "no exchanges in it"),
        ("one.json", '{"samples": {"1": {}}}', ["7"], "has no failure 7; there are: 1"),
        ("one.json", '{"samples": {"1": {}}}', ["1", "--times", "0"], "from 1 to 1000"),
    ],
)
def test_what_cannot_be_replayed_is_one_line(
    tmp_path: Path, name: str, content: str | None, words: list[str], said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    done = replay(path, *words)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
