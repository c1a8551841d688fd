"""sys.exit in a task ends the process with that code, without any further event."""

# /// facts
# args = "-u 1 -t 10s"
# exit = 5
# facts = ["task"]
# ///

import sys

from locust import User, events, task


@events.quitting.add_listener
def never(environment, **kwargs):
    print("fact quitting")


class Exiting(User):
    @task
    def leave(self):
        print("fact task", flush=True)
        sys.exit(5)
