"""Listeners are called in order; one that raises does not keep others from hearing, and makes the code 2."""

# /// facts
# args = "-u 1 -t 10s"
# exit = 2
# facts = ["first a", "third a"]
# rows = { "T a" = [1, 1] }
# shows = "locust.event.EventHook.add_listener"
# ///

from locust import User, constant, events, task


@events.request.add_listener
def first(request_type, name, **kwargs):
    print("fact first", name)


@events.request.add_listener
def second(**kwargs):
    raise RuntimeError("a listener's fault")


@events.request.add_listener
def third(name, **kwargs):
    print("fact third", name)


class Once(User):
    wait_time = constant(1)

    @task
    def once(self):
        self.environment.events.request.fire(
            request_type="T", name="a", response_time=1, response_length=0, exception=None, context={}
        )
        self.environment.runner.quit()
