"""A fault is placed in the user's own code, and its story begins there."""

import json

import pytest
from greenlet import GreenletExit
from katydid.fault import place_of, story_of
from katydid.locust.event import EventHook


def caught(function: object) -> Exception:
    with pytest.raises(Exception) as info:
        function()  # type: ignore[operator]
    return info.value


def test_place_is_the_innermost_line_of_the_users_own() -> None:
    def parse() -> None:
        json.loads("{")  # raises inside the standard library

    fault = caught(parse)
    line = parse.__code__.co_firstlineno + 1
    assert place_of(fault) == f"{__file__}:{line}"


def test_a_syntax_error_is_placed_where_it_stands() -> None:
    fault = caught(lambda: compile("x = (\n", "locustfile.py", "exec"))
    assert place_of(fault) == "locustfile.py:1"
    assert "SyntaxError" in story_of(fault)


def test_an_exception_without_traceback_has_no_place() -> None:
    assert place_of(ValueError()) == "unknown place"


def test_story_leaves_out_our_own_calls() -> None:
    def fail() -> None:
        raise KeyError("gone")

    def through_ours() -> None:
        with EventHook().measure("a", "b"):
            pass
        fail()

    story = story_of(caught(through_ours))
    assert "in fail" in story
    assert "KeyError: 'gone'" in story


def test_story_leaves_out_that_the_user_was_being_stopped() -> None:
    def stop() -> None:
        try:
            raise GreenletExit
        except GreenletExit:
            raise ValueError("in on_stop") from None

    def stop_implicitly() -> None:
        try:
            raise GreenletExit
        except GreenletExit:
            raise ValueError("in on_stop")  # noqa: B904 - the context is the point

    for function in (stop, stop_implicitly):
        assert "GreenletExit" not in story_of(caught(function)).partition("raise")[0]
        assert "During handling" not in story_of(caught(function))
