"""The dispatcher with Locust's names: order, pauses, workers that come and go.

The order itself is compared with stock Locust in `crates/katydid-plan/tests/dispatch.rs`.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from katydid.locust import User, constant, task
from katydid.locust.dispatch import UsersDispatcher
from katydid.locust.env import Environment


def user_class(name: str, weight: float = 1, fixed_count: int = 0) -> Any:
    return type(name, (), {"weight": weight, "fixed_count": fixed_count})


def nodes(*names: str) -> list[Any]:
    return [SimpleNamespace(id=name) for name in names]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept, in milliseconds and without the moments that the test itself took."""
    pauses: list[float] = []
    monkeypatch.setattr(gevent, "sleep", lambda seconds: pauses.append(round(seconds, 1)))
    return pauses


def test_spawns_in_locusts_order(pauses: list[float]):
    classes = [user_class("B", 2), user_class("F", 1, 2), user_class("A", 1)]
    dispatcher = UsersDispatcher(nodes("h1_b", "h2_a", "h1_a"), classes)
    dispatcher.new_dispatch(7, 1)
    steps = list(dispatcher)
    assert steps[0] == {
        "h1_a": {"A": 0, "B": 0, "F": 1},
        "h2_a": {"A": 0, "B": 0, "F": 0},
        "h1_b": dict.fromkeys("ABF", 0),
    }
    assert steps[-1] == {
        "h1_a": {"A": 2, "B": 0, "F": 1},
        "h2_a": {"A": 0, "B": 1, "F": 1},
        "h1_b": {"A": 0, "B": 2, "F": 0},
    }
    assert pauses == [1.0] * 6
    assert dispatcher.get_current_user_count() == 7


def test_of_a_number_that_is_not_whole_the_whole_part_counts(pauses: list[float]):
    """Stock Locust swings between the two whole numbers and never arrives."""
    dispatcher = UsersDispatcher(nodes("w"), [user_class("A")])
    dispatcher.new_dispatch(2.6, 10)  # type: ignore[arg-type] # as shapes compute it
    assert [step["w"]["A"] for step in dispatcher] == [2]
    assert not dispatcher.dispatch_in_progress


def test_below_zero_is_nobody(pauses: list[float]):
    dispatcher = UsersDispatcher(nodes("w"), [user_class("A"), user_class("B", -1), user_class("C", 0, -2)])
    dispatcher.new_dispatch(3, 10)
    assert list(dispatcher)[-1]["w"]["B"] == 0


def test_pauses_between_batches_only(pauses: list[float]):
    dispatcher = UsersDispatcher(nodes("w"), [user_class("A")])
    dispatcher.new_dispatch(6, 2.5)
    assert [step["w"]["A"] for step in dispatcher] == [2, 4, 6]
    assert pauses == [0.8, 0.8]
    assert len(dispatcher.dispatch_iteration_durations) == 2


def test_the_way_down_and_the_same_target(pauses: list[float]):
    dispatcher = UsersDispatcher(nodes("w"), [user_class("A")])
    for target, seen in ((3, [3]), (3, [3]), (1, [2, 1]), (0, [0])):
        dispatcher.new_dispatch(target, 3 if target == 3 else 1)
        assert dispatcher.dispatch_in_progress
        assert [step["w"]["A"] for step in dispatcher] == seen
        assert not dispatcher.dispatch_in_progress


def test_a_worker_that_joins_takes_its_share(pauses: list[float]):
    dispatcher = UsersDispatcher(nodes("a"), [user_class("A")])
    dispatcher.new_dispatch(4, 2)
    counts = []
    for step in dispatcher:
        counts.append({worker: classes["A"] for worker, classes in step.items()})
        if len(counts) == 1:
            dispatcher.add_worker(nodes("b")[0])
    assert counts == [{"a": 2}, {"a": 1, "b": 1}, {"a": 2, "b": 2}]
    dispatcher.remove_worker(nodes("a")[0])
    dispatcher.new_dispatch(4, 2)
    assert next(dispatcher) == {"b": {"A": 4}}


