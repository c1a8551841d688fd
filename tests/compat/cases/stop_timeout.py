"""With a stop timeout a running task is finished, a sleeping user is stopped at once."""

# /// facts
# args = "-u 2 -r 10 -t 1s -s 5"
# facts = ["Sleeper stop", "Worker done", "Worker stop", "within the timeout: True"]
# shows = "--stop-timeout"
# ///

import time

import gevent
from locust import User, constant, events, task

begun = []


@events.test_stopping.add_listener
def on_test_stopping(environment, **kwargs):
    begun.append(time.time())


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    print("fact within the timeout:", time.time() - begun[0] < 3)


class Worker(User):
    @task
    def work(self):
        gevent.sleep(2)
        print("fact Worker done")

    def on_stop(self):
        print("fact Worker stop")


class Sleeper(User):
    wait_time = constant(100)

    @task
    def nothing(self):
        pass

    def on_stop(self):
        print("fact Sleeper stop")
