"""Callers of a server with a known latency law, beside a user whose task computes for 50 ms at a stretch."""

import time

from locust import FastHttpUser, HttpUser, User, between, task


class Fast(FastHttpUser):
    wait_time = between(0.01, 0.1)

    @task
    def call(self):
        self.client.get("/law")


class Plain(HttpUser):
    wait_time = between(0.01, 0.1)

    @task
    def call(self):
        self.client.get("/law")


class Burner(User):
    fixed_count = 1
    wait_time = between(0.02, 0.12)

    @task
    def burn(self):
        end = time.perf_counter() + 0.05
        while time.perf_counter() < end:
            pass
