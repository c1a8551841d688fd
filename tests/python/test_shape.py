"""Shapes count their run time and know their runner."""

from types import SimpleNamespace

import pytest
from katydid.locust import LoadTestShape
from katydid.locust import shape as module


class Shape(LoadTestShape):
    def tick(self) -> None:
        return None


def test_a_class_is_abstract_only_by_its_own_word() -> None:
    class Base(Shape):
        abstract = True

    class Real(Base): ...

    assert LoadTestShape.abstract and Base.abstract
    assert not Real.abstract and not Shape.abstract


def test_tick_must_be_written() -> None:
    with pytest.raises(TypeError):
        LoadTestShape()  # type: ignore[abstract]


def test_run_time_counts_from_the_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    shape = Shape()
    now[0] = 12.5
    assert shape.get_run_time() == 2.5
    shape.reset_time()
    assert shape.get_run_time() == 0


def test_user_count_is_the_runners() -> None:
    shape = Shape()
    assert shape.get_current_user_count() == 0
    shape.runner = SimpleNamespace(user_count=7)  # type: ignore[assignment]
    assert shape.get_current_user_count() == 7
