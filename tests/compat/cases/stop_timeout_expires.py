"""A task that outlasts the stop timeout is cut off, and its user still stops in order."""

# /// facts
# args = "-u 1 -t 1s -s 1s"
# facts = ["cut off", "user stop"]
# ///

import gevent
from locust import User, task


class Slow(User):
    @task
    def work(self):
        try:
            gevent.sleep(60)
        finally:
            print("fact cut off")

    def on_stop(self):
        print("fact user stop")
