"""A user without tasks raises again and again, which counts as an exception."""

# /// facts
# args = "-u 1 -t 1s"
# exit = 1
# exceptions = "any"
# facts = ["Exception"]
# ///

from locust import User, constant, events


@events.user_error.add_listener
def show(exception, **kwargs):
    if not seen:
        seen.append(exception)
        print("fact", type(exception).__name__)


seen = []


class Idle(User):
    wait_time = constant(0.2)
