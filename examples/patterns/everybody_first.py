"""Nobody starts before everybody is there: a semaphore that `spawning_complete` releases."""

from gevent.lock import Semaphore
from locust import HttpUser, constant, events, task

everybody_is_here = Semaphore()
everybody_is_here.acquire()
present = []


@events.spawning_complete.add_listener
def on_spawning_complete(user_count, **kwargs):
    print("fact spawned", user_count, "requests", len(present))
    everybody_is_here.release()


class Patient(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        everybody_is_here.wait()

    @task
    def visit(self):
        present.append(self)
        self.client.get("/health")
