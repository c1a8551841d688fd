"""StopTest while users are created ends the whole test, with code 0."""

# /// facts
# args = "-u 1 -t 10s"
# facts = ["test_start", "test_stopping", "test_stop", "quitting"]
# shows = "locust.exception.StopTest"
# ///

from locust import User, events, task
from locust.exception import StopTest


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    print("fact test_start")


@events.test_stopping.add_listener
def on_test_stopping(environment, **kwargs):
    print("fact test_stopping")


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    print("fact test_stop")


@events.quitting.add_listener
def on_quitting(environment, **kwargs):
    print("fact quitting")


class Never(User):
    def __init__(self, environment):
        super().__init__(environment)
        raise StopTest("not with me")

    @task
    def idle(self):
        print("fact never")
