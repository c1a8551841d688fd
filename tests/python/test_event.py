"""Hooks call their listeners in order, survive those that raise, and measure blocks."""

import logging

import pytest
from katydid.locust import log
from katydid.locust.event import DeprecatedEventHook, EventHook, Events
from katydid.locust.exception import (
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopTest,
    StopUser,
)


@pytest.fixture(autouse=True)
def unhandled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "unhandled_greenlet_exception", False)


def test_listeners_are_called_in_order_of_registration_or_reversed() -> None:
    hook, heard = EventHook(), []
    for name in ("first", "second"):
        hook.add_listener(lambda word, name=name: heard.append((name, word)))
    hook.fire(word="a")
    hook.fire(reverse=True, word="b")
    assert heard == [("first", "a"), ("second", "a"), ("second", "b"), ("first", "b")]


def test_add_listener_returns_the_listener_and_remove_forgets_it() -> None:
    hook, heard = EventHook(), []

    @hook.add_listener
    def listen(**kwargs: object) -> None:
        heard.append(kwargs)

    hook.remove_listener(listen)
    hook.fire(a=1)
    assert heard == []
    with pytest.raises(ValueError):
        hook.remove_listener(listen)


def test_an_exception_is_logged_with_its_place_and_the_others_hear(caplog: pytest.LogCaptureFixture) -> None:
    hook, heard = EventHook(), []

    @hook.add_listener
    def fail() -> None:
        raise KeyError("gone")

    hook.add_listener(lambda: heard.append("after"))
    with caplog.at_level(logging.ERROR):
        hook.fire()
    assert heard == ["after"]
    assert log.unhandled_greenlet_exception
    assert "test_event.py:" in caplog.text
    assert "KeyError('gone')" in caplog.text


@pytest.mark.parametrize(
    "steering", [StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet, SystemExit]
)
def test_what_steers_users_goes_to_whoever_fired(steering: type[BaseException]) -> None:
    hook, heard = EventHook(), []

    @hook.add_listener
    def steer() -> None:
        raise steering()

    hook.add_listener(lambda: heard.append("after"))
    with pytest.raises(steering):
        hook.fire()
    assert heard == []
    assert not log.unhandled_greenlet_exception


def test_every_events_object_has_its_own_hooks_also_those_of_subclasses() -> None:
    class More(Events):
        mine: EventHook
        number: int

    more = More()
    assert isinstance(more.mine, EventHook)
    assert isinstance(more.request, EventHook)
    assert not hasattr(more, "number")
    assert Events().request is not Events().request


def test_the_documented_hooks_exist() -> None:
    names = {
        "request user_error report_to_master worker_report worker_connect spawning_complete quitting quit",
        "init init_command_line_parser test_start test_stopping test_stop reset_stats cpu_warning",
        "heartbeat_sent heartbeat_received usage_monitor",
    }
    assert set(vars(Events())) == set(" ".join(names).split())


def test_measure_fires_one_event_that_the_block_may_change() -> None:
    hook, heard = EventHook(), []
    hook.add_listener(lambda **kwargs: heard.append(kwargs))
    with hook.measure("T", "name", response_length=1, context={"a": 1}) as meta:
        meta["response_length"] = 2
    assert len(heard) == 1
    assert heard[0].pop("response_time") >= 0
    assert heard[0].pop("start_time") > 0
    assert heard[0] == {
        "request_type": "T",
        "name": "name",
        "response_length": 2,
        "context": {"a": 1},
        "exception": None,
    }


def test_measure_records_an_exception_and_goes_on() -> None:
    hook, heard = EventHook(), []
    hook.add_listener(lambda exception, **kwargs: heard.append(exception))
    fault = ValueError("x")
    with hook.measure("T", "name"):
        raise fault
    assert heard == [fault]


def test_a_deprecated_hook_warns_and_works() -> None:
    hook, heard = DeprecatedEventHook("use the other one"), []
    with pytest.warns(DeprecationWarning, match="use the other one"):
        hook.add_listener(lambda: heard.append(1))
    hook.fire()
    assert heard == [1]
