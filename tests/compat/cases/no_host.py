"""Without a host the test ends before it begins, and the code is 0."""

# /// facts
# args = "-u 1 -t 20s -H ''"
# facts = ["test_start", "test_stop"]
# ///

from locust import HttpUser, events, task


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    environment.host = None
    print("fact test_start")


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    print("fact test_stop")


class Homeless(HttpUser):
    @task
    def never(self):
        print("fact never")
