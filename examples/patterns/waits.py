"""How long users wait: a function of one's own, pacing, throughput, between, and a pause inside a task."""

import gevent
from locust import HttpUser, between, constant_pacing, constant_throughput, task


class Counting(HttpUser):
    fixed_count = 1
    last = 0.0

    def wait_time(self):
        self.last = min(self.last + 0.1, 0.5)
        return self.last

    @task
    def visit(self):
        self.client.get("/health", name="longer and longer")


class Paced(HttpUser):
    fixed_count = 1
    wait_time = constant_pacing(0.5)

    @task
    def visit(self):
        gevent.sleep(0.2)
        self.client.get("/health", name="every half second")


class Steady(HttpUser):
    fixed_count = 1
    wait_time = constant_throughput(4)

    @task
    def visit(self):
        self.client.get("/health", name="four a second")


class Random(HttpUser):
    fixed_count = 1
    wait_time = between(0.1, 0.2)

    @task
    def visit(self):
        self.client.get("/health", name="now and then")
