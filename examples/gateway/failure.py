"""Failure: requests that must be refused, and refused properly.

The right error is a success here; another error fails, and so does a 200.
"""

from gateway_user import GATEWAY_URL
from locust import FastHttpUser, between, task


class FailureUser(FastHttpUser):
    """Makes each mistake that a client can make."""

    host = GATEWAY_URL
    wait_time = between(0.1, 0.5)

    def expect(self, status: int, method: str, path: str, name: str, **options: object) -> None:
        """Sends a request that is wrong, and wants exactly this status for it."""
        with self.client.request(method, path, name=name, catch_response=True, **options) as response:
            if response.status_code == status:
                response.success()
            else:
                response.failure(f"expected {status}, got {response.status_code}")

    @task
    def unknown_resource(self) -> None:
        self.expect(404, "GET", "/api/v1/resource/no-such-thing", "unknown resource")

    @task
    def unknown_route(self) -> None:
        self.expect(404, "GET", "/api/v9/health", "unknown route")

    @task
    def wrong_method(self) -> None:
        self.expect(405, "DELETE", "/api/v1/action", "wrong method")

    @task
    def broken_json(self) -> None:
        headers = {"Content-Type": "application/json"}
        self.expect(400, "POST", "/api/v1/action", "broken JSON", data='{"action": ', headers=headers)

    @task
    def missing_field(self) -> None:
        self.expect(422, "POST", "/api/v1/action", "missing field", json={"act": "refresh"})

    @task
    def wrong_content_type(self) -> None:
        headers = {"Content-Type": "text/plain"}
        self.expect(415, "POST", "/api/v1/action", "wrong content type", data="refresh", headers=headers)

    @task
    def page_out_of_range(self) -> None:
        self.expect(422, "GET", "/api/v1/resources?page=0", "page out of range")
