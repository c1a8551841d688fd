"""A greenlet beside the users: watches the failures while the test runs, and ends the run at too many."""

import gevent
from locust import HttpUser, constant, events, task
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING, WorkerRunner


def watch(environment):
    while environment.runner.state not in (STATE_STOPPING, STATE_STOPPED, STATE_CLEANUP):
        gevent.sleep(0.2)
        if environment.runner.stats.total.fail_ratio > 0.2:
            print("fact too many failures")
            environment.runner.quit()
            return


@events.init.add_listener
def on_init(environment, **kwargs):
    if not isinstance(environment.runner, WorkerRunner):
        events.test_start.add_listener(lambda environment, **kwargs: gevent.spawn(watch, environment))


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/nothing")
