"""Failed requests make the code that --exit-code-on-error asks for."""

# /// facts
# args = "-u 1 -t 10s --exit-code-on-error 3"
# exit = 3
# failures = ["T a: just a text", "T a: OSError('broken')"]
# rows = { "T a" = [2, 2] }
# shows = "--exit-code-on-error"
# ///

from locust import User, task


class Failing(User):
    @task
    def once(self):
        for exception in ("just a text", OSError("broken")):
            self.environment.events.request.fire(
                request_type="T",
                name="a",
                response_time=1,
                response_length=0,
                exception=exception,
                context={},
            )
        self.environment.runner.quit()
