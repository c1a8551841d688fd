"""Are latencies the server's or the generator's? Callers, and one user that computes for 50 ms at a stretch.

Run it against a server with a known law, such as `katydid target shop --latency "spikes:20ms,every 10,80ms"`,
and compare what is reported with the law.
"""

import time

from locust import FastHttpUser, User, between, task

BURN_SECONDS = 0.05


class Caller(FastHttpUser):
    """Calls and waits."""

    wait_time = between(0.01, 0.1)

    @task
    def call(self):
        """One request."""
        self.client.get("/health")


class Burner(User):
    """Keeps the one thread of all users busy, as parsing or hashing in a task does."""

    fixed_count = 1
    wait_time = between(0.02, 0.12)

    @task
    def burn(self):
        """Compute without letting anybody else run."""
        end = time.perf_counter() + BURN_SECONDS
        while time.perf_counter() < end:
            pass
