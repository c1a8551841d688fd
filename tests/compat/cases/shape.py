"""A load shape decides users and classes, ends the run, and makes the run time irrelevant."""

# /// facts
# args = "-t 1s"
# facts = ["users 2", "users 3", "users 1", "stopped after the run time: True", "test_stop"]
# shows = "locust.LoadTestShape locust.shape.LoadTestShape(tick)"
# ///

from locust import LoadTestShape, User, constant, events, task


class Stages(LoadTestShape):
    stages = [(2, 2), (2, 2), (3, 10), (3, 10), (1, 10), (1, 10)]
    index = 0
    seen = None

    def tick(self):
        count = self.get_current_user_count()
        if count != self.seen and count:
            print("fact users", count)
            self.seen = count
        if self.index == len(self.stages):
            print("fact stopped after the run time:", self.get_run_time() > 3)
            return None
        self.index += 1
        return self.stages[self.index - 1]


class Shaped(User):
    wait_time = constant(0.1)

    @task
    def idle(self):
        pass


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    print("fact test_stop")
