"""One administrator among many: `fixed_count` beside weights, tags, and tasks that a class inherits."""

from locust import HttpUser, constant, events, tag, task


class Person(HttpUser):
    abstract = True
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health", name=f"{type(self).__name__} visits")


class Admin(Person):
    fixed_count = 1

    @tag("admin")
    @task
    def read_orders(self):
        self.client.get("/orders", name="Admin reads orders")


class Reader(Person):
    weight = 3


class Buyer(Person):
    weight = 1


@events.test_stop.add_listener
def tell(environment, **kwargs):
    print("fact classes", environment.runner.target_user_classes_count)
