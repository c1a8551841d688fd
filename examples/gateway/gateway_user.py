"""The ordinary user of the gateway, shared by the suites in this folder."""

import os
import random

from locust import FastHttpUser, tag, task

GATEWAY_URL = os.environ.get("GATEWAY_URL", "http://127.0.0.1:8002")

POPULAR_RESOURCES = 50  # few enough that most accesses after the first seconds are cache hits


class GatewayUser(FastHttpUser):
    """Calls each endpoint in the proportions of everyday traffic; the suites add the wait time."""

    abstract = True
    host = GATEWAY_URL

    def on_start(self) -> None:
        self.etags: dict[str, str] = {}  # path -> ETag, as a browser cache would keep it

    @tag("health")
    @task(10)
    def health(self) -> None:
        self.client.get("/api/v1/health")

    @tag("cache")
    @task(8)
    def read_resource(self) -> None:
        """Reads a popular resource; the cache must say whether it was a hit."""
        path = f"/api/v1/resource/{random.randint(1, POPULAR_RESOURCES)}"
        with self.client.get(path, name="/api/v1/resource/[id]", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"unexpected status {response.status_code}")
            elif response.headers.get("X-Cache") not in ("HIT", "MISS"):
                response.failure("no X-Cache header")
            else:
                self.etags[path] = response.headers["ETag"]

    @tag("cache")
    @task(3)
    def revalidate_resource(self) -> None:
        """Asks whether a resource that was read before is still the same."""
        if not self.etags:
            return self.read_resource()
        path, etag = random.choice(list(self.etags.items()))
        headers = {"If-None-Match": etag}
        name = "/api/v1/resource/[id] (revalidate)"
        with self.client.get(path, headers=headers, name=name, catch_response=True) as response:
            if response.status_code == 304:
                response.success()
            elif response.status_code != 200:
                response.failure(f"unexpected status {response.status_code}")

    @tag("write")
    @task(4)
    def act(self) -> None:
        body = {"action": "refresh", "resource_id": random.randint(1, POPULAR_RESOURCES)}
        self.client.post("/api/v1/action", json=body)

    @tag("list")
    @task(3)
    def list_resources(self) -> None:
        page = random.randint(1, 20)
        self.client.get(f"/api/v1/resources?page={page}&size=20", name="/api/v1/resources")

    @tag("health")
    @task(1)
    def metrics(self) -> None:
        self.client.get("/metrics")
