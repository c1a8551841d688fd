"""The tables that statistics are printed in, from the functions that make them."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.stats.get_error_report_summary locust.stats.get_percentile_stats_summary
# locust.stats.get_readable_percentiles locust.stats.get_stats_summary locust.stats.print_error_report
# locust.stats.print_percentile_stats locust.stats.print_stats locust.stats.sort_stats
# locust.stats.STATS_NAME_WIDTH locust.stats.STATS_TYPE_WIDTH locust.stats.PERCENTILES_TO_REPORT
# """
# ///

import logging

import locust.stats
from locust import User, constant, task
from locust.exception import CatchResponseError
from locust.stats import (
    RequestStats,
    get_error_report_summary,
    get_percentile_stats_summary,
    get_readable_percentiles,
    get_stats_summary,
    print_error_report,
    print_percentile_stats,
    print_stats,
    sort_stats,
)


def show(what, lines):
    print("fact", what)
    for line in lines:
        print("fact |", line)


class Lines(logging.Handler):
    def emit(self, record):
        print("fact >", record.getMessage())


def write():
    stats = RequestStats()
    for time in (10, 20, 30):
        stats.log_request("GET", "/b", time, 100)
    stats.log_request("POST", "/a", 40, 100)
    stats.log_request("POST", "/a/rather/long/name/that/goes/on" * 3, 1, 0)
    stats.log_error("GET", "/b", CatchResponseError("not good"))
    stats.log_error("GET", "/b", OSError("gone"))
    stats.total.start_time, stats.total.last_request_timestamp = 1000.0, 1003.0
    show("total", get_stats_summary(stats, current=False))
    show("percentiles", get_percentile_stats_summary(stats))
    show("errors", get_error_report_summary(stats))
    print(
        "fact sorted", [key[1] + key[0] for key in stats.entries], [e.name for e in sort_stats(stats.entries)]
    )
    print("fact readable", get_readable_percentiles([0.5, 0.999, 0.99999, 1.0]))
    logger = logging.getLogger("locust.stats_logger")
    lines = Lines()
    logger.addHandler(lines)
    print_stats(stats, current=False)
    print_percentile_stats(stats)
    print_error_report(stats)
    logger.removeHandler(lines)

    locust.stats.STATS_NAME_WIDTH = 20
    locust.stats.STATS_TYPE_WIDTH = 12
    locust.stats.PERCENTILES_TO_REPORT = [0.5, 0.9]
    show("narrow", get_stats_summary(stats, current=False))
    show("two percentiles", get_percentile_stats_summary(stats))


class Once(User):
    wait_time = constant(10)

    @task
    def once(self):
        write()
        self.environment.runner.quit()
