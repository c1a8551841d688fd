"""Every request in a CSV file, by the CsvRequestLogger of `locust.contrib`."""

import csv

from locust import HttpUser, constant, events, task
from locust.contrib.csv_request_logger import CsvRequestLogger

FILE = "requests.csv"


@events.init.add_listener
def log_requests(environment, **kwargs):
    CsvRequestLogger(FILE).register(environment)


@events.quit.add_listener
def tell(**kwargs):
    with open(FILE, newline="") as file:
        rows = list(csv.DictReader(file))
    print("fact rows", len(rows) > 1, sorted({(row["name"], row["status_code"]) for row in rows}))


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health")
