"""`--otel`: a run's metrics, traces and log go where OpenTelemetry's variables say, and never hold it up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from katydid.locust.opentelemetry import MAX_REQUEST_NAMES, OTHER_NAMES, _Durations, setup_opentelemetry
from scripted import Peer, Received, Server, answer

SUITE = """
from locust import FastHttpUser, HttpUser, constant, task

class Plain(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/a?q=1")
        self.client.get("/b", name="named")
        with self.client.rename_request("renamed"):
            self.client.get("/c")
        self.client.get("/missing")

class Fast(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/fast")
        self.client.request("POST", "/fast", "given", data=b"x", headers={"Own": "kept"})
        with self.client.get("/missing?fast", catch_response=True) as response:
            response.success()
"""


def script(request: Received, peer: Peer) -> bytes:
    return answer("404 Not Found" if request.path == "/missing" else "200 OK", b"{}")


@pytest.fixture
def server() -> Server:
    return Server(script)


def run(folder: Path, host: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the suite for two seconds with --otel."""
    (folder / "locustfile.py").write_text(SUITE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "OTEL_"))}
    return subprocess.run(
        [sys.executable, "-m", "katydid", *f"--headless -H {host} -u 2 -r 2 -t 2s --only-summary".split()],
        cwd=folder,
        env={**kept, "HOME": str(folder), "LOCUST_ENABLE_OPENTELEMETRY": "true", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
    )


def kinds(traces: str, metrics: str, logs: str) -> dict[str, str]:
    """The variables that choose exporters."""
    return {
        "OTEL_TRACES_EXPORTER": traces,
        "OTEL_METRICS_EXPORTER": metrics,
        "OTEL_LOGS_EXPORTER": logs,
    }


def documents(text: str) -> Iterator[Any]:
    """The JSON objects that the console exporters wrote one after the other."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        document, end = decoder.raw_decode(text, at)
        yield document
        at = text.find("{", end)


def points(written: list[Any], metric: str) -> list[Any]:
    """The data of a metric as it was exported last."""
    exported = [document for document in written if "resource_metrics" in document][-1]
    return [
        point
        for resource in exported["resource_metrics"]
        for scope in resource["scope_metrics"]
        for found in scope["metrics"]
        if found["name"] == metric
        for point in found["data"]["data_points"]
    ]


def test_metrics_traces_and_the_log_of_a_run(server: Server, tmp_path: Path) -> None:
    done = run(tmp_path, server.url, **kinds("console", "console", "console"), OTEL_SERVICE_NAME="mine")
    assert done.returncode == 1, done.stderr
    written = list(documents(done.stdout))
    durations = points(written, "locust.client.duration")
    outcomes = {(point["attributes"]["name"], point["attributes"].get("error.type")) for point in durations}
    assert outcomes == {
        ("/a?q=1", None),
        ("named", None),
        ("renamed", None),
        ("/missing", "HTTPError"),
        ("/fast", None),
        ("given", None),
        ("/missing?fast", None),
    }
    assert all(0 < point["sum"] / point["count"] < 1 for point in durations), "seconds"
    users = {point["attributes"]["user_class"] for point in points(written, "locust.users.count")}
    assert users == {"Plain", "Fast"}
    spans = {document["name"] for document in written if "context" in document and "kind" in document}
    assert spans == {"GET /a", "GET named", "GET renamed", "GET /missing", "GET /fast", "POST given"}
    assert any("all users spawned" in str(document.get("body")) for document in written)
    services = {
        document["resource"]["attributes"]["service.name"] for document in written if "resource" in document
    }
    assert services == {"mine"}
    assert all(request.head.lower().count("\r\ntraceparent: 00-") == 1 for request in server.requests)
    assert all("\r\nOwn: kept" in request.head for request in server.requests if request.body)


def test_by_otlp_to_a_collector(server: Server, tmp_path: Path) -> None:
    collector = Server()
    done = run(
        tmp_path,
        server.url,
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
    )
    assert done.returncode == 1, done.stderr
    paths = {request.path for request in collector.requests}
    assert paths == {"/v1/traces", "/v1/metrics", "/v1/logs"}
    assert "/v1/" not in done.stderr, "what is exported is no request of the run"


def test_a_collector_that_is_not_there_does_not_hold_up_the_run(server: Server, tmp_path: Path) -> None:
    begun = time.monotonic()
    done = run(
        tmp_path,
        server.url,
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )
    assert done.returncode == 1, done.stderr
    assert len(server.requests) > 20
    assert time.monotonic() - begun < 30


def test_nothing_is_exported_where_nothing_is_wanted(server: Server, tmp_path: Path) -> None:
    done = run(tmp_path, server.url, **kinds("none", "none", "none"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "--otel exports nothing" in done.stderr


def test_what_cannot_be_exported_is_told(server: Server, tmp_path: Path) -> None:
    variables = kinds("none", "prometheus,none", "otlp")
    done = run(tmp_path, server.url, **variables, OTEL_EXPORTER_OTLP_PROTOCOL="pigeon")
    assert done.returncode == 1
    assert "OTEL_METRICS_EXPORTER: there is no exporter 'prometheus' here" in done.stderr
    assert "OTLP has no protocol 'pigeon'" in done.stderr


def test_without_the_sdk_the_run_goes_on(server: Server, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "opentelemetry.py").write_text("raise ImportError")
    done = run(tmp_path, server.url, PYTHONPATH=str(tmp_path / "without"))
    assert done.returncode == 1
    assert 'pip install "katydid[otel]"' in done.stderr
    assert "GET      /fast" in done.stderr


def test_a_caller_learns_whether_anything_is_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in kinds("none", "", " none ,NONE").items():
        monkeypatch.setenv(name, value)
    assert setup_opentelemetry("mine.py", profile=None) is False


class Histogram:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.recorded: list[tuple[float, dict[str, str]]] = []

    def record(self, value: float, attributes: dict[str, str]) -> None:
        """Keep one value."""
        self.recorded.append((value, attributes))


def test_names_are_bounded_and_known_ones_stay_known() -> None:
    histogram = Histogram()
    listen = _Durations(histogram)
    for number in range(MAX_REQUEST_NAMES + 5):
        listen(name=f"/{number}", response_time=2000)
    listen(name="/0", response_time=1, exception=KeyError("x"))
    names = [attributes["name"] for _, attributes in histogram.recorded]
    assert len(set(names)) == MAX_REQUEST_NAMES + 1
    assert names[-6:-1] == [OTHER_NAMES] * 5
    assert histogram.recorded[-1] == (0.001, {"name": "/0", "error.type": "KeyError"})


def test_a_request_without_a_time_is_in_no_histogram() -> None:
    histogram = Histogram()
    _Durations(histogram)(name="/a", response_time=None)
    assert histogram.recorded == []
