"""Wait times, with the clock as a value."""

import random
from types import SimpleNamespace

import pytest
from katydid.locust import between, constant, constant_pacing, constant_throughput
from katydid.locust.user import wait_time


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wait_time, "time", clock)
    return clock


def holder() -> SimpleNamespace:
    return SimpleNamespace(_cp_last_run=1000.0, _cp_last_wait_time=0)


def test_constant_is_constant() -> None:
    assert constant(1.5)(None) == 1.5


def test_between_draws_once_from_the_global_generator() -> None:
    random.seed(3)
    waited = between(2, 4)(None)
    random.seed(3)
    assert waited == 2 + random.random() * 2


@pytest.mark.parametrize(
    ("busy", "waits"),
    [
        # seconds that each task takes, and the wait after it
        ([0.2, 0.2, 0.2], [0.8, 0.8, 0.8]),
        ([1.5, 0.2], [0, 0.8]),  # the half second lost is not made up
        ([0.0, 1.0], [1.0, 0.0]),
    ],
)
def test_pacing_keeps_the_interval(clock: Clock, busy: list[float], waits: list[float]) -> None:
    pace, user = constant_pacing(1), holder()
    for seconds, expected in zip(busy, waits, strict=True):
        clock.now += seconds
        waited = pace(user)
        assert waited == pytest.approx(expected)
        clock.now += waited


def test_throughput_is_the_inverse_of_pacing(clock: Clock) -> None:
    clock.now += 0.05
    assert constant_throughput(10)(holder()) == pytest.approx(0.05)
