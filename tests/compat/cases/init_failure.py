"""An exception in an init listener is fatal: code 1 and no test."""

# /// facts
# args = "-u 1 -t 10s"
# exit = 1
# facts = ["second listener"]
# ///

from locust import User, events, task


@events.init.add_listener
def fail(environment, **kwargs):
    raise RuntimeError("not ready")


@events.init.add_listener
def second(environment, **kwargs):
    print("fact second listener")


class Never(User):
    @task
    def idle(self):
        print("fact never")
