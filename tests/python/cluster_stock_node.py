"""A locustfile for stock Locust as a node of a cluster. Prints facts as JSON lines."""

from __future__ import annotations

import json
from typing import Any

from locust import User, constant, events, task


class Visitor(User):
    wait_time = constant(0.05)

    @task
    def visit(self) -> None:
        failure = ValueError("it's broken")
        self.environment.events.request.fire(
            request_type="GET", name="/a", response_time=12.5, response_length=10, exception=None, context={}
        )
        self.environment.events.request.fire(
            request_type="GET", name="/b", response_time=7.0, response_length=1, exception=failure, context={}
        )


class Buyer(Visitor):
    fixed_count = 1


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


@events.init.add_listener
def on_init(environment: Any, **_: Any) -> None:
    runner = environment.runner

    def echo(environment: Any, msg: Any, **_: Any) -> None:
        tell(heard=repr(msg.data))
        environment.runner.send_message(
            "echoed", {"back": msg.data}, *([msg.node_id] if runner_is_master else [])
        )

    runner_is_master = hasattr(runner, "clients")
    runner.register_message("echo", echo)


@events.report_to_master.add_listener
def on_report(client_id: str, data: dict[str, Any]) -> None:
    data["extra"] = {"of": client_id}


@events.worker_report.add_listener
def on_worker_report(client_id: str, data: dict[str, Any]) -> None:
    if "extra" in data:
        tell(extra=data["extra"])


@events.test_start.add_listener
def on_test_start(**_: Any) -> None:
    tell(event="test_start")


@events.spawning_complete.add_listener
def on_spawned(user_count: int, **_: Any) -> None:
    tell(event="spawning_complete", user_count=user_count)


@events.test_stop.add_listener
def on_test_stop(environment: Any, **_: Any) -> None:
    stats = environment.stats
    errors = [[error.occurrences, str(error.error)] for error in stats.errors.values()]
    entries = {name: entry.num_requests for (name, _), entry in stats.entries.items()}
    tell(event="test_stop", total=stats.total.num_requests, entries=entries, errors=errors)
