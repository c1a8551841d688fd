"""The reactor inside gevent's loop: sleeping, yielding, interruption, fairness."""

from __future__ import annotations

import subprocess
import sys
import time

import gevent
import gevent.event
import pytest
from katydid import _core


@pytest.fixture(autouse=True)
def limit():
    """No test of waiting may wait for ever."""
    with gevent.Timeout(20):
        yield


def test_sleepers_wake_in_the_order_of_their_ends():
    order: list[int] = []

    def sleeper(number: int) -> None:
        _core.sleep(number / 100)
        order.append(number)

    started = time.perf_counter()
    gevent.joinall([gevent.spawn(sleeper, number) for number in (3, 1, 2)])
    assert order == [1, 2, 3]
    assert 0.03 <= time.perf_counter() - started < 1


def test_an_earlier_sleep_moves_the_timer_forward():
    late = gevent.spawn(_core.sleep, 30)
    started = time.perf_counter()
    _core.sleep(0.02)
    assert time.perf_counter() - started < 1
    late.kill()


def test_sleeps_and_gevent_timers_interleave():
    order: list[str] = []

    def ours() -> None:
        for _ in range(3):
            _core.sleep(0.02)
            order.append("ours")

    def gevents() -> None:
        gevent.sleep(0.01)
        for _ in range(3):
            order.append("gevent")
            gevent.sleep(0.02)

    gevent.joinall([gevent.spawn(ours), gevent.spawn(gevents)])
    assert order == ["gevent", "ours"] * 3


@pytest.mark.parametrize("seconds", [0, -1, 0.0])
def test_sleeping_for_nothing_lets_the_others_run_once(seconds: float):
    order: list[str] = []

    def worker(name: str) -> None:
        for _ in range(3):
            order.append(name)
            _core.sleep(seconds)

    gevent.joinall([gevent.spawn(worker, name) for name in "abc"])
    assert order == list("abc" * 3)


def test_a_killed_sleeper_ends_at_once_and_is_never_woken():
    steps: list[str] = []

    def sleeper() -> None:
        try:
            _core.sleep(0.05)
        except gevent.GreenletExit:
            steps.append("killed")
            gevent.sleep(0.1)  # the end of the first sleep must not cut this one short
            steps.append("cleaned up")
            raise

    greenlet = gevent.spawn(sleeper)
    gevent.sleep(0)
    started = time.perf_counter()
    greenlet.kill()
    assert steps == ["killed", "cleaned up"]
    assert time.perf_counter() - started >= 0.1


def test_a_timeout_interrupts_a_sleep():
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.02):
        _core.sleep(10)
    with gevent.Timeout(0.02, False):
        _core.sleep(10)


def test_an_exception_thrown_into_a_sleeper_arrives_there():
    greenlet = gevent.spawn(_core.sleep, 10)
    gevent.sleep(0)
    greenlet.kill(KeyError("stop"), block=False)
    with pytest.raises(KeyError, match="stop"):
        greenlet.get()


def test_a_failing_greenlet_does_not_disturb_the_others(capsys: pytest.CaptureFixture[str]):
    from greenlet import greenlet as raw_greenlet

    def failing() -> None:
        _core.sleep(0.01)
        raise ValueError("mine alone")

    raw = raw_greenlet(failing, parent=gevent.get_hub())
    gevent.get_hub().loop.run_callback(raw.switch)
    other = gevent.spawn(_core.sleep, 0.01)
    other.get()
    _core.sleep(0.02)
    assert "mine alone" in capsys.readouterr().err


def test_the_hub_itself_must_not_wait():
    seen: list[BaseException] = []

    def callback() -> None:
        try:
            _core.sleep(0.01)
        except BaseException as error:
            seen.append(error)

    gevent.get_hub().loop.run_callback(callback)
    gevent.sleep(0.01)
    assert [type(error).__name__ for error in seen] == ["BlockingSwitchOutError"]


def test_greenlets_that_are_always_ready_do_not_starve_timers_and_sockets():
    stop = gevent.event.Event()

    def busy() -> None:
        while not stop.is_set():
            _core.sleep(0)

    workers = [gevent.spawn(busy) for _ in range(1000)]
    timer = gevent.get_hub().loop.timer(0.05)
    timer.start(stop.set)
    gevent.joinall(workers)
    timer.close()


def test_a_loop_without_any_wait_yields_once_a_round():
    order: list[str] = []

    def worker(name: str) -> None:
        for _ in range(3):
            order.append(name)
            _core.yield_if_unswitched()

    gevent.joinall([gevent.spawn(worker, name) for name in "ab"])
    assert order.index("b") <= 2
    assert sorted(order) == list("aaabbb")


def test_a_greenlet_that_waited_since_does_not_yield_again():
    switches: list[str] = []

    def other() -> None:
        for _ in range(50):
            switches.append("other")
            gevent.sleep(0)

    _core.yield_if_unswitched()
    _core.sleep(0.001)
    background = gevent.spawn(other)
    _core.yield_if_unswitched()
    assert switches == []
    _core.yield_if_unswitched()
    assert switches != []
    background.join()


def test_an_idle_reactor_does_not_keep_the_loop_alive():
    # In a process of its own: the time limit of this one's tests would keep the loop alive.
    script = (
        "import gevent; from katydid import _core; _core.sleep(0.001); assert gevent.wait(timeout=5) is True"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)


def test_sleeps_are_not_measured_from_a_stale_clock():
    """gevent's loop caches the time; after a long task the cached value is old."""
    _core.sleep(0.001)
    busy_until = time.perf_counter() + 0.15
    while time.perf_counter() < busy_until:
        pass
    started = time.perf_counter()
    _core.sleep(0.1)
    assert time.perf_counter() - started >= 0.1


def test_thousands_of_sleepers_wake():
    greenlets = [gevent.spawn(_core.sleep, 0.01 + number % 7 / 1000) for number in range(3000)]
    gevent.joinall(greenlets)
    assert all(greenlet.successful() for greenlet in greenlets)
