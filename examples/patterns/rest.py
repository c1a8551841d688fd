"""A REST API with `FastHttpUser.rest`: JSON in and out, and an `assert` becomes the failure."""

from locust import FastHttpUser, constant, task


class RestUser(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def order(self):
        with self.rest("POST", "/orders", json={"product_id": 1, "quantity": 2}) as response:
            assert response.js["status"] == "placed"
            assert response.js["total_cents"] == 25800, "wrong total"

    @task
    def wrong(self):
        with self.rest("GET", "/health", name="/health, expected otherwise") as response:
            assert response.js["status"] == "bad", "status is not bad"

    @task
    def fresh(self):
        with self.rest_("GET", "/products", name="/products, never cached") as response:
            assert len(response.js) > 1
