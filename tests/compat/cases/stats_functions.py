"""The arithmetic behind the statistics: medians, percentiles and buckets of tables of times."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.stats.bucket_response_time locust.stats.calculate_response_time_percentile
# locust.stats.diff_response_time_dicts locust.stats.median_from_dict
# locust.stats.setup_distributed_stats_event_listeners
# """
# ///

from locust import User, constant, task
from locust.event import Events
from locust.stats import (
    RequestStats,
    bucket_response_time,
    calculate_response_time_percentile,
    diff_response_time_dicts,
    median_from_dict,
    setup_distributed_stats_event_listeners,
)

TIMES = {1: 3, 7: 2, 10: 1, 150: 1, 2000: 2}


def compute():
    print(
        "fact median",
        median_from_dict(9, TIMES),
        median_from_dict(1, {5: 1}),
        median_from_dict(2, {1: 1, 9: 1}),
    )
    parts = (0.1, 0.5, 0.66, 0.9, 0.95, 0.99, 1.0)
    print("fact percentiles", [calculate_response_time_percentile(TIMES, 9, part) for part in parts])
    print("fact nothing", calculate_response_time_percentile({}, 0, 0.5))
    print("fact difference", diff_response_time_dicts({1: 5, 2: 3, 9: 1}, {1: 2, 2: 3}))
    print(
        "fact buckets",
        [bucket_response_time(time) for time in (0.4, 1.5, 2.5, 99.9, 145, 155, 1234, 98765.4)],
    )

    events, stats, report = Events(), RequestStats(), {}
    setup_distributed_stats_event_listeners(events, stats)
    stats.log_request("GET", "/w", 12, 3)
    stats.log_error("GET", "/w", "bad")
    events.report_to_master.fire(client_id="w", data=report)
    print("fact report", sorted(report), report["stats"][0]["name"], len(report["errors"]))
    print("fact reset by the report", stats.total.num_requests, len(stats.errors))
    master, master_events = RequestStats(), Events()
    setup_distributed_stats_event_listeners(master_events, master)
    for _ in range(2):
        master_events.worker_report.fire(client_id="w", data=report)
    print("fact merged", master.get("/w", "GET").num_requests, master.total.num_requests)
    print("fact merged", [(e.occurrences, e.error) for e in master.errors.values()])


class Once(User):
    wait_time = constant(10)

    @task
    def once(self):
        compute()
        self.environment.runner.quit()
