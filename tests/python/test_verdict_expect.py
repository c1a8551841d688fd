"""Rules about failures: what becomes of requests of every kind of client, and what listeners see."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from katydid._core import Control
from katydid.locust import FastHttpUser, HttpUser, User
from katydid.locust.env import Environment
from katydid.results import samples
from katydid.verdict.expect import CONTEXT_KEY, Expectations, RuleBroken, expect, expectations_of
from scripted import serving


class Server(BaseHTTPRequestHandler):
    """Answers with the status that the path ends with."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "late" in self.path:
            time.sleep(0.5)
        self.send_response(int(self.path[-3:]))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with serving(Server) as address:
        yield address


def counts(environment: Environment) -> tuple[int, int]:
    """Requests and failures, which entry and total agree on."""
    total = environment.stats.total
    entries = environment.stats.entries.values()
    assert total.num_requests == sum(entry.num_requests for entry in entries)
    assert total.num_failures == sum(entry.num_failures for entry in entries)
    return total.num_requests, total.num_failures


def reclassified(environment: Environment) -> list[tuple[str, str, str, int]]:
    """Rule, verdict, what it was before, how often."""
    return [
        (rule, verdict, was, count)
        for rule, verdict, _, _, was, count, *_ in environment.stats._reclassified()
    ]


def rules_of(environment: Environment) -> Expectations:
    found = expectations_of(environment)
    assert found is not None
    return found


def test_an_expected_status_is_a_request_and_no_failure(user: HttpUser) -> None:
    expect(user.environment, ["409 on POST /*/state"])
    for _ in range(3):
        user.client.post("/servers/409", name="/servers/[id]/state")
    user.client.post("/servers/200", name="/servers/[id]/state")
    user.client.post("/servers/500", name="/servers/[id]/state")
    user.client.post("/servers/409", name="/servers/[id]")
    assert counts(user.environment) == (6, 2)
    ((rule, verdict, was, count),) = reclassified(user.environment)
    assert (rule, verdict, count) == ("409 on POST /*/state", "expected", 3)
    assert "409" in was
    (outcome,) = rules_of(user.environment).outcomes
    assert (outcome.requests, outcome.covered, outcome.is_broken) == (3, 5, False)
    entry = user.environment.stats.entries["/servers/[id]/state", "POST"]
    assert (entry.num_requests, entry.num_failures) == (5, 1)


@pytest.mark.parametrize(
    "rule",
    ["409", '"CatchResponseError(*got 409)"', '"Expected *, got 409"', "/got 409/ on POST *", "4xx on *"],
)
def test_what_the_script_declared_is_covered_by_status_and_by_text(user: HttpUser, rule: str) -> None:
    expect(user.environment, [rule])
    with user.client.post("/servers/409", name="/state", catch_response=True) as response:
        response.failure("Expected [200, 403, 404], got 409")
    assert counts(user.environment) == (1, 0)
    (row,) = reclassified(user.environment)
    assert row == (rule, "expected", "CatchResponseError('Expected [200, 403, 404], got 409')", 1)


def test_the_script_may_declare_another_status(user: HttpUser) -> None:
    expect(user.environment, ["409"])
    with user.client.get("/200", catch_response=True) as response:
        response.failure("got 409")
    assert counts(user.environment) == (1, 1)


def test_expected_failures_keep_lag_and_phases(user: HttpUser) -> None:
    expect(user.environment, ["409"])
    user.client.get("/409")
    (entry,) = user.environment.stats.entries.values()
    assert entry.num_requests == 1
    assert "Phases" in "\n".join(_truth(user.environment))


@pytest.mark.parametrize("path", ["/200", "/409", "/500", "/502", "/bad/200"])
def test_what_is_judged_counts_in_the_phases_like_any_other(user: HttpUser, path: str) -> None:
    expect(user.environment, ["409", "502 up to 50%", "fail 200 on /bad/*"])
    for _ in range(3):
        user.client.get(path)
    document = stats_document(user.environment)
    for entry in (*document["entries"], document["total"]):
        counts = {name: phase["count"] for name, phase in entry["phases"].items()}
        assert (counts["sent"], counts["waiting"], counts["receiving"]) == (3, 3, 3), entry["name"]
    lag = _truth(user.environment)[0]
    assert lag.startswith("Lag: p50") and "requests" not in lag, (
        "which says of how many it is known if not of all"
    )


def test_what_a_block_renames_takes_its_phases_along(user: HttpUser) -> None:
    with user.client.get("/200", catch_response=True) as response:
        response.request_meta["name"] = "/other"
    (entry,) = stats_document(user.environment)["entries"]
    assert (entry["name"], entry["phases"]["waiting"]["count"]) == ("/other", 1)


def stats_document(environment: Environment) -> dict[str, Any]:
    """What the page is told of the statistics."""
    board = Control(host=None)
    board.publish_stats(environment.stats)
    document: dict[str, Any] = json.loads(board.answer("/api/v1/stats")[2])
    return document


