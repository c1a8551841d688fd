"""Smoke: does every endpoint answer at all?

Every user visits each one in turn, then stops. Any failure makes the run end with exit code 1.
"""

from gateway_user import GATEWAY_URL
from locust import FastHttpUser, SequentialTaskSet, between, task
from locust.exception import StopUser


class Tour(SequentialTaskSet):
    """One visit to each endpoint, in this order."""

    @task
    def ready(self) -> None:
        self.client.get("/health/ready")

    @task
    def health(self) -> None:
        self.client.get("/api/v1/health")

    @task
    def resource(self) -> None:
        self.client.get("/api/v1/resource/1", name="/api/v1/resource/[id]")

    @task
    def action(self) -> None:
        self.client.post("/api/v1/action", json={"action": "ping"})

    @task
    def resources(self) -> None:
        self.client.get("/api/v1/resources")

    @task
    def stream(self) -> None:
        self.client.get("/api/v1/events/stream?count=2", name="/api/v1/events/stream")

    @task
    def metrics(self) -> None:
        self.client.get("/metrics")

    @task
    def leave(self) -> None:
        raise StopUser


class SmokeUser(FastHttpUser):
    """Takes the tour once."""

    host = GATEWAY_URL
    wait_time = between(0.05, 0.2)
    tasks = [Tour]
