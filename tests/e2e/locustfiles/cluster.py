"""Runs on every node of a mixed cluster, and tells as JSON lines what happens there."""

import json
import os
import time

from locust import User, constant, events, runners, task

runners.WORKER_REPORT_INTERVAL = 0.5
fired = 0


def tell(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


class Visitor(User):
    wait_time = constant(0.05)

    def on_start(self):
        tell("user", at=time.time())

    @task
    def visit(self):
        global fired
        fired += 2
        request = self.environment.events.request
        request.fire(
            request_type="GET", name="/a", response_time=12.5, response_length=10, exception=None, context={}
        )
        failure = ValueError("it's broken")
        request.fire(
            request_type="GET", name="/b", response_time=7.0, response_length=1, exception=failure, context={}
        )
        if fired % 20 == 0:
            raise KeyError("a fault of the suite's")


@events.init.add_listener
def on_init(environment, **_):
    runner = environment.runner
    is_master = isinstance(runner, runners.MasterRunner)

    def on_hello(environment, msg, **_):
        tell("hello", of=msg.node_id, data=msg.data)
        environment.runner.send_message("welcome", {"to": msg.data["from"], "1": [1, None]}, msg.node_id)

    def on_welcome(environment, msg, **_):
        tell("welcome", data=msg.data)

    def on_news(environment, msg, **_):
        tell("news", data=msg.data)

    if is_master:
        runner.register_message("hello", on_hello)
    else:
        runner.register_message("welcome", on_welcome)
        runner.register_message("news", on_news, concurrent=True)


@events.test_start.add_listener
def on_test_start(environment, **_):
    global fired
    fired = 0
    tell("test_start")
    if isinstance(environment.runner, runners.WorkerRunner):
        environment.runner.send_message("hello", {"from": environment.runner.client_id, "pid": os.getpid()})
    elif isinstance(environment.runner, runners.MasterRunner):
        environment.runner.send_message("news", "a test begins")


@events.spawning_complete.add_listener
def on_spawned(user_count, **_):
    tell("spawning_complete", users=user_count)


@events.test_stop.add_listener
def on_test_stop(environment, **_):
    stats = environment.stats
    tell("test_stop", fired=fired, total=stats.total.num_requests)


@events.report_to_master.add_listener
def on_report(client_id, data):
    data["extra"] = {"of": client_id}


@events.worker_report.add_listener
def on_worker_report(client_id, data):
    tell("report", same=data.get("extra", {}).get("of") == client_id, users=data["user_count"])


@events.worker_connect.add_listener
def on_worker_connect(client_id, **_):
    tell("worker_connect", of=client_id)


@events.heartbeat_sent.add_listener
def on_heartbeat_sent(client_id, timestamp, **_):
    tell("heartbeat_sent", of=client_id)


@events.heartbeat_received.add_listener
def on_heartbeat_received(client_id, timestamp, **_):
    tell("heartbeat_received", of=client_id)


@events.quit.add_listener
def on_quit(exit_code, **_):
    tell("quit", code=exit_code)
