"""What locustfiles do that a generator has to survive: one user class for each, chosen by name.

Every class prints facts, which the test compares between stock Locust and katydid. Classes that use a client
are there twice, `Plain…` with HttpUser and `Fast…` with FastHttpUser.
"""

import asyncio
import atexit
import concurrent.futures
import faulthandler
import logging
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

import gevent
import gevent.monkey
import requests
from gevent.pool import Pool
from locust import FastHttpUser, HttpUser, User, constant, events, task
from locust.exception import StopUser

gevent.monkey.patch_all()  # again, as many files do
faulthandler.enable()

WANTED = os.environ["HARDNESS"]


def fact(*words):
    """Print one fact at once: some classes end the process."""
    print("fact", *words, flush=True)


class Once(User):
    """Acts in its first task, and ends the test in its second."""

    abstract = True
    wait_time = constant(0.05)
    acted = False

    @task
    def once(self):
        if self.acted:
            self.environment.runner.quit()
            return
        self.acted = True
        self.act()
        fact("acted")


# ---- greenlets and timeouts around requests


class KillsRequests:
    def act(self):
        asking = [gevent.spawn(self.client.get, "/slow?s=9") for _ in range(5)]
        gevent.sleep(0.3)
        gevent.killall(asking)
        fact("killed", all(greenlet.ready() for greenlet in asking))
        fact("after", self.client.get("/").status_code)


class KillsItself:
    def act(self):
        gevent.spawn_later(0.2, gevent.getcurrent().kill)
        self.client.get("/slow?s=9")
        fact("not reached")

    def on_stop(self):
        fact("on_stop", self.client.get("/").status_code)
        gevent.spawn(self.environment.runner.quit)


class TimesOut:
    def act(self):
        for path in ("/slow?s=9", "/drip"):
            try:
                with gevent.Timeout(0.3):
                    answer = self.client.get(path)
                    fact("answered", path, answer.status_code)
            except gevent.Timeout:
                fact("timeout", path)
            fact("after", self.client.get("/").status_code)


class TimesOutInSilence:
    def act(self):
        with gevent.Timeout(0.3, False):
            answer = self.client.get("/slow?s=9", name="silent")
            fact("answered", answer.status_code)
        fact("after", self.client.get("/").status_code)


class RaisesOwnTimeout:
    def act(self):
        try:
            with gevent.Timeout(0.3, ValueError("mine")):
                self.client.get("/slow?s=9")
        except ValueError as fault:
            fact("raised", fault)
        fact("after", self.client.get("/").status_code)


class Concurrent:
    def act(self):
        pool = Pool(20)
        codes = pool.map(lambda number: self.client.get(f"/?{number}", name="/?").status_code, range(60))
        fact("codes", set(codes), len(codes))


class KilledInBlock:
    def act(self):
        def ask():
            with self.client.get("/", catch_response=True, name="caught") as answer:
                gevent.sleep(9)
                answer.success()

        asking = gevent.spawn(ask)
        gevent.sleep(0.3)
        asking.kill()
        fact("after", self.client.get("/").status_code)


# ---- bodies, sessions, depth


class Huge:
    def act(self):
        answer = self.client.get("/big")
        fact("got", len(answer.content))
        answer = self.client.post("/length", data=b"x" * 20_000_000)
        fact("sent", answer.text)


class Deep:
    def act(self):
        def down(left):
            return down(left - 1) if left else self.client.get("/").status_code

        fact("deep", down(600))
        try:
            down(100_000)
        except RecursionError:
            fact("too deep")
        fact("after", self.client.get("/").status_code)


class DeepByMistake:
    def act(self):
        self.act()


class Closes:
    def act(self):
        self.client.get("/")
        close = getattr(self.client, "close", None) or self.client.client.clientpool.close
        close()
        fact("after", self.client.get("/").status_code)


class LoneThread:
    """A thread of the system, beside gevent's, uses the client of a user that has used it before."""

    def act(self):
        def ask():
            try:
                return self.client.get("/", name="from a thread").status_code
            except Exception as fault:
                return type(fault).__name__

        self.client.get("/")
        fact("asked", gevent.get_hub().threadpool.apply(ask))
        fact("after", self.client.get("/").status_code)


