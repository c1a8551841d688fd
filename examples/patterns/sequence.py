"""Steps in their order: a SequentialTaskSet inside a user, left by `interrupt`, with nested TaskSets."""

from locust import HttpUser, SequentialTaskSet, TaskSet, constant, task


class Checkout(SequentialTaskSet):
    @task
    def look(self):
        self.client.get("/products", name="1 look")

    @task(2)
    def order(self):
        self.client.post("/orders", json={"product_id": 1, "quantity": 1}, name="2 order")

    @task
    class Pay(TaskSet):
        @task
        def pay(self):
            self.client.get("/health", name="3 pay")
            self.interrupt()

    @task
    def leave(self):
        self.interrupt(reschedule=False)


class Buyer(HttpUser):
    wait_time = constant(0.02)
    tasks = {Checkout: 1}
