"""`measure` times a block, records its exception and goes on after it."""

# /// facts
# args = "-u 1 -t 10s"
# exit = 1
# failures = ["M bad: ValueError('inside')"]
# facts = ["good None True 3 None", "bad ValueError True 0 {'k': 1}", "after"]
# rows = { "M good" = [1, 1], "M bad" = [1, 1] }
# shows = "locust.event.EventHook.measure"
# ///

import gevent
from locust import User, events, task


@events.request.add_listener
def show(name, exception, response_time, response_length, context, **kwargs):
    kind = type(exception).__name__ if exception else None
    print("fact", name, kind, response_time >= 9, response_length, context or None)


class Measured(User):
    @task
    def once(self):
        hook = self.environment.events.request
        with hook.measure("M", "good") as meta:
            gevent.sleep(0.01)
            meta["response_length"] = 3
        with hook.measure("M", "bad", context={"k": 1}):
            gevent.sleep(0.01)
            raise ValueError("inside")
        print("fact after")
        self.environment.runner.quit()
