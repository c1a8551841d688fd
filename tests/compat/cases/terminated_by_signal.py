"""SIGTERM ends the run: quitting comes before the test stops, files are written, the code is 0."""

# /// facts
# args = "-u 1"
# after = 2
# signal = "SIGTERM"
# facts = ["quitting", "test_stopping", "user stop", "test_stop", "quit 0"]
# rows = { "T tick" = [2, 45] }
# ///

from locust import User, constant, events, task


@events.quitting.add_listener
def on_quitting(environment, **kwargs):
    print("fact quitting")


@events.test_stopping.add_listener
def on_test_stopping(environment, **kwargs):
    print("fact test_stopping")


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    print("fact test_stop")


@events.quit.add_listener
def on_quit(exit_code, **kwargs):
    print("fact quit", exit_code)


class Ticker(User):
    wait_time = constant(0.1)

    def on_stop(self):
        print("fact user stop")

    @task
    def tick(self):
        self.environment.events.request.fire(
            request_type="T", name="tick", response_time=1, response_length=0, exception=None, context={}
        )
