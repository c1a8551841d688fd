"""An ordinary script that uses the package as a library: environments at once, in turns, and started again.

Run by `test_library.py` on stock Locust and on katydid: both must print the same.
"""

from __future__ import annotations

import sys

if "--katydid" in sys.argv:
    import katydid

    katydid.patch()
    katydid.alias_locust()

import gevent
import locust.runners
import locust.stats
from locust import User, constant, events, task
from locust.env import Environment
from locust.event import EventHook, Events
from locust.exception import RunnerAlreadyExistsError
from locust.shape import LoadTestShape


def show(step, *values):
    print(step, *(repr(value) for value in values), flush=True)


def until(condition):
    """Wait until something is so; whether it came to be."""
    for _ in range(500):
        if condition():
            return True
        gevent.sleep(0.01)
    return False


def ticking(name):
    class Ticker(User):
        wait_time = constant(0.02)

        @task
        def tick(self):
            self.environment.events.request.fire(
                request_type="T", name=name, response_time=5, response_length=1, exception=None, context={}
            )

        @task
        def fail(self):
            if not self.environment.parsed_options:
                raise ValueError(name)

    Ticker.__name__ = name.title()
    return Ticker


def told(environment, name):
    """A list that fills with what the environment's events tell."""
    heard = []
    hooks = environment.events
    for hook in ("test_start", "test_stopping", "test_stop", "spawning_complete"):
        getattr(hooks, hook).add_listener(lambda hook=hook, **kwargs: heard.append((hook, sorted(kwargs))))
    return heard


# --- two at once
one = Environment(user_classes=[ticking("one")], events=Events())
two = Environment(user_classes=[ticking("two")])
heard = {name: told(environment, name) for name, environment in (("one", one), ("two", two))}
show("own", one.events is not two.events, one.events is not events, one.stats is not two.stats)
runners = [one.create_local_runner(), two.create_local_runner()]
show("runners", one.runner is runners[0], runners[0].environment is one, [runner.state for runner in runners])
runners[0].start(3, spawn_rate=100)
runners[1].start(2, spawn_rate=100)
busy = until(lambda: all(r.exceptions and r.stats.num_requests > 5 and r.state == "running" for r in runners))
show("running", busy, [runner.state for runner in runners], [runner.user_count for runner in runners])
show("greenlets", [len(runner.user_greenlets) for runner in runners])
show("classes", [runner.user_classes_count for runner in runners])
show("targets", [(runner.target_user_count, runner.target_user_classes_count) for runner in runners])
show("names", sorted(one.stats.entries), sorted(two.stats.entries))
show("exceptions", [{row["msg"] for row in runner.exceptions.values()} for runner in runners])
show("nodes", [{node for row in runner.exceptions.values() for node in row["nodes"]} for runner in runners])
runners[0].stop()
seen = one.stats.total.num_requests
gevent.sleep(0.2)
show("stopped", [runner.state for runner in runners], one.stats.total.num_requests == seen)
show("final", runners[0].final_user_classes_count, two.stats.total.num_requests > 3)

# --- again, and changes of a run that is on
runners[0].start(1, spawn_rate=100)
show("again", until(lambda: 0 < one.stats.total.num_requests < seen), runners[0].state, runners[0].user_count)
runners[1].start(4, spawn_rate=100)
show("more", until(lambda: runners[1].user_count == 4))
runners[1].start(1, spawn_rate=100)
show("fewer", until(lambda: runners[1].user_count == 1 and runners[1].state == "running"))
spawned = runners[1].spawn_users({"Two": 2})
gevent.sleep(0.05)
show("by hand", [type(user).__name__ for user in spawned], runners[1].user_count)
runners[1].stop_users({"Two": 3})
show("none", runners[1].user_count)
for runner in runners:
    runner.quit()
    runner.greenlet.join()
show("quit", [runner.state for runner in runners], [runner.user_count for runner in runners])
show("told", heard["one"])
show("told", heard["two"])

# --- in turns, with the same class
for _ in range(3):
    environment = Environment(user_classes=[ticking("turn")], stop_timeout=1)
    runner = environment.create_local_runner()
    runner.start(2, spawn_rate=100)
    show("turn", until(lambda runner=runner: runner.stats.total.num_requests > 3))
    gevent.spawn(runner.quit)
    runner.greenlet.join()
    show("over", runner.state, len(environment.stats.entries))
try:
    environment.create_local_runner()
except RunnerAlreadyExistsError:
    show("refused")

# --- after quit a runner can be started again
runner.start(1, spawn_rate=1)
show("restarted", until(lambda: runner.state == "running"), runner.user_count)
runner.quit()


# --- a shape, constants, messages
class Shape(LoadTestShape):
    def tick(self):
        return (2, 100) if self.get_run_time() < 0.5 else None


locust.runners.CPU_MONITOR_INTERVAL = 0.1
locust.stats.HISTORY_STATS_INTERVAL_SEC = 0.05
shape = Shape()
environment = Environment(user_classes=[ticking("shaped")], shape_class=shape)
usage = []
environment.events.usage_monitor.add_listener(lambda **kwargs: usage.append(sorted(kwargs)))
runner = environment.create_local_runner()
gevent.spawn(locust.stats.stats_history, runner)
show("shape", shape.runner is runner, runner.shape_greenlet)
messages = []


def on_hello(environment, msg, **kwargs):
    messages.append((msg.type, msg.data, msg.node_id))


runner.register_message("hello", on_hello)
runner.send_message("hello", {"to": "you"})
runner.send_message("nobody", 1)
show("messages", messages, sorted(runner.custom_messages))
try:
    runner.register_message("hello", print)
except Exception as fault:
    show("twice", type(fault).__name__)
runner.start_shape()
show("shaped", until(lambda: runner.state == "running"), runner.user_count, shape.get_current_user_count())
show("over", until(lambda: runner.state == "stopped"), runner.user_count)
show("usage", until(lambda: len(usage) > 3), usage[0], runner.current_memory_usage > 1_000_000)
show("history", len(environment.stats.history) > 1, sorted(environment.stats.history[0]))
runner.log_exception("node", "message", "traceback")
runner.log_exception("other", "message", "traceback")
show("logged", [(row["count"], row["msg"], sorted(row["nodes"])) for row in runner.exceptions.values()][-1])
runner.quit()


# --- events of one's own
class MoreEvents(Events):
    own: EventHook


hooks = MoreEvents()
hooks.own.add_listener(lambda **kwargs: show("own event", kwargs))
hooks.own.fire(value=1)
environment = Environment()
with environment.events.request.measure("M", "block") as meta:
    meta["response_length"] = 3
show("nobody listened", environment.stats.total.num_requests)
environment.create_local_runner()
with environment.events.request.measure("M", "block"):
    raise ValueError("inside")
show("measured", sorted(environment.stats.entries), environment.stats.num_failures)
environment.runner.quit()
show("end")
