"""A program of one's own instead of the command: environment, runner, listeners and numbers by hand.

Run it with `python library.py HOST`. On stock Locust, or with katydid-locust, `import locust` is all.
"""

import sys

try:
    import katydid

    katydid.patch()
    katydid.alias_locust()
except ImportError:
    pass

import gevent
from locust import HttpUser, constant, task
from locust.env import Environment
from locust.stats import stats_history


class Visitor(HttpUser):
    host = sys.argv[1]
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health")


environment = Environment(user_classes=[Visitor])
environment.events.test_start.add_listener(lambda environment, **kwargs: print("fact start"))
environment.events.test_stop.add_listener(lambda environment, **kwargs: print("fact stop"))
runner = environment.create_local_runner()
gevent.spawn(stats_history, runner)
runner.start(3, spawn_rate=10)
gevent.spawn_later(2, runner.quit)
runner.greenlet.join()

total = environment.stats.total
print("fact requests", total.num_requests > 10, "failures", total.num_failures, "users", runner.user_count)
print("fact entry", environment.stats.get("/health", "GET").num_requests == total.num_requests)