def _truth(environment: Environment) -> list[str]:
    from katydid.locust.stats import get_truth_summary

    return get_truth_summary(environment.stats)


def test_listeners_see_the_verdict_and_the_original(user: HttpUser) -> None:
    expect(user.environment, ["409", "502 up to 50%", "fail 200 on /bad/200"])
    seen: list[dict[str, Any]] = []
    user.environment.events.request.add_listener(lambda **event: seen.append(event))
    mine = {"order": 7}
    user.client.get("/409", context=mine)
    user.client.get("/502")
    user.client.get("/bad/200")
    user.client.get("/500")
    user.client.get("/200")
    conflict, proxy, bad, server_error, fine = seen
    assert conflict["exception"] is None
    assert conflict["context"]["order"] == 7 and mine == {"order": 7}, "the caller's own dict stays as it is"
    facts = conflict["context"][CONTEXT_KEY]
    assert (facts["rule"], facts["verdict"], facts["status"]) == ("409", "expected", 409)
    assert "409" in repr(facts["exception"])
    assert proxy["exception"] is None and proxy["context"][CONTEXT_KEY]["verdict"] == "tolerated"
    assert isinstance(bad["exception"], RuleBroken)
    assert bad["context"][CONTEXT_KEY]["exception"] is None
    assert server_error["exception"] is not None and CONTEXT_KEY not in server_error["context"]
    assert fine["exception"] is None and CONTEXT_KEY not in fine["context"]


def test_a_success_can_be_made_a_failure(user: HttpUser) -> None:
    expect(user.environment, ["fail 200 on GET /broken"])
    for _ in range(2):
        user.client.get("/200", name="/broken")
    user.client.get("/200", name="/fine")
    user.client.get("/204", name="/broken")
    assert counts(user.environment) == (4, 2)
    (error,) = user.environment.stats.errors.values()
    assert error.occurrences == 2
    assert "success with status 200, by the rule: fail 200 on GET /broken" in repr(error.error)
    (sample,) = {sample["name"]: sample for sample in samples.of(user.environment).all().values()}.values()
    assert sample["status"] == 200


def test_what_is_expected_leaves_no_sample_and_what_fails_does(user: HttpUser) -> None:
    expect(user.environment, ["409"])
    user.client.get("/409")
    user.client.get("/500")
    assert [sample["status"] for sample in samples.of(user.environment).all().values()] == [500]


def test_a_dead_server_is_a_connection(user: HttpUser) -> None:
    expect(user.environment, ["timeout", "connection on /gone"])
    user.client.base_url = "http://127.0.0.1:1"
    user.client.get("/gone")
    with user.client.get("/gone", catch_response=True) as response:
        response.failure("Expected [200], got 0")
    assert counts(user.environment) == (2, 0)
    assert {rule for rule, *_ in reclassified(user.environment)} == {"connection on /gone"}


@pytest.mark.parametrize("user_class", [HttpUser, FastHttpUser])
def test_a_slow_server_is_a_timeout(host: str, user_class: type) -> None:
    settings = {"host": host, "abstract": False, "network_timeout": 0.05, "connection_timeout": 5}
    impatient = type("Impatient", (user_class,), settings)
    environment = Environment(user_classes=[impatient])
    environment.create_local_runner()
    expect(environment, ["connection", "timeout"])
    options = {} if user_class is FastHttpUser else {"timeout": 0.05}
    impatient(environment).client.get("/late/200", **options)
    assert counts(environment) == (1, 0)
    assert [rule for rule, *_ in reclassified(environment)] == ["timeout"]


def fire(environment: Environment, name: str, exception: Any, **others: Any) -> None:
    environment.events.request.fire(
        request_type="TCP", name=name, response_time=1, response_length=0, exception=exception, **others
    )


@pytest.fixture
def bare() -> Iterator[Environment]:
    """An environment whose requests are reported by a client of the locustfile's own."""
    environment = Environment(user_classes=[type("Own", (User,), {"abstract": False})])
    environment.create_local_runner()
    yield environment
    assert environment.runner is not None
    environment.runner.quit()


def test_requests_of_other_clients_are_judged_by_text_and_kind(bare: Environment) -> None:
    expect(bare, ['"*busy*" on TCP *', "timeout on *", "connection up to 100% on /c"])
    for name, exception in [
        ("/a", ValueError("the pump is busy")),
        ("/b", TimeoutError("timed out")),
        ("/c", ConnectionResetError(104, "reset")),
        ("/d", ValueError("broken")),
        ("/e", "busy, said the other node"),
        ("/f", None),
    ]:
        fire(bare, name, exception)
    assert counts(bare) == (6, 1)
    assert [verdict for _, verdict, _, _ in reclassified(bare)] == [
        "expected",
        "expected",
        "tolerated",
        "expected",
    ]


