"""Attributes of entries are assignable, and their tables are live."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.stats.StatsEntry(num_reqs_per_sec num_fail_per_sec response_times response_times_cache current_rps
# current_fail_per_sec get_current_response_time_percentile percentile to_string)
# locust.stats.CachedResponseTimes
# """
# ///

import time

from locust import User, constant, task
from locust.stats import CachedResponseTimes, RequestStats


def assign():
    stats = RequestStats()
    entry = stats.get("/a", "GET")
    entry.log(10, 5)
    entry.num_requests = 7
    entry.num_failures = 2
    entry.total_response_time = 70
    entry.min_response_time = 3
    entry.max_response_time = 30
    entry.total_content_length = 700
    print("fact", entry.num_requests, entry.fail_ratio, entry.avg_response_time, entry.avg_content_length)
    print("fact", entry.min_response_time, entry.max_response_time)
    entry.response_times[30] = 6
    print("fact live", dict(entry.response_times), entry.get_response_time_percentile(0.99))
    entry.response_times = {50: 7}
    entry.max_response_time = 50
    print("fact whole", dict(entry.response_times), entry.get_response_time_percentile(0.5))

    now = int(time.time())
    total = stats.total
    total.start_time, total.last_request_timestamp = now - 30.0, float(now)
    for second in range(now - 20, now + 1):
        entry.num_reqs_per_sec[second] = 4
        entry.num_fail_per_sec[second] = 1
    print("fact current", entry.current_rps, entry.current_fail_per_sec)
    print(
        "fact seconds",
        entry.num_reqs_per_sec[now],
        len(entry.num_fail_per_sec),
        now in entry.num_reqs_per_sec,
    )

    print("fact percentile", " ".join(entry.percentile().split()))
    print("fact row", " ".join(entry.to_string(current=False).split()))
    print("fact cache", isinstance(total.response_times_cache, dict))
    snapshot = CachedResponseTimes({1: 2}, 2, 0)
    print("fact snapshot", snapshot.response_times, snapshot.num_requests, snapshot.num_none_requests)
    try:
        entry.get_current_response_time_percentile(0.5)
    except ValueError:
        print("fact an entry without a cache refuses")


class Once(User):
    wait_time = constant(10)

    @task
    def once(self):
        assign()
        self.environment.runner.quit()
