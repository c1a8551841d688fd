"""A load shape of stages: so many users, at such a rate, of these classes, until that second."""

from locust import HttpUser, LoadTestShape, constant, task


class Reader(HttpUser):
    wait_time = constant(0.1)

    @task
    def read(self):
        self.client.get("/products")


class Buyer(HttpUser):
    wait_time = constant(0.1)

    @task
    def buy(self):
        self.client.post("/orders", json={"product_id": 1, "quantity": 1})


class Stages(LoadTestShape):
    stages = (
        {"until": 2, "users": 2, "rate": 10, "classes": [Reader]},
        {"until": 4, "users": 4, "rate": 10, "classes": [Reader, Buyer]},
    )

    def tick(self):
        for stage in self.stages:
            if self.get_run_time() < stage["until"]:
                return stage["users"], stage["rate"], stage["classes"]
        return None
