"""Test data from a CSV file: each user takes a row of its own, and the rows go round."""

import csv
import itertools
from pathlib import Path

from locust import HttpUser, constant, task

with (Path(__file__).parent / "products.csv").open(newline="") as file:
    ROWS = itertools.cycle(list(csv.DictReader(file)))


class Buyer(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.row = next(ROWS)

    @task
    def buy(self):
        order = {"product_id": int(self.row["product_id"]), "quantity": int(self.row["quantity"])}
        with self.client.post(
            "/orders", json=order, name=f"/orders of {self.row['customer']}", catch_response=True
        ) as response:
            if response.status_code == 201 and response.json()["product_id"] == order["product_id"]:
                response.success()
            else:
                response.failure("another product was ordered")
