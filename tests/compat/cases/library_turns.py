"""Two environments at once and in turns, with a runner that is started again."""

# /// facts
# args = "-u 1 -t 20s"
# shows = """
# locust.env.Environment(create_local_runner events runner stats) locust.runners.Runner(start stop quit)
# locust.runners.LocalRunner(start stop)
# """
# ///

import gevent
from locust import User, constant, task
from locust.env import Environment
from locust.event import Events


class Base(User):
    abstract = True
    wait_time = constant(0.05)

    @task
    def tick(self):
        self.environment.events.request.fire(
            request_type="T",
            name=type(self).__name__,
            response_time=1,
            response_length=0,
            exception=None,
            context={},
        )


class Left(Base):
    abstract = False
    weight = 0


class Right(Base):
    abstract = False
    weight = 0


class Outer(User):
    wait_time = constant(20)

    @task
    def use(self):
        Left.weight = Right.weight = 1
        left = Environment(user_classes=[Left], events=Events())
        right = Environment(user_classes=[Right])
        heard = []
        for name, environment in (("left", left), ("right", right)):
            environment.create_local_runner()
            for event in ("test_start", "test_stopping", "test_stop"):
                getattr(environment.events, event).add_listener(
                    lambda environment, told=(name, event): heard.append(told)
                )
        left.runner.start(2, spawn_rate=100)
        right.runner.start(1, spawn_rate=100)
        gevent.sleep(0.5)
        print("fact", left.runner.user_count, right.runner.user_count, left.runner.state)
        print("fact", sorted(left.stats.entries), sorted(right.stats.entries))
        left.runner.stop()
        print("fact", left.runner.state, right.runner.state, left.stats.total.num_requests > 5)
        left.runner.start(1, spawn_rate=100)
        gevent.sleep(0.2)
        print("fact", left.runner.state, 0 < left.stats.total.num_requests < 8)
        right.runner.quit()
        left.runner.quit()
        print("fact", left.runner.user_count, right.runner.user_count, heard)
        print("fact", sorted(self.environment.stats.entries), self.environment.runner.user_count)
        self.environment.runner.quit()
