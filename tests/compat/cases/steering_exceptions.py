"""What StopUser, RescheduleTask, RescheduleTaskImmediately and StopTest in a task do."""

# /// facts
# args = "-u 4 -r 4 -t 3s"
# facts = [
#     "Immediate waited: False", "Stopped on_stop", "Tester on_stop", "Rescheduled waited: True", "left: 2",
# ]
# shows = """
# locust.exception.StopUser locust.exception.RescheduleTask locust.exception.RescheduleTaskImmediately
# locust.exception.StopTest
# """
# ///

import time

import gevent
from locust import User, constant, task
from locust.exception import RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser


class Base(User):
    abstract = True
    wait_time = constant(0.5)
    fixed_count = 1
    since = None

    def judge(self):
        if self.since is None:
            self.since = time.time()
            return False
        print("fact", type(self).__name__, "waited:", time.time() - self.since > 0.4)
        self.tasks = [idle]
        return True


def idle(user):
    gevent.sleep(1)
    if isinstance(user, Rescheduled):
        print("fact left:", user.environment.runner.user_count)
        user.environment.runner.quit()


class Immediate(Base):
    @task
    def run_again(self):
        if not self.judge():
            raise RescheduleTaskImmediately()


class Rescheduled(Base):
    @task
    def run_again(self):
        if not self.judge():
            raise RescheduleTask()


class Stopped(Base):
    @task
    def stop_me(self):
        gevent.sleep(0.1)
        raise StopUser()

    def on_stop(self):
        print("fact Stopped on_stop")


class Tester(Base):
    @task
    def stop_me(self):
        gevent.sleep(0.2)
        raise StopTest("enough")

    def on_stop(self):
        print("fact Tester on_stop")
