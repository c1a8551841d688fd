"""Statistics that a locustfile reads and writes: the same as on stock Locust, step by step."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from katydid.locust.env import Environment
from katydid.locust.stats import CachedResponseTimes, RequestStats

SCRIPT = Path(__file__).with_name("live_statistics.py")


def lines_of(python: str, *arguments: str) -> list[str]:
    command = [python, str(SCRIPT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()


def test_every_step_shows_what_stock_locust_shows():
    theirs = lines_of(os.environ["STOCK_PYTHON"])
    ours = lines_of(sys.executable, "--katydid")
    assert len(ours) > 40
    assert ours == theirs


def test_looking_leaves_nothing_behind():
    stats = RequestStats()
    times = stats.total.response_times
    assert (times[5], stats.total.num_reqs_per_sec[7], times) == (0, 0, {})
    assert stats.total.num_reqs_per_sec == {}


@pytest.mark.parametrize("name", ["response_times", "num_reqs_per_sec", "num_fail_per_sec"])
def test_json_sees_what_came_after_the_view_was_made(name: str):
    # The encoder in C believes the inner size of a dict and would write nothing.
    stats = RequestStats()
    view = getattr(stats.total, name)
    assert json.dumps(view) == "{}"
    stats.log_request("GET", "/", 12, 0)
    stats.log_error("GET", "/", "bad")
    assert sum(json.loads(json.dumps(view)).values()) == 1
    assert pickle.loads(pickle.dumps(view)) == dict(view)


def test_keys_that_are_not_there():
    stats = RequestStats()
    for view in (stats.total.response_times, stats.total.num_reqs_per_sec, stats.total.response_times_cache):
        with pytest.raises(KeyError):
            del view[5]
        with pytest.raises(KeyError):
            view.pop(5)
        assert view.pop(5, "none") == "none"
        view.clear()
        with pytest.raises(KeyError):
            view.popitem()
    with pytest.raises(KeyError):
        stats.entries.pop(("/", "GET"))


def test_the_last_item_is_taken_first():
    stats = RequestStats()
    stats.total.num_reqs_per_sec = {1: 5, 2: 6}
    assert list(reversed(stats.total.num_reqs_per_sec)) == [2, 1]
    assert stats.total.num_reqs_per_sec.popitem() == (2, 6)
    assert stats.total.num_reqs_per_sec == {1: 5}


def test_writing_one_bucket_leaves_the_others_exact():
    stats = RequestStats()
    for milliseconds in (123.4, 517.0):
        stats.log_request("GET", "/", milliseconds, 0)
    stats.total.response_times[520] += 2
    assert stats.total.response_times == {120: 1, 520: 3}
    assert stats.total.get_response_time_percentile(0.0) == 123.4


def test_the_cache_holds_what_was_known_at_each_second():
    stats = RequestStats()
    stats.total._record(10.0, 1, 1_000.5)
    first = int(stats.total.start_time)
    stats.total.response_times_cache = {}
    assert stats.total.response_times_cache == {}
    stats.total.response_times_cache = {
        first: CachedResponseTimes({}, 0, 0),
        5: CachedResponseTimes({10: 1}, 1, 0),
    }
    assert list(stats.total.response_times_cache) == [5, first]
    assert stats.total.response_times_cache[5] == CachedResponseTimes({10: 1}, 1, 0)
    stats.total.response_times_cache = None
    with pytest.raises(ValueError, match="use_response_times_cache"):
        stats.total.get_current_response_time_percentile(0.5)


def test_an_entry_of_another_run_is_copied():
    stats, other = RequestStats(), RequestStats()
    other.log_request("GET", "/", 10, 1)
    stats.entries["/", "GET"] = other.get("/", "GET")
    other.log_request("GET", "/", 10, 1)
    assert (stats.get("/", "GET").num_requests, other.get("/", "GET").num_requests) == (1, 2)
    stats.total = other.total
    assert (stats.total.num_requests, stats.total is other.total) == (2, False)


def test_statistics_with_a_way_of_their_own_are_asked_at_the_start(monkeypatch: pytest.MonkeyPatch):
    heard: list[Any] = []
    environment = Environment()
    runner = environment.create_local_runner()
    monkeypatch.setattr(environment.stats, "log_request", lambda *values: heard.append(values), raising=False)
    runner.record_anew()
    event = {"request_type": "GET", "name": "/", "response_time": 1, "response_length": 2}
    environment.events.request.fire(**event, exception=None, context={})
    assert heard == [("GET", "/", 1, 2)]
    assert environment.stats.num_requests == 0
    runner.quit()


def test_late_sleeps_are_told_to_the_runs_that_are_on():
    environment = Environment()
    runner = environment.create_local_runner()
    recorder = runner._recorder
    assert not recorder.hears_lag
    runner.update_state("spawning")
    assert recorder.hears_lag
    environment.stats = RequestStats()
    assert (recorder.hears_lag, runner._recorder.hears_lag) == (False, True)
    runner.quit()
    assert not runner._recorder.hears_lag


@pytest.mark.parametrize("attribute", ["name", "method"])
def test_an_entry_keeps_its_name(attribute: str):
    entry = RequestStats().get("/", "GET")
    with pytest.raises(AttributeError):
        setattr(entry, attribute, "other")
