"""Server-sent events: users who open a stream and read it to its end.

A stream's response time says little, so two numbers of interest are reported as requests of their own: how
long the first event took, and how long the stream lasted. A stream with too few events is a failure.
"""

import random
import time
from collections.abc import Iterator

from gateway_user import GATEWAY_URL
from locust import HttpUser, between, task


class EventUser(HttpUser):
    """Listens to one stream after another."""

    host = GATEWAY_URL
    wait_time = between(0.5, 1.5)

    @task
    def listen(self) -> None:
        wanted = random.randint(5, 20)
        path = "/api/v1/events/stream"
        started = time.perf_counter()
        with self.client.get(
            path, params={"count": wanted}, name=path, stream=True, catch_response=True
        ) as response:
            if response.status_code != 200:
                response.failure(f"unexpected status {response.status_code}")
                return
            received = size = 0
            for data in events_of(response.iter_lines(chunk_size=None)):
                received += 1
                size += len(data)
                if received == 1:
                    self.report("first event", started, len(data))
            self.report("whole stream", started, size)
            if received < wanted:
                response.failure(f"{received} events, not {wanted}")

    def report(self, name: str, started: float, size: int) -> None:
        """Adds a measurement of our own to the statistics."""
        self.environment.events.request.fire(
            request_type="SSE",
            name=name,
            response_time=(time.perf_counter() - started) * 1000,
            response_length=size,
            exception=None,
            context={},
        )


def events_of(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The data of each event in the lines of a stream."""
    for line in lines:
        if line.startswith(b"data:"):
            yield line.removeprefix(b"data:").strip()