class ForkedChildAsks:
    """A child that is a copy of this process has connections of its own, whatever its parent is at."""

    def act(self):
        self.client.get("/")
        beside = [gevent.spawn(self.client.get, "/slow?s=1", name="beside") for _ in range(3)]
        gevent.sleep(0.2)
        reading, writing = os.pipe()
        if os.fork() == 0:
            codes = [self.client.get("/", name="in the child").status_code for _ in range(3)]
            os.write(writing, repr(codes).encode())
            os._exit(0)
        fact("child", os.read(reading, 40))
        gevent.joinall(beside, timeout=5)
        fact("beside", [greenlet.value.status_code for greenlet in beside])
        fact("after", self.client.get("/").status_code)


def both(*kinds):
    """Each kind as `Plain…` and as `Fast…`."""
    for kind in kinds:
        for prefix, base in (("Plain", HttpUser), ("Fast", FastHttpUser)):
            name = prefix + kind.__name__
            globals()[name] = type(name, (kind, Once, base), {"__module__": __name__})


both(KillsRequests, KillsItself, TimesOut, TimesOutInSilence, RaisesOwnTimeout, Concurrent, KilledInBlock)
both(Huge, Deep, DeepByMistake, Closes, LoneThread, ForkedChildAsks)


class RaisesInBody(Once, HttpUser):
    def act(self):
        def body():
            yield b"half"
            raise ValueError("the other half")

        try:
            self.client.post("/length", data=body())
        except ValueError as fault:
            fact("raised", fault)
        fact("after", self.client.get("/").status_code)


# ---- ends


class ExitsInTask(Once):
    def act(self):
        sys.exit(7)


class ExitsHardInTask(Once):
    def act(self):
        os._exit(8)


class ExitsWithText(Once):
    def act(self):
        raise SystemExit("a text")


class ExitsInGreenlet(Once):
    def act(self):
        gevent.spawn(sys.exit, 9).join(1)
        gevent.sleep(0.5)
        fact("went on")


class ExitsInListener(Once):
    def act(self):
        self.environment.events.request.fire(
            request_type="T", name="n", response_time=1, response_length=0, exception=None, context={}
        )


class ExitsInOnStart(Once):
    def on_start(self):
        sys.exit(11)


class ExitsInOnStop(Once):
    def act(self):
        pass

    def on_stop(self):
        sys.exit(12)


class ExitsInTestStart(Once):
    def act(self):
        pass


class ExitsInInit(ExitsInTestStart):
    pass


class ExitsInQuitting(ExitsInTestStart):
    pass


class RaisesInQuitting(ExitsInTestStart):
    pass


class Interrupts(Once):
    def act(self):
        raise KeyboardInterrupt


class KillsGreenlet(Once):
    def act(self):
        raise gevent.GreenletExit

    def on_stop(self):
        fact("on_stop")
        gevent.spawn(self.environment.runner.quit)


class KillsAllUsers(Once):
    def act(self):
        gevent.spawn(self.environment.runner.user_greenlets.kill).join(2)
        fact("not reached")

    def on_stop(self):
        fact("on_stop")
        gevent.spawn(self.environment.runner.quit)


class QuitsInOnStart(Once):
    def on_start(self):
        self.environment.runner.quit()
        fact("not reached")

    def on_stop(self):
        fact("on_stop")


class QuitsTwice(Once):
    def act(self):
        gevent.spawn(self.environment.runner.quit)
        gevent.spawn(self.environment.runner.quit)
        gevent.sleep(1)

    def on_stop(self):
        fact("on_stop")


class StopsInOnStop(Once):
    def act(self):
        gevent.spawn(self.environment.runner.quit)
        gevent.sleep(1)

    def on_stop(self):
        fact("on_stop")
        raise StopUser


class RaisesInOnStop(StopsInOnStop):
    def on_stop(self):
        fact("on_stop")
        raise ValueError("in on_stop")


class BlocksInOnStop(StopsInOnStop):
    def on_stop(self):
        gevent.sleep(2)
        fact("on_stop after 2 s")


class SwallowsKill(Once):
    """A task that catches everything, and goes on once more."""

    def act(self):
        gevent.spawn_later(0.2, self.environment.runner.quit)
        try:
            gevent.sleep(9)
        except BaseException as fault:
            fact("swallowed", type(fault).__name__)
        gevent.sleep(0.2)
        fact("went on")


