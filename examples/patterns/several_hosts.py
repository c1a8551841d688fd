"""Several hosts in one run: classes with hosts of their own, absolute URLs, and one user with two clients."""

import os

from locust import FastHttpUser, HttpUser, constant, task
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession

SECOND = os.environ["SECOND_HOST"]


class First(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health", name="first")
        self.client.get(f"{SECOND}/health", name="second by an absolute URL")


class Second(FastHttpUser):
    host = SECOND
    wait_time = constant(0.1)

    @task
    def visit(self):
        assert self.client.base_url
        self.client.get("/health", name="by class, unless --host says otherwise")


class Both(HttpUser):
    wait_time = constant(0.1)

    def __init__(self, environment):
        super().__init__(environment)
        event = environment.events.request
        self.other = HttpSession(base_url=SECOND, request_event=event, user=self)
        self.fast = FastHttpSession(base_url=SECOND, request_event=event, user=self)

    @task
    def visit(self):
        self.other.get("/health", name="second by a client of its own")
        self.fast.get("/health", name="second by a fast client of its own")
