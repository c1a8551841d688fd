"""The examples, each run with the command for a few seconds against the practice servers.

KATYDID is the command under test (default `katydid`); the files are ordinary locustfiles, so stock `locust`
passes as well. KATYDID_TARGET is the program of the practice servers (default `katydid target`).
"""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import katydid, target

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE = 90  # seconds that a run may take beyond its own duration, on a busy machine

MODELS = ("Model A", "Model B")


@dataclass
class Run:
    """What a run left behind."""

    code: int
    log: str
    stats: list[dict[str, str]]
    failures: list[dict[str, str]]

    def names(self) -> set[str]:
        """The names of requests with at least one answer."""
        return {row["Name"] for row in self.stats if row["Type"] and int(row["Request Count"]) > 0}

    def count(self, name: str) -> int:
        """How many requests have this name, whatever their method."""
        return sum(int(row["Request Count"]) for row in self.stats if row["Name"] == name)

    def must_be_clean(self, *names: str) -> None:
        """No failure, exit code 0, and every expected name in the statistics."""
        assert self.failures == [], self.log
        assert self.code == 0, self.log
        missing = set(names) - self.names()
        assert not missing, f"missing {missing} in {self.names()}\n{self.log}"


Runner = Callable[..., Run]


@pytest.fixture
def run(tmp_path: Path) -> Runner:
    """Runs a file of the examples headless, and reads its CSV files."""

    def go(file: str, options: str = "", **variables: str) -> Run:
        words = [*katydid(), "-f", str(EXAMPLES / file), "--headless", "--only-summary"]
        done = subprocess.run(
            [*words, "--csv", str(tmp_path / "run"), *shlex.split(options)],
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Run(
            done.returncode,
            done.stdout,
            rows(tmp_path / "run_stats.csv"),
            rows(tmp_path / "run_failures.csv"),
        )

    return go


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_shop_agent_compares_the_models(run: Runner) -> None:
    with target("shop") as shop, target("agent") as agent:
        done = run(
            "shop_agent/locustfile.py",
            "-u 120 -r 120 -t 9s",
            TARGET_APP_URL=shop,
            AI_AGENT_URL=agent,
            SPEED="20",
        )
    kinds = ("Repair Workflow", "Chat", "Tool Prompt", "Simple Prompt", "Error Prompt")
    by_model = [f"{kind} ({model})" for kind in kinds for model in MODELS]
    done.must_be_clean("/health", "/orders", "/products", "/products/[id]", "/status", *by_model)
    methods = {row["Type"] for row in done.stats if row["Name"] == "/orders"}
    assert methods == {"GET", "POST"}
    # a passive user asks both models each time: their counts differ only by what was under way at the end
    for kind in ("Tool Prompt", "Simple Prompt"):
        first, second = (done.count(f"{kind} ({model})") for model in MODELS)
        assert abs(first - second) <= 20, f"{kind}: {first} and {second}"


def test_shop_agent_runs_a_single_class(run: Runner) -> None:
    with target("agent") as agent:
        done = run(
            "shop_agent/locustfile.py", "ChatModelBUser -u 5 -r 5 -t 3s", AI_AGENT_URL=agent, SPEED="30"
        )
    done.must_be_clean("Chat (Model B)")
    assert done.names() == {"Chat (Model B)"}


def test_gateway_smoke_visits_every_endpoint_once(run: Runner) -> None:
    with target("gateway") as gateway:
        done = run("gateway/smoke.py", "-u 3 -r 3 -t 5s", GATEWAY_URL=gateway)
    names = (
        "/health/ready",
        "/api/v1/health",
        "/api/v1/resource/[id]",
        "/api/v1/action",
        "/api/v1/resources",
        "/api/v1/events/stream",
        "/metrics",
    )
    done.must_be_clean(*names)
    assert {name: done.count(name) for name in names} == dict.fromkeys(names, 3)


ORDINARY = (
    "/api/v1/health",
    "/api/v1/resource/[id]",
    "/api/v1/resource/[id] (revalidate)",
    "/api/v1/action",
    "/api/v1/resources",
    "/metrics",
)


def test_gateway_sustained_passes_on_a_good_gateway(run: Runner) -> None:
    with target("gateway") as gateway:
        done = run("gateway/sustained.py", "-u 40 -r 40 -t 6s", GATEWAY_URL=gateway, MAX_P95_MS="5000")
    done.must_be_clean(*ORDINARY)
    assert "verdict passed" in done.log


def test_gateway_sustained_fails_on_a_bad_one(run: Runner) -> None:
    with target("gateway", "--fault", "/api/v1/health=status:503@50%") as gateway:
        done = run("gateway/sustained.py", "-u 40 -r 40 -t 5s", GATEWAY_URL=gateway, MAX_P95_MS="5000")
    assert done.code == 1, done.log
    assert re.search(r"verdict failed: [\d.]+% of the requests failed", done.log), done.log
    assert {row["Name"] for row in done.failures} == {"/api/v1/health"}
    assert "503" in done.failures[0]["Error"]


def test_gateway_sustained_keeps_only_the_chosen_tags(run: Runner) -> None:
    with target("gateway") as gateway:
        done = run(
            "gateway/sustained.py", "--tags health -u 20 -r 20 -t 5s", GATEWAY_URL=gateway, MAX_P95_MS="5000"
        )
    done.must_be_clean()
    assert done.names() == {"/api/v1/health", "/metrics"}


def test_gateway_burst_ends_by_itself(run: Runner) -> None:
    with target("gateway") as gateway:
        done = run(
            "gateway/burst.py", GATEWAY_URL=gateway, BURST_SECONDS="2", BURST_WAVES="1", BURST_USERS="60"
        )
    done.must_be_clean(*ORDINARY)


def test_gateway_failures_are_expected(run: Runner) -> None:
    with target("gateway") as gateway:
        done = run("gateway/failure.py", "-u 20 -r 20 -t 5s", GATEWAY_URL=gateway)
    done.must_be_clean(
        "unknown resource",
        "unknown route",
        "wrong method",
        "broken JSON",
        "missing field",
        "wrong content type",
        "page out of range",
    )


def test_gateway_failures_notice_the_wrong_error(run: Runner) -> None:
    with target("gateway", "--fault", "/api/v9/*=status:500") as gateway:
        done = run("gateway/failure.py", "-u 20 -r 20 -t 4s", GATEWAY_URL=gateway)
    assert done.code == 1, done.log
    assert {row["Name"] for row in done.failures} == {"unknown route"}
    assert "expected 404, got 500" in done.failures[0]["Error"]


def test_gateway_events_are_timed_as_they_arrive(run: Runner) -> None:
    with target("gateway") as gateway:
        done = run("gateway/sse.py", "-u 10 -r 10 -t 6s", GATEWAY_URL=gateway)
    done.must_be_clean("/api/v1/events/stream", "first event", "whole stream")
    average = {row["Name"]: float(row["Average Response Time"]) for row in done.stats}
    # An event comes every 50 ms and a stream has five at least: the first must not have waited for the last.
    assert average["whole stream"] >= 5 * 50
    assert average["whole stream"] - average["first event"] >= 4 * 50


AI_NAMES = {
    "APIGatewayUser": {"chat", "chat (stream)", "chat (first token)", "embeddings", "models"},
    "RAGUser": {"query", "index"},
    "MCPUser": {"tool: files", "tool: git", "tool: web"},
}


def test_ai_suite_walks_through_all_levels(run: Runner) -> None:
    with target("llm") as llm:
        addresses = dict.fromkeys(("API_GATEWAY_URL", "RAG_SERVICE_URL", "MCP_SERVER_URL"), llm)
        done = run("ai_suite/locustfile.py", LEVEL_SECONDS="2.5", **addresses)
    often = set().union(*AI_NAMES.values()) - {"tool: web"}  # a fifth of two dozen requests
    done.must_be_clean(*often)


def test_ai_suite_tests_one_service_if_asked(run: Runner) -> None:
    with target("llm") as llm:
        done = run("ai_suite/locustfile.py", "RAGUser", RAG_SERVICE_URL=llm, LEVEL_SECONDS="1.5")
    done.must_be_clean(*AI_NAMES["RAGUser"])
    assert done.names() == AI_NAMES["RAGUser"]


def test_ai_suite_fails_on_a_broken_promise(run: Runner) -> None:
    with target("llm", "--fault", "/query=status:500@50%") as llm:
        done = run("ai_suite/locustfile.py", "RAGUser", RAG_SERVICE_URL=llm, LEVEL_SECONDS="1.5")
    assert done.code == 1, done.log
    assert "failed, promised 1% at most" in done.log
    assert {row["Name"] for row in done.failures} == {"query"}


MCP_NAMES = (
    "/health",
    "/auth/login",
    "/servers",
    "/servers/[id]",
    "/tools",
    "/tools/[id]",
    "/resources",
    "/resources/[missing]",
    "/prompts",
    "/prompts/[id]",
    "/gateways",
    "/teams/",
    "/teams/ [create]",
    "/teams/[id]",
    "/teams/[id] [delete]",
    "/tools [create]",
    "/tools/[id] [rename]",
    "/tools/[id] [delete]",
    "/resources/[id]",
    "/resources/[id] [update]",
    "/servers/[id]/state",
    "/tools/[id]/state",
    "/resources/[id]/state",
    "/prompts/[id]/state",
    "/gateways/[id]/state",
    "/rpc initialize",
    "/rpc tools/list",
    "/rpc tools/call",
    "/rpc resources/list",
    "/rpc prompts/list",
    "/rpc ping",
    "/tools [no token]",
    "/servers [wrong token]",
)


def test_mcp_gateway_takes_conflicts_for_what_they_are(run: Runner) -> None:
    with target("mcp", "--latency", "commit=fixed:20ms") as mcp:
        done = run("mcp_gateway/locustfile.py", "-u 80 -r 80 -t 8s", MCP_GATEWAY_URL=mcp)
    done.must_be_clean(*MCP_NAMES)


def test_mcp_gateway_writers_really_conflict(run: Runner, tmp_path: Path) -> None:
    """The suite without its tolerance: were 409 not allowed, it would fail, in Locust's words for it."""
    suite = tmp_path / "suite"
    shutil.copytree(EXAMPLES / "mcp_gateway", suite)
    shared = suite / "gateway_user.py"
    text = shared.read_text()
    assert "WRITE_CODES = [200, 404, 409]" in text
    shared.write_text(text.replace("WRITE_CODES = [200, 404, 409]", "WRITE_CODES = [200, 404]"))
    with target("mcp", "--latency", "commit=fixed:20ms") as mcp:
        done = run(str(suite / "locustfile.py"), "--tags state -u 30 -r 30 -t 5s", MCP_GATEWAY_URL=mcp)
    assert done.code == 1, done.log
    assert any(
        "CatchResponseError('Expected [200, 404], got 409')" in row["Error"] for row in done.failures
    ), done.log


def test_mcp_gateway_uses_a_given_token(run: Runner) -> None:
    with target("mcp", "--token", "secret") as mcp:
        done = run(
            "mcp_gateway/locustfile.py", "ServerUser -u 5 -r 5 -t 4s", MCP_GATEWAY_URL=mcp, MCP_TOKEN="secret"
        )
    done.must_be_clean("/servers", "/servers/[id]")
    assert "/auth/login" not in done.names()
