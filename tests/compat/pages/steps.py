"""A load shape for the suites beside it."""

from locust import LoadTestShape


class Steps(LoadTestShape):
    use_common_options = True

    def tick(self):
        return (2, 10) if self.get_run_time() < 60 else None
