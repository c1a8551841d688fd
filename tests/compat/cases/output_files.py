"""What --json-file, --csv and the summary say of the same run."""

# /// facts
# args = "-u 1 -t 20s --json-file out --csv out --only-summary --exit-code-on-error 6 --loglevel INFO"
# exit = 6
# failures = ["GET /status/404: HTTPError('404 Client Error: Not Found for url: /status/404')"]
# tables = ["out_stats.csv", "out_failures.csv", "out_exceptions.csv"]
# ordered = true
# shows = "--json-file --csv --only-summary --exit-code-on-error --loglevel"
# ///

import json

import gevent
import locust.stats
from locust import HttpUser, constant, events, task

locust.stats.CSV_STATS_INTERVAL_SEC = 0.2
locust.stats.CSV_STATS_FLUSH_INTERVAL_SEC = 0


@events.quit.add_listener
def read(exit_code, **kwargs):
    with open("out.json") as file:
        text = file.read()
    print("fact", exit_code, text.startswith('[\n    {\n        "'))
    for row in json.loads(text):
        print("fact", list(row))
        print("fact", row["name"], row["method"], row["num_requests"], row["num_failures"])
        print("fact", row["total_content_length"], sum(row["response_times"].values()))


class Browser(HttpUser):
    wait_time = constant(20)

    @task
    def browse(self):
        for _ in range(3):
            self.client.get("/bytes/100")
        self.client.post("/echo", json={})
        self.client.get("/status/404")
        gevent.sleep(1)
        self.environment.runner.quit()