def test_the_status_of_a_foreign_response_counts(bare: Environment) -> None:
    class Odd:
        @property
        def status_code(self) -> int:
            raise RuntimeError("read me not")

    expect(bare, ["409"])
    fire(bare, "/a", ValueError("conflict"), response=type("Answer", (), {"status_code": 409})())
    fire(bare, "/b", ValueError("conflict"), response=Odd())
    assert counts(bare) == (2, 1)


def test_measured_blocks_are_judged_too(bare: Environment) -> None:
    expect(bare, ['"*busy*"'])
    with bare.events.request.measure("TCP", "/a"):
        raise ValueError("busy")
    assert counts(bare) == (1, 0)


def test_a_share_that_is_kept_and_one_that_is_not(bare: Environment) -> None:
    expectations = expect(bare, ['"*502*" up to 10% on /a', '"*503*" up to 10% on *'])
    assert expectations is not None
    for number in range(20):
        fire(bare, "/a", ValueError("502") if number < 2 else None)
    assert expectations.broken == []
    fire(bare, "/a", ValueError("502"))
    (broken,) = expectations.broken
    assert (broken.rule, broken.requests, broken.covered) == ('"*502*" up to 10% on /a', 3, 21)
    assert any(line.startswith("Broken: ") for line in expectations.table())
    assert expectations.words().endswith('broken: "*502*" up to 10% on /a')


def test_a_rule_that_keeps_failures_says_how_many(bare: Environment) -> None:
    heard: list[dict[str, Any]] = []
    bare.events.request.add_listener(lambda **event: heard.append(event))
    expectations = expect(bare, ['fail "*409*" on /strict', '"*409*"'])
    assert expectations is not None
    for name in ("/strict", "/strict", "/lax"):
        fire(bare, name, ValueError("409"))
    assert counts(bare) == (3, 2)
    kept, lax = expectations.outcomes
    assert (kept.requests, kept.kept, lax.requests, lax.kept) == (0, 2, 1, 0)
    (line,) = [line for line in expectations.table() if 'fail "*409*" on /strict' in line]
    assert line.endswith("(kept 2 failures)")
    assert expectations.document()["rules"][0]["kept"] == 2
    assert [str(event["exception"]) for event in heard] == ["409", "409", "None"]
    assert CONTEXT_KEY not in heard[0].get("context", {}), "nothing was changed"


def test_a_new_run_counts_anew(bare: Environment) -> None:
    expectations = expect(bare, ['"x"'])
    assert expectations is not None
    fire(bare, "/a", "x")
    bare.stats.reset_all()
    assert reclassified(bare) == []
    fire(bare, "/a", "x")
    assert expectations.outcomes[0].requests == 1
    bare.stats.clear_all()
    assert expectations.outcomes[0].requests == 0


def test_other_statistics_get_what_is_judged(bare: Environment) -> None:
    from katydid.locust.stats import RequestStats

    expect(bare, ['"x"'])
    bare.stats = RequestStats()
    fire(bare, "/a", "x")
    assert counts(bare) == (1, 0)
    assert len(reclassified(bare)) == 1


def test_rules_can_be_replaced_and_taken_away(bare: Environment) -> None:
    expect(bare, ['"x"'])
    expect(bare, ['"y"'])
    fire(bare, "/a", "x")
    fire(bare, "/a", "y")
    assert counts(bare) == (2, 1)
    assert expect(bare, []) is None and expectations_of(bare) is None
    fire(bare, "/a", "y")
    assert counts(bare) == (3, 2)


def test_without_rules_nothing_stands_in_the_way(bare: Environment) -> None:
    assert bare.events.request._expectations is None
    assert expectations_of(bare) is None


def test_memory_is_bounded(bare: Environment) -> None:
    expect(bare, ['"*"'])
    for number in range(1500):
        fire(bare, "/a", f"failure {number}")
    rows = reclassified(bare)
    assert len(rows) == 1001
    assert sum(count for *_, count in rows) == 1500
    assert rules_of(bare).outcomes[0].requests == 1500


def test_the_document_has_rules_and_kinds(bare: Environment) -> None:
    expect(bare, ['"x" on TCP /a', "timeout"])
    fire(bare, "/a", "x")
    document = rules_of(bare).document()
    first, second = document["rules"]
    assert first["rule"] == '"x" on TCP /a'
    assert (first["requests"], first["covered"], first["share"]) == (1, 1, 1.0)
    assert second["requests"] == 0 and second["limit"] is None
    (kind,) = document["reclassified"]
    assert (kind["method"], kind["name"], kind["from"], kind["occurrences"]) == ("TCP", "/a", "x", 1)


@pytest.mark.parametrize(
    ("rule", "said"),
    [("409 onn /x", "did you mean on?"), ("4099", "three digits"), ("", "empty"), ('"x', "does not end")],
)
def test_what_is_no_rule_is_refused(bare: Environment, rule: str, said: str) -> None:
    with pytest.raises(ValueError, match="column") as caught:
        expect(bare, ["409", rule])
    assert said in str(caught.value)
    assert expectations_of(bare) is None
