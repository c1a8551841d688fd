"""A second environment, made and run by the locustfile itself, has events and statistics of its own."""

# /// facts
# args = "-u 1 -t 20s"
# facts = [
#     "own events True", "inner test_start", "inner spawned 2", "inner requests True", "inner test_stop",
#     "outer requests 0", "again refused", "end",
# ]
# shows = "locust.env.Environment.create_local_runner"
# ///

import gevent
from locust import User, constant, events, task
from locust.env import Environment
from locust.exception import RunnerAlreadyExistsError


class Inner(User):
    abstract = True
    wait_time = constant(0.05)

    @task
    def tick(self):
        self.environment.events.request.fire(
            request_type="T", name="inner", response_time=1, response_length=0, exception=None, context={}
        )


class Inside(Inner):
    abstract = False
    weight = 0


class Outer(User):
    @task
    def use(self):
        Inside.weight = 1
        inner = Environment(user_classes=[Inside])
        print("fact own events", inner.events is not events)
        inner.events.test_start.add_listener(lambda environment: print("fact inner test_start"))
        inner.events.test_stop.add_listener(lambda environment: print("fact inner test_stop"))
        inner.events.spawning_complete.add_listener(
            lambda user_count: print("fact inner spawned", user_count)
        )
        runner = inner.create_local_runner()
        runner.start(2, spawn_rate=10)
        with gevent.Timeout(10, False):
            while inner.stats.total.num_requests <= 5:
                gevent.sleep(0.05)
        gevent.spawn_later(0.1, runner.quit)
        print("fact inner requests", inner.stats.total.num_requests > 5)
        runner.greenlet.join()
        print("fact outer requests", self.environment.stats.total.num_requests)
        try:
            inner.create_local_runner()
        except RunnerAlreadyExistsError:
            print("fact again refused")
        print("fact end")
        self.environment.runner.quit()
