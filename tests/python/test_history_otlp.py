"""A collector of OpenTelemetry gets the figures of the report; a dead one costs a warning and no run."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from collector import attributes, collecting
from history_places import TICKING, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "locustfile.py").write_text(TICKING)
    return Place(tmp_path)


def quantile(point: Any, share: float) -> float:
    """What a reader of an exponential histogram takes for a quantile: the middle of a bucket, in seconds."""
    base = 2 ** (2**-point.scale)
    wanted, passed = math.ceil(share * point.count), point.zero_count
    for place, count in enumerate(point.positive.bucket_counts):
        passed += count
        if passed >= wanted:
            return float(base ** (point.positive.offset + place + 0.5))
    raise AssertionError("fewer counts than the histogram says")


def test_a_collector_gets_the_figures_of_the_report(place: Place) -> None:
    with collecting() as collector:
        ran = place.load(
            3,
            f"--otlp {collector.url} --csv own --html own.json",
            FAILING="1",
            OTEL_METRIC_EXPORT_INTERVAL="700",
            OTEL_EXPORTER_OTLP_HEADERS="api-key=k%3D1",
            OTEL_SERVICE_NAME="shop-load",
        )
    assert ran.returncode == 1, ran.stderr
    assert "collector" not in ran.stderr
    assert set(collector.paths) == {"/v1/metrics"} and len(collector.requests) >= 3
    assert collector.headers[0]["content-type"] == "application/x-protobuf"
    assert collector.headers[0]["api-key"] == "k=1"
    assert collector.resource() == {"service.name": "shop-load"}
    metrics = collector.metrics()
    with open(place.folder / "own_stats.csv", newline="") as file:
        own = {row["Name"]: row for row in csv.DictReader(file)}
    for name, column in (
        ("katydid.requests", "Request Count"),
        ("katydid.failures", "Failure Count"),
    ):
        counter = metrics[name].sum
        assert counter.is_monotonic and counter.aggregation_temporality == 2
        assert {attributes(point)["name"]: point.as_int for point in counter.data_points} == {
            path: int(own[path][column]) for path in ("/a", "/b")
        }
    entries = json.loads((place.folder / "own.json").read_text())["stats"]["entries"]
    for entry in entries:
        (point,) = [
            point
            for point in metrics["katydid.response_time"].exponential_histogram.data_points
            if attributes(point) == {"method": "GET", "name": entry["name"]}
        ]
        assert point.count == sum(point.positive.bucket_counts) + point.zero_count == entry["requests"]
        assert point.sum * 1000 == pytest.approx(entry["avg_ms"] * entry["requests"])
        assert (point.min * 1000, point.max * 1000) == pytest.approx((entry["min_ms"], entry["max_ms"]))
        assert quantile(point, 0.95) * 1000 == pytest.approx(entry["percentiles"]["0.95"], rel=0.03)
        assert point.start_time_unix_nano < point.time_unix_nano
    assert metrics["katydid.users"].gauge.data_points[0].as_int == 2


@pytest.mark.parametrize("status", [None, 503])
def test_a_dead_collector_is_told_of_once_and_costs_the_run_nothing(place: Place, status: int | None) -> None:
    with collecting(status or 200) as collector:
        url = collector.url if status else "http://127.0.0.1:1"
        ran = place.load(3, f"--otlp {url}", OTEL_METRIC_EXPORT_INTERVAL="300")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("the collector does not take what is measured, the run goes on") == 1
    assert ("it answers 503" if status else "Connection refused") in ran.stderr
    assert place.shown("runs")[0]["requests"] > 0


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        ("--otlp ftp://x", {}, '--otlp: "ftp://x" is no address of a collector: write http://'),
        ("--otlp collector:4318", {}, '--otlp: "collector:4318" is no address of a collector'),
        ("--otlp http://x:99999", {}, "--otlp: cannot use the URL"),
        ("--otlp env", {}, "--otlp: env means OTEL_EXPORTER_OTLP_ENDPOINT, which is not set"),
        (
            "--otlp http://x",
            {"OTEL_EXPORTER_OTLP_HEADERS": "key"},
            '--otlp: OTEL_EXPORTER_OTLP_HEADERS: "key"',
        ),
        ("--otlp http://x", {"OTEL_METRIC_EXPORT_INTERVAL": "soon"}, "--otlp: OTEL_METRIC_EXPORT_INTERVAL:"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_starts(
    place: Place, options: str, variables: dict[str, str], said: str
) -> None:
    ran = place.load(2, options, **variables)
    assert ran.returncode == 2, ran.stderr
    (line,) = ran.stderr.strip().splitlines()
    assert said in line
    assert "Aggregated" not in ran.stdout
