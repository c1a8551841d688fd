"""Why requests failed: the word for each failure, and failures grouped by it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import requests
from katydid.http.fastfailure import HTTPConnectionClosed, LocustBadStatusCode, RetriesExceeded
from katydid.locust import User
from katydid.locust.env import Environment
from katydid.locust.exception import CatchResponseError
from katydid.verdict.cause import cause_of, no_answer_of, status_of, texts_of
from katydid.verdict.triage import triage, triage_document, triage_table


def http_error(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(f"{status} Server Error: for url: /", response=response)


@pytest.mark.parametrize(
    ("exception", "word"),
    [
        (http_error(404), "client error"),
        (http_error(500), "server error"),
        (http_error(502), "proxy"),
        (http_error(504), "proxy"),
        (LocustBadStatusCode("http://h/", code=503), "proxy"),
        (LocustBadStatusCode("http://h/", code=409), "client error"),
        (TimeoutError("timed out"), "timeout"),
        (requests.ReadTimeout("slow"), "timeout"),
        (requests.ConnectTimeout("slow"), "timeout"),
        pytest.param(gevent.Timeout(1), "timeout", id="gevent.Timeout"),  # its repr has its address
        (RetriesExceeded("http://h/", 0, original="timed out"), "timeout"),
        (RetriesExceeded("http://h/", 0, original=TimeoutError("timed out")), "timeout"),
        (RetriesExceeded("http://h/"), "connection"),
        (ConnectionRefusedError(111, "refused"), "connection"),
        (requests.ConnectionError("gone"), "connection"),
        (socket.gaierror(-2, "unknown"), "connection"),
        (ssl.SSLError("handshake"), "connection"),
        (HTTPConnectionClosed("connection closed."), "connection"),
        (CatchResponseError("too cheap"), "assertion"),
        (AssertionError("too cheap"), "assertion"),
        (ValueError("bug"), "exception"),
    ],
    ids=repr,
)
def test_each_failure_has_a_word(exception: BaseException, word: str) -> None:
    assert cause_of(status_of(None, exception), no_answer_of(None, exception), exception) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("HTTPError('404 Client Error: Not Found for url: /x')", "client error"),
        ("LocustBadStatusCode(code=502)", "proxy"),
        ("CatchResponseError('Expected [200], got timed out')", "assertion"),
        ("TimeoutError('timed out')", "timeout"),
        ("ConnectionRefusedError(111, 'Connection refused')", "connection"),
        ("RemoteDisconnected('Remote end closed connection without response')", "connection"),
        ("ValueError('bug')", "exception"),
    ],
)
def test_text_from_another_node_has_one_as_well(text: str, word: str) -> None:
    assert cause_of(None, None, text) == word


def test_the_status_decides_before_what_the_script_says() -> None:
    answer = type("Answer", (), {"status_code": 409, "error": None})()
    exception = CatchResponseError("Expected [200], got 409")
    assert status_of(answer, exception) == 409
    assert cause_of(409, no_answer_of(answer, exception), exception) == "client error"


def test_the_clients_reason_counts_where_the_script_declared_the_failure() -> None:
    lost = type("Answer", (), {"status_code": 0, "error": TimeoutError("timed out")})()
    exception = CatchResponseError("got 0")
    assert status_of(lost, exception) is None
    assert cause_of(None, no_answer_of(lost, exception), exception) == "timeout"


def test_texts_are_those_of_files_and_screens() -> None:
    assert texts_of(CatchResponseError("got 409")) == [
        "CatchResponseError('got 409')",
        "CatchResponseError(got 409)",
        "got 409",
    ]
    assert texts_of("as it is") == ["as it is"]


def test_an_exception_without_words_has_its_name() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

        __repr__ = lambda _: "Mute()"  # noqa: E731

    assert texts_of(Mute()) == ["Mute()"]


@pytest.fixture
def environment() -> Iterator[Environment]:
    made = Environment(user_classes=[type("Own", (User,), {"abstract": False})])
    made.create_local_runner()
    yield made
    assert made.runner is not None
    made.runner.quit()


def fail(environment: Environment, name: str, exception: Any, times: int = 1) -> None:
    for _ in range(times):
        environment.events.request.fire(
            request_type="GET", name=name, response_time=1, response_length=0, exception=exception
        )


def test_failures_are_grouped_by_cause_and_endpoint(environment: Environment) -> None:
    fail(environment, "/a", None, 6)
    fail(environment, "/a", TimeoutError("timed out"), 3)
    fail(environment, "/a", RetriesExceeded("u", 0, original="timed out"))
    fail(environment, "/a", ValueError("bug"))
    fail(environment, "/b", CatchResponseError("too cheap"), 2)
    groups = [(g.cause, g.name, g.failures, g.requests) for g in triage(environment)]
    assert groups == [("timeout", "/a", 4, 11), ("assertion", "/b", 2, 2), ("exception", "/a", 1, 11)]
    first = triage_document(environment)["groups"][0]
    assert first["share"] == pytest.approx(4 / 11)
    assert first["example"] == "TimeoutError('timed out')"
    assert first["first_seen_at"] <= first["last_seen_at"]
    assert sum(g.failures for g in triage(environment)) == environment.stats.total.num_failures


def test_the_table_has_a_line_for_each_group(environment: Environment) -> None:
    fail(environment, "/b", CatchResponseError("too cheap: " + "x" * 200), 2)
    title, head, ruler, row, last, blank = triage_table(environment)
    assert title == "Why requests failed"
    assert head.split() == ["#", "failures", "Share", "Cause", "Request", "Example"]
    assert (set(ruler), last, blank) == ({"-", "|"}, ruler, "")
    assert row.startswith("2             100.00%  assertion      GET /b")
    assert "too cheap" in row and row.endswith("…") and len(row) < 160


def test_many_groups_are_summed_up(environment: Environment) -> None:
    for number in range(25):
        fail(environment, f"/{number:02}", ValueError("bug"))
    lines = triage_table(environment)
    assert len(lines) == 3 + 20 + 1 + 2
    assert lines[-3].split() == ["5", "in", "5", "more", "groups"]


def test_where_nothing_failed_there_is_no_table(environment: Environment) -> None:
    fail(environment, "/a", None)
    assert triage_table(environment) == []


def test_secrets_in_failures_are_masked(environment: Environment) -> None:
    fail(environment, "/a", CatchResponseError("no http://u:hunter2@h/?token=hunter2"))
    assert "hunter2" not in "".join(triage_table(environment)) + repr(triage_document(environment))
