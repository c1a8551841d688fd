"""What does a Python listener of `events.request` add to a request? CPU time with one, less that without.

    .venv/bin/python benches/micro/listener_cost.py [--pairs 40] [--window 0.25] [--users 50]

One process sends requests without a pause to a practice server. The listener comes and goes, window by
window. The best windows of both kinds are compared, because a noisy neighbour only ever adds; on a machine
that is left alone the median of the differences between neighbouring windows says the same.

# Accuracy

CPU time of the whole process, so everything that a listener makes necessary is in it: the event's arguments,
the call of the native recorder through the event, the listener itself, which counts and does nothing else.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import katydid

katydid.patch()

import gevent  # noqa: E402 - the standard library is patched first
from katydid.locust import FastHttpUser, HttpUser, User, constant  # noqa: E402
from katydid.locust.env import Environment  # noqa: E402

KATYDID = os.environ.get("KATYDID") or str(Path(sys.executable).with_name("katydid"))
WARM_UP = 1.0


def ask(user: Any) -> None:
    """The request that is measured."""
    user.client.get("/health")


class Fast(FastHttpUser):
    """The client that suites use for speed."""

    wait_time = constant(0)
    tasks = [ask]


class Plain(HttpUser):
    """The client that most suites use."""

    wait_time = constant(0)
    tasks = [ask]


class Counting:
    """What a small listener does."""

    def __init__(self) -> None:
        self.heard = 0

    def on_request(
        self,
        request_type: str,
        name: str,
        response_time: float,
        response_length: int,
        exception: BaseException | None,
        context: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        """Count one request."""
        self.heard += 1


@contextmanager
def practice_server() -> Iterator[str]:
    """The address of a server that answers at once, while it runs."""
    server = subprocess.Popen([KATYDID, "target", "shop", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        announced = server.stdout.readline().split()
        yield next(word for word in announced if word.startswith("http://"))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def cost_us(environment: Environment, window: float) -> float:
    """CPU time of this process for each request of a window, in microseconds."""
    requests, cpu = environment.stats.total.num_requests, time.process_time()
    gevent.sleep(window)
    cpu, requests = time.process_time() - cpu, environment.stats.total.num_requests - requests
    return cpu / requests * 1e6


def measure(user_class: type[User], host: str, options: argparse.Namespace) -> list[tuple[float, float]]:
    """Costs without and with a listener, pair by pair."""
    environment = Environment(user_classes=[user_class], host=host)
    runner = environment.create_local_runner()
    runner.start(options.users, spawn_rate=options.users)
    gevent.sleep(WARM_UP)
    listener, pairs = Counting(), []
    for number in range(options.pairs):
        costs = {}
        for listens in (False, True) if number % 2 else (True, False):
            if listens:
                environment.events.request.add_listener(listener.on_request)
            costs[listens] = cost_us(environment, options.window)
            if listens:
                environment.events.request.remove_listener(listener.on_request)
        pairs.append((costs[False], costs[True]))
    runner.quit()
    assert listener.heard > 0, "the listener was never called"
    assert environment.stats.total.num_failures == 0, "the practice server did not answer as it should"
    return pairs


def main() -> int:
    """Measure both clients and print what was found."""
    parser = argparse.ArgumentParser(description="What a listener of events.request adds to a request.")
    parser.add_argument("--pairs", type=int, default=40, help="how many windows without and with a listener")
    parser.add_argument("--window", type=float, default=0.25, help="seconds of each")
    parser.add_argument("--users", type=int, default=50, help="users that ask without a pause")
    options = parser.parse_args()
    with practice_server() as host:
        print("microseconds of CPU time per request")
        print(f"{'client':<10}{'without':>10}{'with':>10}{'added':>10}{'median of pairs':>18}")
        for user_class in (Fast, Plain):
            pairs = measure(user_class, host, options)
            without, listening = (min(costs) for costs in zip(*pairs, strict=True))
            median = statistics.median(late - early for early, late in pairs)
            figures = (without, listening, listening - without)
            name = user_class.__name__.lower()
            print(f"{name:<10}" + "".join(f"{figure:>10.2f}" for figure in figures) + f"{median:>18.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
