"""Many URLs, one row: by `name=`, by `rename_request`, by the client's `request_name`."""

import itertools

from locust import HttpUser, constant, task

NUMBERS = itertools.cycle([1, 2, 3])


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def by_argument(self):
        self.client.get(f"/products/{next(NUMBERS)}", name="/products/[id]")

    @task
    def by_block(self):
        with self.client.rename_request("/products?page=[n]"):
            self.client.get("/products?page=1")
            self.client.get("/products?page=2")

    @task
    def by_attribute(self):
        self.client.request_name = "/health, whoever asks"
        self.client.get("/health?who=1")
        self.client.get("/health?who=2")
        self.client.request_name = None
