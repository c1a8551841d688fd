"""Chains are checked when their class is written, and walked by their transitions."""

import random

import pytest
from katydid.locust import MarkovTaskSet, User, tag, transition, transitions
from katydid.locust.env import Environment
from katydid.locust.user.markov_taskset import (
    InvalidTransitionError,
    MarkovTaskTagError,
    NoMarkovTasksError,
    NonMarkovTaskTransitionError,
)


class Chain(MarkovTaskSet):
    @transition("browse")
    def enter(self) -> None: ...

    @transitions({"browse": 2, "buy": 1})
    def browse(self) -> None: ...

    @transitions([("enter", 2), "browse"])
    def buy(self) -> None: ...


class Walker(User):
    tasks = [Chain]


def chain() -> MarkovTaskSet:
    return Chain(Walker(Environment(user_classes=[Walker])))


def test_weights_become_lists_of_names() -> None:
    assert Chain.enter.transitions == ["browse"]  # type: ignore[attr-defined]
    assert Chain.browse.transitions == ["browse", "browse", "buy"]  # type: ignore[attr-defined]
    assert Chain.buy.transitions == ["enter", "enter", "browse"]  # type: ignore[attr-defined]


def test_walk_begins_with_the_first_task_and_draws_each_next_one() -> None:
    random.seed(5)
    walker = chain()
    walked = [walker.get_next_task().__name__ for _ in range(30)]
    random.seed(5)
    expected, name = [], "enter"
    for _ in range(30):
        expected.append(name)
        name = random.choice(getattr(Chain, name).transitions)
    assert walked == expected


def test_instances_walk_on_their_own() -> None:
    first, second = chain(), chain()
    first.get_next_task()
    first.get_next_task()
    assert second.get_next_task().__name__ == "enter"


def test_a_chain_needs_tasks() -> None:
    with pytest.raises(NoMarkovTasksError):
        type("Empty", (MarkovTaskSet,), {})


def test_targets_must_exist() -> None:
    with pytest.raises(InvalidTransitionError, match="nowhere"):

        class Bad(MarkovTaskSet):
            @transition("nowhere")
            def enter(self) -> None: ...


def test_targets_must_have_transitions() -> None:
    with pytest.raises(NonMarkovTaskTransitionError, match="end"):

        class Bad(MarkovTaskSet):
            @transition("end")
            def enter(self) -> None: ...

            def end(self) -> None: ...


def test_tags_are_refused() -> None:
    with pytest.raises(MarkovTaskTagError):

        class Bad(MarkovTaskSet):
            @tag("a")
            @transition("enter")
            def enter(self) -> None: ...


def test_unreachable_tasks_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    class Island(MarkovTaskSet):
        @transition("enter")
        def enter(self) -> None: ...

        @transition("enter")
        def alone(self) -> None: ...

    assert "Island.alone" in caplog.text
    assert "Island.enter" not in caplog.text


def test_an_abstract_base_needs_no_tasks() -> None:
    class Base(MarkovTaskSet):
        abstract = True

    assert Base.abstract
    assert not Chain.abstract


def test_a_task_cannot_be_called_run() -> None:
    def run(self: object) -> None: ...

    with pytest.raises(Exception, match="run"):
        transition("other")(run)