def test_other_classes_from_now_on(pauses: list[float]):
    a, b = user_class("A"), user_class("B")
    dispatcher = UsersDispatcher(nodes("w"), [a, b])
    dispatcher.new_dispatch(2, 10, [a])
    assert list(dispatcher)[-1] == {"w": {"A": 2, "B": 0}}
    dispatcher.new_dispatch(4, 10, [b])
    assert list(dispatcher)[-1] == {"w": {"A": 2, "B": 2}}


def test_fixed_users_alone_end_early(pauses: list[float]):
    dispatcher = UsersDispatcher(nodes("w"), [user_class("F", fixed_count=2)])
    dispatcher.new_dispatch(10, 1)
    assert [step["w"]["F"] for step in dispatcher] == [1, 2, 2]
    assert not dispatcher.dispatch_in_progress


def test_shapes_may_ask_for_a_fraction_of_a_user(pauses: list[float]):
    dispatcher = UsersDispatcher(nodes("w"), [user_class("A")])
    dispatcher.new_dispatch(2.9, 10)  # type: ignore[arg-type]
    assert list(dispatcher)[-1] == {"w": {"A": 2}}


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_that_gets_nowhere_is_refused(rate: float):
    dispatcher = UsersDispatcher(nodes("w"), [user_class("A")])
    with pytest.raises(ValueError, match="spawn rate"):
        dispatcher.new_dispatch(1, rate)


def test_another_class_of_the_same_name_is_another_class(pauses: list[float]):
    dispatcher = UsersDispatcher(nodes("a"), [user_class("A", 1), user_class("B", 1)])
    dispatcher.new_dispatch(2, 10)
    assert list(dispatcher)[-1] == {"a": {"A": 1, "B": 1}}
    dispatcher.new_dispatch(10, 10, [user_class("A", 100), user_class("B", 1)])
    assert list(dispatcher)[-1] == {"a": {"A": 9, "B": 1}}


def test_a_weight_that_changes_meanwhile_changes_nothing(pauses: list[float]):
    # As in Locust: the classes are looked at when they are given to the dispatcher.
    classes = [user_class("A", 1), user_class("B", 1)]
    dispatcher = UsersDispatcher(nodes("a"), classes)
    dispatcher.new_dispatch(2, 10, classes)
    list(dispatcher)
    classes[0].weight = 100
    dispatcher.new_dispatch(10, 10, classes)
    assert list(dispatcher)[-1] == {"a": {"A": 5, "B": 5}}


class InTurns(UsersDispatcher):
    """Spawns its classes in an order of its own, first three of one, then the other."""

    def _user_gen(self) -> Any:
        yield from ["B", "B", "B", "A"]


def test_a_subclass_may_have_its_own_order(pauses: list[float]):
    dispatcher = InTurns(nodes("a"), [user_class("A", 100), user_class("B", 1)])
    dispatcher.new_dispatch(3, 2)
    assert list(dispatcher) == [{"a": {"A": 0, "B": 2}}, {"a": {"A": 0, "B": 3}}]
    dispatcher.new_dispatch(4, 2)
    assert list(dispatcher)[-1] == {"a": {"A": 1, "B": 3}}


def test_a_runner_uses_the_dispatcher_class_of_its_environment():
    class Mine(User):
        wait_time = constant(10)

        @task
        def idle(self) -> None:
            pass

    made: list[Any] = []

    class Twice(UsersDispatcher):
        """Twice as many users as were asked for."""

        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

        def new_dispatch(self, target_user_count: int, spawn_rate: float, user_classes: Any = None) -> None:
            super().new_dispatch(2 * target_user_count, spawn_rate, user_classes)

    environment = Environment(user_classes=[Mine], dispatcher_class=Twice)
    runner = environment.create_local_runner()
    runner.start(2, 100)
    runner.spawning_greenlet.join(timeout=5)
    assert (runner.user_count, len(made)) == (4, 1)
    runner.quit()
