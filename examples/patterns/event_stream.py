"""An answer that streams: server-sent events, with the first event reported as a request of its own."""

import time

from locust import HttpUser, constant, task


class Listener(HttpUser):
    wait_time = constant(0.1)

    @task
    def listen(self):
        begun = time.perf_counter()
        path = "/api/v1/events/stream"
        with self.client.get(f"{path}?count=3", name=path, stream=True, catch_response=True) as response:
            count = 0
            for line in response.iter_lines():
                if line.startswith(b"data:"):
                    count += 1
                    if count == 1:
                        self.environment.events.request.fire(
                            request_type="SSE",
                            name="first event",
                            response_time=(time.perf_counter() - begun) * 1000,
                            response_length=len(line),
                            exception=None,
                            context={},
                        )
            if count < 3:
                response.failure(f"{count} events")
