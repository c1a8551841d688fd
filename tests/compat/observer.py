"""A second locustfile in every run: at the end it writes down what the statistics hold."""

import json
import os

from locust import events
from locust.stats import StatsError


@events.init.add_listener
def observe(environment, runner, **kwargs):
    def write(exit_code, **kwargs):
        stats = environment.stats
        observed = {
            "rows": {f"{entry.method} {entry.name}": entry.num_requests for entry in stats.entries.values()},
            "failures": [
                f"{error.method} {error.name}: {StatsError.parse_error(error.error)}"
                for error in stats.errors.values()
            ],
            "exceptions": [row["msg"] for row in runner.exceptions.values()],
        }
        with open(os.environ["COMPAT_RESULT"], "w") as file:
            json.dump(observed, file)

    environment.events.quit.add_listener(write)
