"""Statistics written by hand: `stats.log_request` and `stats.log_error`, and read back by name."""

from locust import User, constant, events, task


class Writer(User):
    wait_time = constant(0.1)

    @task
    def write(self):
        stats = self.environment.stats
        stats.log_request("BATCH", "import", response_time=120, content_length=1000)
        stats.log_request("BATCH", "export", response_time=40, content_length=10)
        stats.log_error("BATCH", "export", "disk full")


@events.test_stop.add_listener
def read(environment, **kwargs):
    entry = environment.stats.get("import", "BATCH")
    print("fact import", entry.avg_response_time, entry.min_response_time, entry.max_response_time)
    export = environment.stats.entries[("export", "BATCH")]
    print("fact export", export.num_failures == export.num_requests > 0, export.fail_ratio)
    print("fact error", [error.error for error in environment.stats.errors.values()])
