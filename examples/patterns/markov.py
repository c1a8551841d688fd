"""Steps by chance, as people browse: a MarkovTaskSet says what may follow what, and how often."""

from locust import HttpUser, MarkovTaskSet, constant, transition, transitions


class Browsing(MarkovTaskSet):
    @transition("list_products")
    def arrive(self):
        self.client.get("/health", name="arrive")

    @transitions({"look": 3, "arrive": 1})
    def list_products(self):
        self.client.get("/products", name="list")

    @transitions([("list_products", 2), "look"])
    def look(self):
        self.client.get("/products/1", name="look")


class Browser(HttpUser):
    wait_time = constant(0.02)
    tasks = [Browsing]
