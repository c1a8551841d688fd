"""An ordinary locustfile with annotations, for mypy: `test_types.py` says what must be known about it."""

from __future__ import annotations

from typing import Any

from katydid.locust import (
    FastHttpUser,
    HttpUser,
    LoadTestShape,
    SequentialTaskSet,
    between,
    events,
    tag,
    task,
)
from katydid.locust.env import Environment


class Cart(SequentialTaskSet):
    wait_time = between(1, 2)

    @task
    def fill(self) -> None:
        self.client.post("/cart", json={"item": 7})
        self.interrupt()


class Shopper(HttpUser):
    host = "http://127.0.0.1"
    weight = 3
    tasks = [Cart]

    @tag("read")
    @task(2)
    def browse(self) -> None:
        with self.client.get("/items", name="items", catch_response=True, timeout=(1, 5)) as response:
            reveal_type(response)  # noqa: F821
            if response.status_code != 200:
                response.failure("no items")
        reveal_type(self.client.post("/cart", json={}).ok)  # noqa: F821


class Api(FastHttpUser):
    @task
    def read(self) -> None:
        reveal_type(self.client.get("/", headers={"Accept": "text/plain"}))  # noqa: F821
        with self.rest("GET", "/items") as response:
            reveal_type(response.status_code)  # noqa: F821


class Steps(LoadTestShape):
    def tick(self) -> tuple[int, float] | None:
        return (1, 1.0) if self.get_run_time() < 1 else None


@events.test_stop.add_listener
def report(environment: Environment, **_: Any) -> None:
    total = environment.stats.total
    reveal_type(total.num_requests)  # noqa: F821
    reveal_type(total.response_times)  # noqa: F821
    environment.process_exit_code = 1 if total.fail_ratio > 0.01 else 0


class Wrong(HttpUser):
    @task
    def wrong(self) -> None:
        self.client.get(5)
        self.client.get("/", name=7)
        self.client.post("/", timeout="soon")
