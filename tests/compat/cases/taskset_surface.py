"""What a TaskSet offers to its tasks and lets a locustfile replace."""

# /// facts
# args = "-u 1 -t 20s"
# shows = """
# locust.user.task.TaskSet(client execute_next_task execute_task get_next_task interrupt max_wait min_wait
# on_start on_stop parent run schedule_task tasks user wait wait_function wait_time)
# locust.user.task.DefaultTaskSet(execute_task get_next_task tasks)
# locust.user.task.LOCUST_STATE_RUNNING locust.user.task.LOCUST_STATE_STOPPING
# locust.user.task.LOCUST_STATE_WAITING
# locust.TaskSet locust.user.TaskSet locust.user.task.task locust.user.task.tag
# """
# ///

import importlib

import locust.user
from locust import TaskSet, User, constant, task
from locust.exception import RescheduleTask
from locust.user.task import (
    LOCUST_STATE_RUNNING,
    LOCUST_STATE_STOPPING,
    LOCUST_STATE_WAITING,
    DefaultTaskSet,
)

module = importlib.import_module("locust.user.task")
print("fact", LOCUST_STATE_RUNNING, LOCUST_STATE_WAITING, LOCUST_STATE_STOPPING)
print("fact", locust.user.TaskSet is TaskSet, module.TaskSet is TaskSet, module.task is task)
print("fact", module.tag is locust.tag, issubclass(DefaultTaskSet, TaskSet), DefaultTaskSet.tasks)
print("fact", TaskSet.tasks, TaskSet.min_wait, TaskSet.max_wait, TaskSet.wait_function)
print("fact", callable(DefaultTaskSet.get_next_task), callable(DefaultTaskSet.execute_task))


class Inner(TaskSet):
    wait_time = constant(0)

    def on_start(self):
        print("fact inner starts", type(self.parent).__name__, type(self.user).__name__)
        self.schedule_task(self.second)
        self.schedule_task(self.first, first=True)

    def on_stop(self):
        print("fact inner stops")

    def first(self):
        print("fact first", self.wait_time(), self.client is self.user.client)

    def second(self):
        print("fact second")

    @task
    def leave(self):
        print("fact leave")
        self.interrupt(reschedule=False)


class Outer(TaskSet):
    turn = 0

    def on_start(self):
        print("fact outer starts", self.parent is self.user, self.tasks == [Inner])

    def get_next_task(self):
        Outer.turn += 1
        print("fact get_next_task", Outer.turn)
        if Outer.turn == 3:
            return own
        return super().get_next_task()

    def execute_next_task(self):
        print("fact execute_next_task")
        super().execute_next_task()

    def execute_task(self, chosen):
        print("fact execute_task", chosen.__name__)
        super().execute_task(chosen)

    def wait(self):
        print("fact wait", self.wait_time())
        super().wait()

    tasks = [Inner]


def own(taskset):
    print("fact own", type(taskset).__name__)
    for name in ("user", "parent"):
        try:
            setattr(taskset, name, None)
        except AttributeError:
            print("fact read only", name)
    taskset.tasks = [last]
    raise RescheduleTask()


def last(taskset):
    print("fact last", callable(taskset.run))
    taskset.user.environment.runner.quit()


class Client(User):
    client = object()
    wait_time = constant(0.01)
    tasks = [Outer]
