"""gevent is part of the contract: spawn, pools, timeouts, events, locks, and patched sleep and sockets."""

# /// facts
# args = "-u 1 -t 20s"
# facts = [
#     "spawned 3", "pool [0, 1, 4]", "timeout", "event set", "lock held once", "sleep is cooperative: True",
#     "patched: True", "killed", "after kill",
# ]
# ///

import socket
import time

import gevent
import gevent.monkey
from gevent.event import Event
from gevent.lock import Semaphore
from gevent.pool import Pool
from locust import User, task


class Free(User):
    @task
    def use(self):
        print("fact spawned", sum(job.get() for job in [gevent.spawn(lambda i=i: i) for i in range(3)]))
        print("fact pool", Pool(2).map(lambda i: i * i, range(3)))
        try:
            with gevent.Timeout(0.05):
                gevent.sleep(5)
        except gevent.Timeout:
            print("fact timeout")
        ready = Event()
        gevent.spawn_later(0.05, ready.set)
        print("fact event", "set" if ready.wait(2) else "missing")
        with Semaphore(1):
            print("fact lock held once")
        ticks = []
        ticker = gevent.spawn(lambda: [ticks.append(gevent.sleep(0.01)) for _ in range(100)])
        time.sleep(0.2)
        ticker.kill()
        print("fact sleep is cooperative:", len(ticks) > 3)
        print("fact patched:", gevent.monkey.is_object_patched("socket", "socket") and bool(socket.socket))
        sleeper = gevent.spawn(self.sleep_long)
        gevent.sleep(0.01)
        sleeper.kill()
        print("fact after kill")
        self.environment.runner.quit()

    def sleep_long(self):
        try:
            gevent.sleep(100)
        except gevent.GreenletExit:
            print("fact killed")
            raise
