"""Listening to a run: start, every request, stop, and the end, which decides the exit code."""

from collections import Counter

from locust import HttpUser, constant, events, task

seen = Counter()


@events.init.add_listener
def on_init(environment, **kwargs):
    print("fact init", environment.runner is not None)


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    print("fact start", environment.parsed_options.num_users)


@events.request.add_listener
def on_request(request_type, name, response_time, response_length, response, context, exception, **kwargs):
    seen["failed" if exception else "passed"] += 1
    assert context == {"tenant": "north"} and response_length > 0 and response.status_code


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    print("fact stop", seen["failed"] == 0, seen["passed"] == environment.stats.total.num_requests)


@events.quitting.add_listener
def on_quitting(environment, **kwargs):
    if environment.stats.total.fail_ratio > 0.01 or environment.stats.total.num_requests == 0:
        environment.process_exit_code = 1
    elif environment.stats.total.avg_response_time < 1000:
        environment.process_exit_code = 3  # so that one sees who decided


class Visitor(HttpUser):
    wait_time = constant(0.1)

    def context(self):
        return {"tenant": "north"}

    @task
    def visit(self):
        self.client.get("/health")
