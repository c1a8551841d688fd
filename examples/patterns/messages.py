"""Custom messages: a master hands test data to its workers; in one process the runner is both."""

from locust import HttpUser, constant, events, task
from locust.runners import MasterRunner, WorkerRunner

NAMES = []


def take_names(environment, msg, **kwargs):
    NAMES.extend(msg.data)
    print("fact taken", msg.type, msg.data)
    environment.runner.send_message("names_taken", f"{len(msg.data)} names")


def hear(environment, msg, **kwargs):
    print("fact heard", msg.data)


@events.init.add_listener
def register(environment, **kwargs):
    if not isinstance(environment.runner, MasterRunner):
        environment.runner.register_message("names", take_names)
    if not isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message("names_taken", hear)


@events.test_start.add_listener
def hand_out(environment, **kwargs):
    if not isinstance(environment.runner, WorkerRunner):
        environment.runner.send_message("names", ["ada", "bo"])


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health", name=f"visit of {NAMES[0]}")
