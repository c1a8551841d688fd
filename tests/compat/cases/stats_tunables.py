"""Intervals and percentiles of the statistics that a locustfile assigns, and who follows them."""

# /// facts
# args = "-u 1 -t 20s"
# shows = """
# locust.stats.CONSOLE_STATS_INTERVAL_SEC locust.stats.CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW
# locust.stats.HISTORY_STATS_INTERVAL_SEC locust.stats.PERCENTILES_TO_CHART
# locust.stats.PERCENTILES_TO_STATISTICS locust.stats.STATS_AUTORESIZE locust.stats.bucket_response_time
# locust.stats.print_stats_json locust.stats.save_stats_json locust.stats.stats_history
# locust.stats.stats_printer locust.stats.update_stats_history
# """
# ///

import contextlib
import io
import json
import logging

import gevent
import locust.stats
from locust import User, constant, task
from locust.stats import (
    print_stats_json,
    save_stats_json,
    stats_history,
    stats_printer,
    update_stats_history,
)

print("fact", locust.stats.CONSOLE_STATS_INTERVAL_SEC, locust.stats.HISTORY_STATS_INTERVAL_SEC)
print("fact", locust.stats.CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW, locust.stats.STATS_AUTORESIZE)
print("fact", locust.stats.PERCENTILES_TO_CHART, locust.stats.PERCENTILES_TO_STATISTICS)

locust.stats.CONSOLE_STATS_INTERVAL_SEC = 0.2
locust.stats.HISTORY_STATS_INTERVAL_SEC = 0.2
locust.stats.PERCENTILES_TO_CHART = [0.25, 0.75]
locust.stats.PERCENTILES_TO_STATISTICS = [0.6]


class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def history(runner):
    stats = runner.stats
    stats.log_request("GET", "/a", 10, 1)
    gevent.sleep(0.7)
    print("fact", len(stats.history) >= 2, sorted(stats.history[0]))
    before = len(stats.history)
    update_stats_history(runner)
    print("fact", len(stats.history) - before, type(stats.history[-1]["time"]).__name__)
    more = gevent.spawn(stats_history, runner)
    before = len(stats.history)
    gevent.sleep(0.5)
    more.kill()
    print("fact", len(stats.history) - before >= 3)


def printers(stats):
    lines = Lines()
    logger = logging.getLogger("locust.stats_logger")
    logger.addHandler(lines)
    printing = gevent.spawn(stats_printer(stats))
    gevent.sleep(0.7)
    printing.kill()
    logger.removeHandler(lines)
    print("fact", sum("Aggregated" in line for line in lines.lines) >= 3)
    print("fact", [sorted(name for name in stats.get("/a", "GET").to_dict() if "0." in name)])


def dumps(stats):
    save_stats_json(stats, "saved")
    with open("saved.json") as file:
        saved = json.load(file)
    print("fact", [(row["name"], row["method"], sorted(row)) for row in saved])
    stats.log_request("GET", "/b", 7, 1)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print_stats_json(stats)
    printed = json.loads(text.getvalue())
    print("fact", "/b" in [row["name"] for row in printed], text.getvalue().startswith("[\n    {"))


def buckets(stats):
    locust.stats.bucket_response_time = lambda time: 42
    stats.log_request("GET", "/own", 7, 1)
    print("fact", dict(stats.get("/own", "GET").response_times))


class Once(User):
    wait_time = constant(20)

    @task
    def once(self):
        history(self.environment.runner)
        printers(self.environment.stats)
        dumps(self.environment.stats)
        buckets(self.environment.stats)
        self.environment.runner.quit()
