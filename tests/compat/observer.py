"""A second locustfile in every run: says that the test begins, and at the end what the statistics hold."""

import json
import os

import gevent
from locust import events
from locust.stats import StatsError


@events.init.add_listener
def observe(environment, runner, **kwargs):
    # Stock Locust counts the run time from when its loop last looked at the clock, before the start-up.
    gevent.get_hub().loop.update_now()
    before_the_end = {}  # stock Locust's --json-file resets entries, and the event quit comes after it

    def counts():
        entries = environment.stats.entries.values()
        return {f"{entry.method} {entry.name}": entry.num_requests for entry in entries}

    def write(exit_code, **kwargs):
        observed = {
            "rows": {row: max(count, before_the_end.get(row, 0)) for row, count in counts().items()},
            "failures": [
                f"{error.method} {error.name}: {StatsError.parse_error(error.error)}"
                for error in environment.stats.errors.values()
            ],
            "exceptions": [row["msg"] for row in runner.exceptions.values()],
        }
        with open(os.environ["COMPAT_RESULT"], "w") as file:
            json.dump(observed, file)

    def begin(**kwargs):
        with open(os.environ["COMPAT_RESULT"] + ".begun", "w"):
            pass

    environment.events.test_start.add_listener(begin)
    environment.events.quitting.add_listener(lambda **kwargs: before_the_end.update(counts()))
    environment.events.quit.add_listener(write)
