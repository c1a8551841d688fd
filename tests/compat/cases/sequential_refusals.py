"""A SequentialTaskSet with lists, dicts and bases, and its next task asked for by hand."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.user.sequential_taskset.SequentialTaskSet(get_next_task tasks) locust.SequentialTaskSet
# """
# ///

import locust
from locust import SequentialTaskSet, User, constant, task
from locust.user import sequential_taskset

print("fact", sequential_taskset.SequentialTaskSet is locust.SequentialTaskSet)


def loose(taskset):
    print("fact loose")


def other(taskset):
    print("fact other")


class Base(SequentialTaskSet):
    @task
    def base(self):
        print("fact base")


class Steps(Base):
    @task(2)
    def twice(self):
        print("fact twice")

    tasks = {loose: 1, other: 2}

    @task
    class inner(SequentialTaskSet):
        tasks = [loose, other]

        def on_start(self):
            self.turns = 0

        def wait(self):
            self.turns += 1
            if self.turns == 3:
                self.interrupt()

    @task
    def end(self):
        print("fact next", self.get_next_task().__name__)
        self.user.environment.runner.quit()


for kind in (Base, Steps, Steps.inner):
    print("fact", kind.__name__, [member.__name__ for member in kind.tasks])


class Walker(User):
    wait_time = constant(0.01)
    tasks = [Steps]
