"""What wait functions return, and to whom their state belongs."""

# /// facts
# args = "-u 1 -t 20s"
# shows = """
# locust.user.wait_time.between locust.user.wait_time.constant locust.user.wait_time.constant_pacing
# locust.user.wait_time.constant_throughput locust.between locust.constant locust.constant_pacing
# locust.constant_throughput locust.wait_time
# """
# ///

import random

import gevent
import locust
from locust import TaskSet, User, between, constant, constant_pacing, constant_throughput, task
from locust.user import wait_time

print("fact", locust.wait_time is wait_time, wait_time.between is between, wait_time.constant is constant)
print(
    "fact", wait_time.constant_pacing is constant_pacing, wait_time.constant_throughput is constant_throughput
)


class Holder:
    def __init__(self):
        import time

        self._cp_last_run = time.time()
        self._cp_last_wait_time = 0


random.seed(3)
print("fact", [round(between(1, 5)(None), 6) for _ in range(4)], constant(0.3)(None), constant(7)(None))

holder = Holder()
pacing = constant_pacing(0.5)
gevent.sleep(0.2)
first = pacing(holder)
print("fact", 0.2 < first <= 0.31)
gevent.sleep(0.1 + first)
print("fact", 0.3 < pacing(holder) <= 0.41)
gevent.sleep(1.2)
print("fact late", pacing(holder))
print("fact", 0.15 < constant_throughput(4)(Holder()) <= 0.25)


class Paced(User):
    wait_time = constant_pacing(0.5)

    def on_start(self):
        self.turns = []

    @task
    class nest(TaskSet):
        @task
        def tick(self):
            import time

            self.user.turns.append(time.time())
            gevent.sleep(0.2)
            if len(self.user.turns) == 4:
                gaps = [
                    later - earlier
                    for earlier, later in zip(self.user.turns, self.user.turns[1:], strict=False)
                ]
                print("fact gaps", all(0.4 < gap < 0.7 for gap in gaps), self.wait_time() >= 0)
                self.user.environment.runner.quit()


class Method(User):
    weight = 0

    def wait_time(self):
        return 1
