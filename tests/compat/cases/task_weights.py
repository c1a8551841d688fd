"""Tasks are drawn by weight, with the same draws from `random` for the same seed."""

# /// facts
# args = "-u 1 -t 10s"
# exit = 0
# shows = "locust.task"
# ///

import random

from locust import User, task


class Weighted(User):
    drawn = ""

    def on_start(self):
        random.seed(42)

    def note(self, name):
        self.drawn += name
        if len(self.drawn) == 60:
            print("fact", self.drawn)
            print("fact next draw", random.random())
            self.environment.runner.quit()

    @task(3)
    def often(self):
        self.note("o")

    @task
    def seldom(self):
        self.note("s")

    @task(2)
    def sometimes(self):
        self.note("m")
