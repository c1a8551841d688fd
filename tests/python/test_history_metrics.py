"""Prometheus reads the numbers that the page shows; a locustfile's own `/metrics` stays its own."""

import json

from katydid import _core
from katydid.locust.stats import RequestStats


def test_metrics_are_the_statistics() -> None:
    board = _core.Control(host=None)
    stats = RequestStats()
    for name in ("/a", "/b"):
        for ms in range(1, 101):
            stats.log_request("GET", name, ms, 10)
    stats.log_error("GET", "/a", "no")
    board.publish("run", json.dumps({"state": "running", "user_count": 7}).encode())
    board.publish_stats(stats)
    for path in ("/metrics", "/api/v1/metrics"):
        status, headers, body = board.answer(path)
        assert status == 200
        assert dict(headers)["content-type"].startswith("text/plain; version=0.0.4")
        numbers = dict(line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
        assert numbers["katydid_users"] == "7"
        for entry in json.loads(board.answer("/api/v1/stats")[2])["entries"]:
            labels = f'{{method="GET",name="{entry["name"]}"'
            assert float(numbers[f"katydid_requests_total{labels}}}"]) == entry["requests"]
            assert float(numbers[f"katydid_failures_total{labels}}}"]) == entry["failures"]
            for share in ("0.5", "0.95", "0.99"):
                seconds = float(numbers[f'katydid_response_time_seconds{labels},quantile="{share}"}}'])
                assert seconds * 1000 == entry["percentiles"][share]
