"""An exporter: counts requests by outcome, and writes them in Prometheus' text form when the test ends."""

from collections import Counter

from locust import HttpUser, constant, events, task


class Exporter:
    def __init__(self, environment):
        self.requests = Counter()
        environment.events.request.add_listener(self.count)
        environment.events.test_stop.add_listener(self.write)

    def count(self, request_type, name, exception, **kwargs):
        self.requests[request_type, name, "failure" if exception else "success"] += 1

    def write(self, environment, **kwargs):
        for (method, name, outcome), number in sorted(self.requests.items()):
            assert number > 0
            print(f'fact requests_total{{method="{method}",name="{name}",outcome="{outcome}"}}')


@events.init.add_listener
def export(environment, **kwargs):
    Exporter(environment)


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health")
        self.client.get("/nothing")
