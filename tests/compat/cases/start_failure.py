"""An exception in on_start ends that user alone: no user_error, no on_stop, and code 0."""

# /// facts
# args = "-u 2 -r 2 -t 2s"
# facts = ["Good stop"]
# rows = { "T good" = [8, 21] }
# ///

from locust import User, constant, events, task


@events.user_error.add_listener
def never(**kwargs):
    print("fact user_error")


class Bad(User):
    def on_start(self):
        raise ValueError("no start")

    def on_stop(self):
        print("fact Bad stop")

    @task
    def idle(self):
        print("fact Bad task")


class Good(User):
    wait_time = constant(0.1)

    def on_stop(self):
        print("fact Good stop")

    @task
    def good(self):
        self.environment.events.request.fire(
            request_type="T", name="good", response_time=1, response_length=0, exception=None, context={}
        )
