"""A nested set is entered, started, left by interrupt and stopped, in this order."""

# /// facts
# args = "-u 1 -t 10s"
# facts = [
#     "user start", "outer start", "outer task", "inner start Outer Steps", "inner task", "inner stop",
#     "outer task after immediate interrupt", "leaving start", "leaving stop",
#     "waited before the next task: True", "outer stop", "user stop",
# ]
# shows = "locust.TaskSet locust.user.task.TaskSet(interrupt on_start on_stop)"
# ///

import time

from locust import TaskSet, User, constant, task


class Inner(TaskSet):
    def on_start(self):
        print("fact inner start", type(self.parent).__name__, type(self.user).__name__)

    @task
    def leave(self):
        print("fact inner task")
        self.interrupt()

    def on_stop(self):
        print("fact inner stop")


class Leaving(TaskSet):
    def on_start(self):
        print("fact leaving start")

    @task
    def leave(self):
        self.user.left = time.time()
        self.interrupt(reschedule=False)

    def on_stop(self):
        print("fact leaving stop")


class Outer(TaskSet):
    def on_start(self):
        print("fact outer start")
        self.schedule_task(self.first)

    def first(self):
        print("fact outer task")
        self.schedule_task(Inner)
        self.schedule_task(self.second)
        self.schedule_task(Leaving)
        self.schedule_task(self.last)

    def second(self):
        print("fact outer task after immediate interrupt")

    def last(self):
        print("fact waited before the next task:", time.time() - self.user.left >= 0.29)
        self.user.environment.runner.quit()

    @task
    def never(self):
        print("fact never")

    def on_stop(self):
        print("fact outer stop")


class Steps(User):
    wait_time = constant(0.3)
    tasks = [Outer]

    def on_start(self):
        print("fact user start")

    def on_stop(self):
        print("fact user stop")
