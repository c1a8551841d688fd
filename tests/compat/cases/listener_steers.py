"""StopUser from a request listener reaches the task, and the request is not counted."""

# /// facts
# args = "-u 1 -t 1s"
# facts = ["stopped"]
# ///

from locust import User, constant, events, task
from locust.exception import StopUser


@events.request.add_listener
def steer(**kwargs):
    raise StopUser()


class Steered(User):
    wait_time = constant(0.1)

    @task
    def once(self):
        self.environment.events.request.fire(
            request_type="T", name="a", response_time=1, response_length=0, exception=None, context={}
        )
        print("fact never")

    def on_stop(self):
        print("fact stopped")
