"""A load shape of steps: some more users every so often, up to a limit of time."""

import math

from locust import HttpUser, LoadTestShape, constant, events, task


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health")


class Steps(LoadTestShape):
    step_seconds = 1
    step_users = 2
    spawn_rate = 10
    seconds = 3

    def tick(self):
        run_time = self.get_run_time()
        if run_time > self.seconds:
            return None
        return math.floor(run_time / self.step_seconds + 1) * self.step_users, self.spawn_rate


@events.spawning_complete.add_listener
def on_spawning_complete(user_count, **kwargs):
    if user_count in (2, 4, 6):
        print("fact users", user_count)
