"""Whoever replaces a step by which requests are recorded is called for every request: with both clients."""

# /// facts
# args = "-u 1 -t 20s"
# facts = [
#     "logged GET /of-the-class 2", "entry Aggregated 2", "entry /of-the-class 2", "failed GET /status/500 2",
#     "fired /of-the-hook", "fired /of-the-hook-fast", "every hook fired /of-all-hooks",
#     "every hook fired /of-all-hooks-fast", "nobody's business: 7 requests",
# ]
# failures = ["GET /status/500: HTTPError('500 Server Error: Internal Server Error for url: /status/500')"]
# exit = 1
# ordered = true
# ///

from locust import FastHttpUser, HttpUser, constant, events, task
from locust.event import EventHook
from locust.stats import RequestStats, StatsEntry

LOUD = ["/of-the-class"]
log_request, log_error, log, fire = (
    RequestStats.log_request,
    RequestStats.log_error,
    StatsEntry.log,
    EventHook.fire,
)


def logged(self, method, name, response_time, content_length):
    if name in LOUD:
        print("fact logged", method, name, content_length)
    log_request(self, method, name, response_time, content_length)


def failed(self, method, name, error):
    print("fact failed", method, name, self.get(name, method).total_content_length)
    log_error(self, method, name, error)


def entry_logged(self, response_time, content_length):
    if self.name in ("Aggregated", LOUD[0]) and self.num_requests == 0:
        print("fact entry", self.name, content_length)
    log(self, response_time, content_length)


def every_hook_fired(self, *, reverse=False, **arguments):
    if "name" in arguments:
        print("fact every hook fired", arguments["name"])
    fire(self, reverse=reverse, **arguments)


@events.test_start.add_listener
def replace(**kwargs):
    RequestStats.log_request = logged
    RequestStats.log_error = failed


StatsEntry.log = entry_logged


class Both(HttpUser):
    wait_time = constant(20)

    @task
    def ask(self):
        class Fast(FastHttpUser):
            abstract = True
            host = self.host

        fast = Fast(self.environment).client
        self.client.get("/of-the-class")
        self.client.get("/status/500")
        hook = self.environment.events.request
        own_fire = hook.fire
        hook.fire = lambda **arguments: (print("fact fired", arguments["name"]), own_fire(**arguments))
        self.client.get("/of-the-hook")
        fast.get("/of-the-hook-fast")
        del hook.fire
        EventHook.fire = every_hook_fired
        self.client.get("/of-all-hooks")
        fast.get("/of-all-hooks-fast")
        EventHook.fire = fire
        self.client.get("/again")
        print("fact nobody's business:", self.environment.stats.num_requests, "requests")
        self.environment.runner.quit()
