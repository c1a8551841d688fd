"""A load shape of two waves, as a day has them: one peak about noon, one in the evening."""

import math

from locust import HttpUser, LoadTestShape, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health")


class DoubleWave(LoadTestShape):
    fewest = 2
    peaks = 6, 4
    seconds = 4

    def tick(self):
        run_time = round(self.get_run_time())
        if run_time >= self.seconds:
            return None
        users = self.fewest
        for number, peak in enumerate(self.peaks):
            middle = self.seconds * (number + 1) / 3
            users += (peak - self.fewest) * math.e ** -(((run_time - middle) / (self.seconds / 8)) ** 2)
        return round(users), 10
