"""A program, or a listener, can hold what was measured against a threshold."""

import katydid
import pytest
from katydid.locust.env import Environment
from katydid.locust.stats import RequestStats


@pytest.fixture
def stats() -> RequestStats:
    stats = RequestStats()
    for name, milliseconds in [("/a", 10), ("/a", 20), ("/b", 3000)]:
        stats.log_request("GET", name, milliseconds, 1)
    stats.log_error("GET", "/b", "no")
    return stats


@pytest.mark.parametrize(
    ("threshold", "passed", "value", "shown"),
    [
        ("p95<2s", False, 3000.0, "3.000 s"),
        ("max<25ms on /a", True, 20.0, "20.00 ms"),
        ("failures==1", True, 1.0, "1"),
        ("fail_ratio<1% on /a", True, 0.0, "0.00 %"),
        ("avg<1s on /c", False, None, "nothing was measured"),
        ("max<1s on each *", False, 3000.0, "3.000 s"),
        ("max<1s abort", False, 3000.0, "3.000 s"),
    ],
)
def test_statistics_are_held_against_it(
    stats: RequestStats, threshold: str, passed: bool, value: float | None, shown: str
) -> None:
    found = katydid.check(threshold, stats)
    assert (bool(found), found.passed, found.value, found.shown) == (passed, passed, value, shown)


def test_an_environment_stands_for_its_statistics(stats: RequestStats) -> None:
    environment = Environment()
    environment.stats = stats
    assert katydid.check("requests==3", environment)
    assert str(katydid.check("requests==4", environment)) == "FAIL  requests==4  3"


@pytest.mark.parametrize(
    "threshold",
    ["p95<2x", "", "p95<2s over 10s", "p95<2s after 10s", "p95<2s on level:1", "p95<2s on user:Buyer"],
)
def test_what_it_cannot_answer_it_refuses(stats: RequestStats, threshold: str) -> None:
    with pytest.raises(ValueError):
        katydid.check(threshold, stats)
