"""A shape may name the classes of the users to spawn; an abstract shape is not used."""

# /// facts
# facts = ["{'First': 2, 'Second': 0}", "{'First': 2, 'Second': 2}"]
# shows = "locust.shape.LoadTestShape(abstract)"
# ///

from locust import LoadTestShape, User, constant, task


class AbstractShape(LoadTestShape):
    abstract = True

    def tick(self):
        return None


class First(User):
    wait_time = constant(0.1)

    @task
    def idle(self):
        pass


class Second(First):
    pass


class ByClass(AbstractShape):
    index = 0

    def tick(self):
        self.index += 1
        if self.index in (2, 4):
            print("fact", dict(sorted(self.runner.user_classes_count.items())))
        if self.index <= 2:
            return 2, 10, [First]
        return (4, 10, [Second]) if self.index <= 4 else None
