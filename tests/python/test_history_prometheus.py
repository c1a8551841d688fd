"""A real Prometheus reads the figures of a run, and its native histograms."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from commands import free_port
from history_places import TICKING, Place
from prometheus_server import prometheus


def test_a_real_server_has_the_figures_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(TICKING)
    place = Place(tmp_path)
    port = free_port()
    command = f"--autostart --only-summary -u 2 -r 2 -t 3s --web-host 127.0.0.1 --web-port {port}"
    with place.begin(command, FAILING="1"), prometheus(tmp_path, f"127.0.0.1:{port}") as server:
        # The run is over when the number of its requests no longer changes; the page stays.
        server.wait_for(
            "count(katydid_requests_total) and on() (changes(sum(katydid_requests_total)[3s:1s]) == 0)",
            {"": 2},
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/stats", timeout=10) as answer:
            entries = {entry["name"]: entry for entry in json.load(answer)["entries"]}
        requests = {name: float(entry["requests"]) for name, entry in entries.items()}
        assert set(requests) == {"/a", "/b"} and all(requests.values())
        server.wait_for("katydid_requests_total", requests)
        server.wait_for("katydid_failures_total", requests)
        server.wait_for("histogram_count(katydid_latency_seconds)", requests)
        summed = server.numbers("histogram_sum(katydid_latency_seconds)")
        found = server.numbers("histogram_quantile(0.95, katydid_latency_seconds)")
        for name, entry in entries.items():
            assert summed[name] * 1000 == pytest.approx(entry["avg_ms"] * entry["requests"])
            assert found[name] * 1000 == pytest.approx(entry["percentiles"]["0.95"], rel=0.02)
        (whole,) = server.ask("histogram_quantile(0.5, katydid_all_response_time_seconds)")
        total = sum(requests.values())
        assert server.numbers("histogram_count(katydid_all_response_time_seconds)") == {"": total}
        assert 0.015 < float(whole["value"][1]) < 0.03
        assert server.numbers("katydid_users") != {}
