"""A protocol of one's own: a client over a plain socket that fires a request event for each call."""

import socket
import time
from urllib.parse import urlsplit

from locust import User, constant, task


class LineClient:
    """Says one line to a server and reads the first line of its answer."""

    def __init__(self, host, request_event):
        parts = urlsplit(host)
        self.address = parts.hostname, parts.port
        self.request_event = request_event

    def ask(self, line, name):
        meta = {
            "request_type": "LINE",
            "name": name,
            "start_time": time.time(),
            "response_length": 0,
            "response": None,
            "context": {},
            "exception": None,
        }
        begun = time.perf_counter()
        try:
            with socket.create_connection(self.address, timeout=5) as connection:
                connection.sendall(line.encode() + b"\r\n\r\n")
                meta["response"] = connection.makefile().readline().strip()
                meta["response_length"] = len(meta["response"])
        except OSError as fault:
            meta["exception"] = fault
        meta["response_time"] = (time.perf_counter() - begun) * 1000
        self.request_event.fire(**meta)
        return meta["response"]


class LineUser(User):
    abstract = True

    def __init__(self, environment):
        super().__init__(environment)
        self.client = LineClient(self.host, environment.events.request)


class Speaker(LineUser):
    wait_time = constant(0.1)

    @task
    def greet(self):
        assert self.client.ask("GET /health HTTP/1.0", "greeting").endswith("200 OK")
