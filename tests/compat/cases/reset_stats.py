"""--reset-stats forgets what was measured before all users were there."""

# /// facts
# args = "-u 3 -r 1 -t 10s --reset-stats"
# facts = ["before: True", "after: True"]
# shows = "--reset-stats"
# ///

import gevent
from locust import User, constant, events, task


class Ticker(User):
    wait_time = constant(0.05)

    @task
    def tick(self):
        self.environment.events.request.fire(
            request_type="T", name="tick", response_time=1, response_length=0, exception=None, context={}
        )


@events.init.add_listener
def watch(environment, runner, **kwargs):
    @environment.events.spawning_complete.add_listener
    def spawned(user_count):
        print("fact after:", environment.stats.total.num_requests < 3)
        gevent.spawn(runner.quit)

    def look():
        gevent.sleep(1.5)
        print("fact before:", environment.stats.total.num_requests > 20)

    gevent.spawn(look)
