"""What a LoadTestShape has, with the common options in use."""

# /// facts
# args = "-u 4 -r 10 -t 30s"
# shows = """
# locust.shape.LoadTestShape(abstract get_current_user_count get_run_time reset_time runner start_time tick
# use_common_options)
# locust.LoadTestShape locust.runners.Runner(shape_greenlet shape_last_tick)
# locust.env.Environment(shape_class)
# """
# ///

import locust
from locust import LoadTestShape, User, constant, task
from locust.shape import LoadTestShape as SameShape

print("fact", SameShape is locust.LoadTestShape, LoadTestShape.abstract, LoadTestShape.use_common_options)


class Idle(User):
    wait_time = constant(0.2)

    @task
    def idle(self):
        pass


class Stages(LoadTestShape):
    use_common_options = True

    def __init__(self):
        super().__init__()
        print("fact made", self.runner, self.start_time > 0)
        self.ticks = 0

    def tick(self):
        self.ticks += 1
        options = self.runner.environment.parsed_options
        if self.ticks == 1:
            print("fact", options.num_users, options.spawn_rate, options.run_time, self.abstract)
            print("fact", self.runner.environment.shape_class is self, self.runner.shape_greenlet is not None)
            return (options.num_users, options.spawn_rate)
        if self.ticks == 2:
            print("fact", self.get_current_user_count(), 0.5 < self.get_run_time() < 2.5)
            print("fact", self.runner.shape_last_tick, self.runner.state)
            self.reset_time()
            print("fact reset", self.get_run_time() < 0.5)
            return (2.0, 10, None)
        if self.ticks == 3:
            print("fact", self.get_current_user_count())
            return (2.0, 10, None)
        return None
