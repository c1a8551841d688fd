"""Constants that a locustfile assigns in Locust's modules take effect."""

# /// facts
# args = "-u 1 -t 2s"
# facts = ["warned True", "monitored True True", "after test_start"]
# ///

import locust.runners
from locust import User, constant, events, task

locust.runners.CPU_MONITOR_INTERVAL = 0.3
locust.runners.CPU_WARNING_THRESHOLD = -1

heard = []


@events.usage_monitor.add_listener
def monitor(environment, cpu_usage, memory_usage, **kwargs):
    if "usage" not in heard:
        heard.append("usage")
        print("fact monitored", cpu_usage >= 0, memory_usage > 1_000_000)


@events.cpu_warning.add_listener
def warning(environment, cpu_usage, **kwargs):
    if "cpu" not in heard:
        heard.append("cpu")
        print("fact warned", cpu_usage >= 0)


@events.test_start.add_listener
def on_start(environment, **kwargs):
    heard.append("start")


@events.test_stop.add_listener
def on_stop(environment, **kwargs):
    print("fact after test_start" if "start" in heard else "fact never")


class Idle(User):
    wait_time = constant(0.5)

    @task
    def idle(self):
        pass
