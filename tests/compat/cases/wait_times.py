"""How often a task runs in about four seconds with each kind of wait time."""

# /// facts
# args = "-u 7 -r 7 -t 4s"
# shows = "locust.between locust.constant locust.constant_pacing locust.constant_throughput"
# [rows]
# "T Constant" = [11, 21]
# "T Between" = [9, 28]
# "T Pacing" = [22, 42]
# "T Throughput" = [11, 22]
# "T Method" = [11, 21]
# "T PacedSet" = [11, 22]
# "T SlowPacing" = [7, 15]
# ///

import gevent
from locust import TaskSet, User, between, constant, constant_pacing, constant_throughput, task


class Base(User):
    abstract = True
    fixed_count = 1
    busy = 0

    @task
    def fire(self):
        note(self, type(self).__name__)
        if self.busy:
            gevent.sleep(self.busy)


def note(user, name):
    user.environment.events.request.fire(
        request_type="T", name=name, response_time=1, response_length=0, exception=None, context={}
    )


class Constant(Base):
    wait_time = constant(0.2)


class Between(Base):
    wait_time = between(0.15, 0.25)


class Pacing(Base):
    wait_time = constant_pacing(0.1)
    busy = 0.05


class Throughput(Base):
    wait_time = constant_throughput(5)


class SlowPacing(Base):
    wait_time = constant_pacing(0.1)
    busy = 0.3


class Method(Base):
    def wait_time(self):
        return 0.2


class PacedSet(User):
    fixed_count = 1
    wait_time = constant(5)

    @task
    class inner(TaskSet):
        wait_time = constant_pacing(0.2)

        @task
        def paced(self):
            note(self.user, "PacedSet")

    tasks = [inner]
