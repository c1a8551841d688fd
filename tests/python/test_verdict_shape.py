"""Levels are held one after another, each scenario with its classes and its host."""

from typing import Any

import pytest
from katydid.locust.user import User
from katydid.verdict.shape import HeldLevel, Hosts, LevelShape


class Buyer(User):
    abstract = True
    host = "http://buyer"


class Visitor(User):
    abstract = True
    host = None


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Noted:
    """Stands for the watch and the runner."""

    def __init__(self) -> None:
        self.story: list[Any] = []
        self.environment = self
        self.user_classes = [Buyer, Visitor]
        self.host: str | None = None
        self.user_count = 0

    def begin_level(self, index: int) -> None:
        self.story.append(index)

    def end_level(self) -> None:
        self.story.append("end")


def level(users: int, seconds: float, scenario: int = 0, **more: Any) -> HeldLevel:
    return HeldLevel("level", users, 2.0, seconds, scenario, "", more.get("classes"), more.get("host"))


@pytest.fixture
def noted() -> Noted:
    return Noted()


def shape(noted: Noted, *levels: HeldLevel) -> tuple[LevelShape, Clock]:
    clock = Clock()
    made = LevelShape(list(levels), noted, clock)  # type: ignore[arg-type]
    made.runner = noted  # type: ignore[assignment]
    made.reset_time()
    return made, clock


def test_each_level_lasts_as_long_as_it_should(noted: Noted) -> None:
    made, clock = shape(noted, level(10, 3), level(50, 2))
    wanted = []
    for second in range(6):
        clock.now = 100.0 + second * 1.001  # the runner asks a little late
        wanted.append(made.tick())
    assert wanted == [(10, 2.0), (10, 2.0), (10, 2.0), (50, 2.0), (50, 2.0), None]
    assert noted.story == [0, 1, "end"]


def test_it_begins_again_when_it_is_started_again(noted: Noted) -> None:
    made, clock = shape(noted, level(10, 1), level(50, 1))
    made.tick()
    clock.now += 1
    assert made.tick() == (50, 2.0)
    made.reset_time()
    assert made.tick() == (10, 2.0)


def test_between_scenarios_everybody_stops(noted: Noted) -> None:
    first = level(10, 1, 0, classes=[Buyer], host="http://first")
    made, clock = shape(noted, first, level(5, 1, 1, classes=[Visitor]))
    assert made.tick() == (10, 2.0, [Buyer])
    assert noted.host == "http://first"
    noted.user_count = 10
    clock.now += 1
    assert made.tick() == (0, 10.0, [Buyer])
    clock.now += 60
    assert made.tick() == (0, 10.0, [Buyer]), "as long as somebody runs"
    noted.user_count = 0
    assert made.tick() == (5, 2.0, [Visitor])
    assert noted.host is None
    assert noted.story == [0, "end", 1]


def test_a_host_is_put_back(noted: Noted) -> None:
    hosts = Hosts(noted)  # type: ignore[arg-type]
    try:
        hosts.put("http://scenario")
        Buyer.host = Visitor.host = "http://scenario"  # what a runner does with an environment's host
        hosts.put(None)
        assert (noted.host, Buyer.host, Visitor.host) == (None, "http://buyer", None)
    finally:
        Buyer.host, Visitor.host = "http://buyer", None


def test_it_tells_what_it_will_do(noted: Noted) -> None:
    made, _ = shape(noted, level(10, 90))
    assert made.description == ["level: 10 users, 2 per second, for 90 s"]
