"""What goes wrong on an HttpUser's way, and how it is told: texts, empty answers, exceptions."""

# /// facts
# args = "-u 1 -t 30s"
# exit = 1
# failures = "same"
# shows = """
# locust.clients.ResponseContextManager(error)
# """
# ///

import json
import socket

import requests
from locust import HttpUser, constant, task
from locust.clients import ResponseContextManager
from locust.exception import LocustError


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Unlucky(HttpUser):
    wait_time = constant(20)

    @task
    def fail(self):
        get = self.client.get
        answer = get(f"http://127.0.0.1:{unused_port()}/", name="refused")
        print(
            "fact",
            answer.status_code,
            answer.content,
            repr(answer.text),
            dict(answer.headers),
            bool(answer.error),
            isinstance(answer, ResponseContextManager),
        )
        for what in (answer.json, lambda: answer.ok, answer.raise_for_status):
            try:
                print("fact", what())
            except json.JSONDecodeError:
                print("fact no JSON")
            except requests.ConnectionError as fault:
                print("fact raised", type(fault).__name__)
        get("http://no-such-host.invalid/", name="nowhere")
        get("/close")
        get("/status/404")
        get("/status/500")
        get("/loop")
        get("/slow?ms=2000", name="late", timeout=0.2)
        get("/half")
        for url in ("nothing://x", "http://", "//"):
            try:
                print("fact", url, get(url, name="odd").status_code)
            except requests.RequestException as fault:
                print("fact propagates", type(fault).__name__)
        with get("/bytes/3", catch_response=True) as answer:
            answer.failure(ValueError("mine"))
            print("fact", type(answer).__name__, answer.request_meta["name"], sorted(answer.request_meta))
        for method in (answer.success, lambda: answer.failure("late")):
            try:
                method()
                print("fact accepted")
            except LocustError:
                print("fact too late")
        self.environment.runner.quit()
