"""An SDK that takes a `requests.Session`: given `self.client`, all its calls are measured."""

import requests
from locust import HttpUser, constant, task


class ShopSdk:
    """Stands for somebody else's library, which knows nothing of load tests."""

    def __init__(self, url: str, session: requests.Session):
        assert isinstance(session, requests.Session)
        self.url = url
        self.session = session
        self.session.headers["X-Sdk"] = "1"

    def products(self) -> list[dict]:
        response = self.session.get(self.url + "/products", params={"page": 1}, timeout=10)
        response.raise_for_status()
        return response.json()

    def order(self, product: dict) -> dict:
        request = requests.Request(
            "POST", self.url + "/orders", json={"product_id": product["id"], "quantity": 1}
        )
        response = self.session.send(self.session.prepare_request(request))
        return response.json()


class Buyer(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.shop = ShopSdk(self.host, self.client)

    @task
    def buy(self):
        product = self.shop.products()[0]
        with self.client.rename_request("buy"):
            self.client.post("/orders", json={"product_id": product["id"], "quantity": 1})