class RegistersExit(Once):
    def act(self):
        atexit.register(fact, "atexit")


# ---- processes, threads, signals, other loops


class RunsProcess(Once):
    def act(self):
        done = subprocess.run(
            [sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True, timeout=20
        )
        fact("process", done.stdout.strip(), done.returncode)


class Forks(Once, HttpUser):
    def act(self):
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.write(writing, b"born")
            os._exit(5)
        fact("child", os.read(reading, 4))
        fact("after", self.client.get("/").status_code)


class ForksAndSleeps(Once, FastHttpUser):
    def act(self):
        self.client.get("/")
        child = gevent.os.fork()
        if child == 0:
            time.sleep(0.2)
            os._exit(6)
        fact("child", os.waitstatus_to_exitcode(gevent.os.waitpid(child, 0)[1]))
        fact("after", self.client.get("/").status_code)


def speak_in_child():
    time.sleep(0.3)  # gevent may never hear of a child that ends at once, unless katydid has patched
    fact("in the child")


class Multiprocesses(Once, HttpUser):
    def act(self):
        child = multiprocessing.get_context("fork").Process(target=speak_in_child)
        child.start()
        child.join(10)
        fact("child", child.exitcode, self.client.get("/").status_code)


class PoolOfThreads(Once):
    def act(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            fact("pool", sum(pool.map(lambda number: requests.get(self.host).status_code, range(8))))
        fact("threadpool", gevent.get_hub().threadpool.apply(lambda: 3))


class LogsFromThreads(Once):
    def act(self):
        def log():
            for number in range(50):
                logging.getLogger("mine").info("line %d", number)

        threads = [threading.Thread(target=log) for _ in range(4)]
        for thread in threads:
            thread.start()
        gevent.get_hub().threadpool.apply(log)
        for thread in threads:
            thread.join()
        fact("logged")


class Signals(Once):
    def act(self):
        heard = []
        signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.signal(signal.SIGALRM, lambda number, frame: heard.append(number))
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        gevent.sleep(0.5)
        fact("heard", [signal.Signals(number).name for number in heard])


class Sleeps(Once):
    def act(self):
        begun = time.time()
        gevent.joinall([gevent.spawn(time.sleep, 0.3) for _ in range(10)])
        fact("slept beside each other", time.time() - begun < 1.5)


class Computes(Once, HttpUser):
    def act(self):
        until = time.perf_counter() + 0.5
        while time.perf_counter() < until:
            pass
        fact("after", self.client.get("/").status_code)


class TalksDirectly(Once):
    def act(self):
        host, port = self.host.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            fact("socket", connection.recv(15))
        with urllib.request.urlopen(self.host) as answer:
            fact("urllib", answer.status)
        fact("requests", requests.get(self.host).text)
        with sqlite3.connect(":memory:") as base:
            fact("sqlite", base.execute("select 1 + 1").fetchone())


class RunsAsyncio(Once):
    def act(self):
        async def count():
            await asyncio.sleep(0.05)
            return 5

        fact("asyncio", gevent.get_hub().threadpool.apply(lambda: asyncio.run(count())))


class Locks(Once, HttpUser):
    lock = threading.Lock()

    def act(self):
        def ask():
            with self.lock:
                return self.client.get("/").status_code

        asking = [gevent.spawn(ask) for _ in range(5)]
        gevent.joinall(asking, timeout=5)
        fact("codes", [greenlet.value for greenlet in asking])


class Burns(Once):
    """Computes for ever: only signals can end this."""

    def act(self):
        fact("burning")
        while True:
            pass


@events.init.add_listener
def on_init(environment, **kwargs):
    if WANTED == "ExitsInInit":
        sys.exit(13)


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    if WANTED == "ExitsInTestStart":
        sys.exit(14)


@events.request.add_listener
def on_request(**kwargs):
    if WANTED == "ExitsInListener":
        sys.exit(15)


@events.quitting.add_listener
def on_quitting(environment, **kwargs):
    if WANTED == "ExitsInQuitting":
        sys.exit(16)
    if WANTED == "RaisesInQuitting":
        raise ValueError("while quitting")


@events.quit.add_listener
def on_quit(exit_code, **kwargs):
    fact("quit", exit_code)
