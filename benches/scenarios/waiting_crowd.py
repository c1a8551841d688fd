"""How many users fit into a process? A crowd that waits one to three seconds between its requests.

Run it with 4,000 or 10,000 users against `katydid target shop` and look at memory and CPU.
"""

from locust import FastHttpUser, between, task


class Visitor(FastHttpUser):
    """Mostly waits."""

    wait_time = between(1, 3)

    @task
    def look(self):
        """One request."""
        self.client.get("/health")
