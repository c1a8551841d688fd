"""Any block of code as a request: `events.request.measure` times it, and what it raises is the failure."""

import gevent
from locust import User, constant, events, task


class Worker(User):
    wait_time = constant(0.1)

    @task(3)
    def compute(self):
        with self.environment.events.request.measure("WORK", "compute") as meta:
            gevent.sleep(0.01)
            meta["response_length"] = 42

    @task(3)
    def fail(self):
        with events.request.measure("WORK", "fail"):
            raise ValueError("no result")
