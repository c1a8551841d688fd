"""The order in which users of weighted classes are created, one at a time for low rates."""

# /// facts
# args = "-u 7 -r 1.9 -t 20s"
# facts = ["AABAAAA"]
# ///

import gevent
from locust import User, constant, events, task

order = []


class A(User):
    weight = 5
    wait_time = constant(0.1)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        order.append(type(self).__name__)

    @task
    def idle(self):
        pass


class B(A):
    weight = 1


@events.spawning_complete.add_listener
def show(user_count):
    print("fact", "".join(order))
    gevent.spawn(A.runner.quit)


@events.init.add_listener
def remember(runner, **kwargs):
    A.runner = runner
