"""A load shape that takes the common options, with load only in the middle of the window."""

from locust import HttpUser, LoadTestShape, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/health")


class Window(LoadTestShape):
    use_common_options = True

    def tick(self):
        options = self.runner.environment.parsed_options
        run_time = self.get_run_time()
        if run_time > options.run_time:
            return None
        is_open = 1 <= run_time <= options.run_time - 1
        return (options.num_users if is_open else 1), options.spawn_rate
