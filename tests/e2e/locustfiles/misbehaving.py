"""Asks a misbehaving server for all it can do wrong: one request per task, ROUNDS times over, then stops.

The ports come from MISBEHAVING and the paths from PATHS (JSON, see ../misbehaving_server.py).
"""

import gc
import json
import os

import gevent
from locust import FastHttpUser, HttpUser, constant, events, task
from locust.exception import StopUser

PORTS = json.loads(os.environ["MISBEHAVING"])
PATHS = json.loads(os.environ["PATHS"])
ROUNDS = int(os.environ.get("ROUNDS", "1"))
# Time for the end of a connection to arrive before the next request could still be sent on it.
PAUSE = float(os.environ.get("PAUSE", "0.05"))
PATIENCE = float(os.environ.get("PATIENCE", "0.5"))
HTTP = f"http://127.0.0.1:{PORTS['http']}"
ELSEWHERE = {
    "/refused": f"http://127.0.0.1:{PORTS['refused']}/refused",
    "/unknown-host": "http://no-such-host.invalid/unknown-host",
    "/expired-certificate": f"https://127.0.0.1:{PORTS['tls']}/ok",
}


def stations():
    """Each path, where it leads, and in the end a request that must succeed."""
    for _ in range(ROUNDS):
        for path in PATHS:
            yield path, path
        yield from ELSEWHERE.items()
        yield "/ok after everything", "/ok"


class Plain(HttpUser):
    host = HTTP
    wait_time = constant(PAUSE)

    def on_start(self):
        self.stations = stations()

    @task
    def visit(self):
        name, url = next(self.stations, (None, None))
        if name is None:
            raise StopUser
        self.client.get(url, name=name, timeout=PATIENCE)


class Fast(FastHttpUser):
    host = HTTP
    wait_time = constant(PAUSE)
    network_timeout = PATIENCE
    connection_timeout = PATIENCE

    def on_start(self):
        self.stations = stations()

    @task
    def visit(self):
        name, url = next(self.stations, (None, None))
        if name is None:
            raise StopUser
        self.client.get(url, name=name)


class Resources:
    """Notes descriptors and memory after a third of the run, when tables have their size, and at the end."""

    def __init__(self, path, environment):
        self.path = path
        self.environment = environment
        self.notes = []

    def note(self, **_):
        gc.collect()  # what only waits for the collector is no leak
        with open("/proc/self/statm") as statm:
            pages = int(statm.read().split()[1])
        self.notes.append(
            {
                "descriptors": len(os.listdir("/proc/self/fd")),
                "rss_mib": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
            }
        )

    def write(self, **_):
        self.note()
        with open(self.path, "w") as file:
            json.dump([self.notes[0], self.notes[-1]], file)


@events.init.add_listener
def watch_resources(environment, **_):
    """Stops the run when every user has been everywhere."""
    path = os.environ.get("RESOURCES")
    if not path:
        return
    resources = Resources(path, environment)

    def watch():
        stats = environment.stats
        per_round = (len(PATHS) + len(ELSEWHERE) + 1) * environment.parsed_options.num_users
        while stats.total.num_requests < ROUNDS * per_round / 3:
            gevent.sleep(0.2)
        resources.note()
        while stats.total.num_requests < ROUNDS * per_round:
            gevent.sleep(0.2)
        gevent.sleep(1)
        environment.runner.quit()

    gevent.spawn(watch)
    environment.events.quitting.add_listener(resources.write)
