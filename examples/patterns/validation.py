"""Judging answers: by content, by time, an expected error as success, with and without `catch_response`."""

from json import JSONDecodeError

from locust import HttpUser, constant, task
from locust.exception import RescheduleTask


class Judge(HttpUser):
    wait_time = constant(0.05)

    @task
    def by_content(self):
        with self.client.get("/products", catch_response=True) as response:
            try:
                if not response.json():
                    response.failure("no products")
            except (JSONDecodeError, KeyError) as fault:
                response.failure(f"no list: {fault!r}")

    @task
    def by_time(self):
        with self.client.get("/health", catch_response=True) as response:
            if response.elapsed.total_seconds() > 30:
                response.failure("too slow")

    @task
    def expected_error(self):
        with self.client.get("/nothing", catch_response=True) as response:
            if response.status_code == 404:
                response.success()

    @task
    def unexpected_success(self):
        with self.client.get("/health", name="/health is wrong", catch_response=True) as response:
            if response.ok:
                response.failure("should have failed")

    @task
    def renamed(self):
        with self.client.get("/health?at=1", catch_response=True) as response:
            response.request_meta["name"] = "/health?at=[n]"

    @task
    def given_up(self):
        if self.client.get("/nothing", name="/nothing (given up)").status_code == 404:
            raise RescheduleTask
        raise AssertionError("not reached")
