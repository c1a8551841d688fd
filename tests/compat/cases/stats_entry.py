"""What an entry of the statistics derives from what was logged into it."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.stats.RequestStats(clear_all entries errors get history last_request_timestamp log_error log_request
# num_failures num_none_requests num_requests reset_all start_time total)
# locust.stats.StatsEntry(avg_content_length avg_response_time fail_ratio get_response_time_percentile
# last_request_timestamp log log_error max_response_time median_response_time method min_response_time name
# num_failures num_none_requests num_requests reset start_time total_content_length total_response_time
# total_fail_per_sec total_rps num_reqs_per_sec num_fail_per_sec response_times)
# locust.stats.EntriesDict
# """
# ///

from locust import User, constant, task
from locust.stats import EntriesDict, RequestStats, StatsEntry


def show(what, entry):
    print("fact", what, entry.method, entry.name, entry.num_requests, entry.num_none_requests)
    print("fact  ", entry.num_failures, entry.fail_ratio, entry.total_response_time)
    print("fact  ", entry.min_response_time, entry.max_response_time, entry.median_response_time)
    print("fact  ", entry.avg_response_time, float(entry.avg_content_length), entry.total_content_length)
    print("fact  ", *(entry.get_response_time_percentile(part) for part in (0.5, 0.9, 0.95, 0.99, 1.0)))
    print("fact  ", dict(sorted(entry.response_times.items())), sum(entry.num_reqs_per_sec.values()))
    print("fact  ", sum(entry.num_fail_per_sec.values()))


def derive():
    stats = RequestStats()
    show("nothing", stats.total)
    for time in (10, 20, 20, 30, 90):
        stats.log_request("GET", "/a", time, 100)
    stats.log_request("GET", "/a", None, 10)
    stats.log_error("GET", "/a", ValueError("bad"))
    stats.log_error("GET", "/only-failed", "text")
    show("many", stats.get("/a", "GET"))
    show("total", stats.total)
    show("failed", stats.entries[("/only-failed", "GET")])
    print("fact made", isinstance(stats.entries, EntriesDict), stats.entries[("/new", "PUT")].num_requests)
    print("fact keys", sorted(stats.entries), len(stats.errors), stats.history)
    print("fact sums", stats.num_requests, stats.num_none_requests, stats.num_failures)
    first, last = stats.start_time, stats.last_request_timestamp
    print("fact times", first <= last, last == stats.total.last_request_timestamp)

    entry = stats.get("/a", "GET")
    stats.total.start_time, stats.total.last_request_timestamp = 1000.0, 1003.0
    print("fact rates", entry.total_rps, entry.total_fail_per_sec, stats.total.total_rps)
    stats.reset_all()
    show("reset", stats.get("/a", "GET"))
    print("fact kept", sorted(stats.entries), len(stats.errors))
    stats.clear_all()
    print("fact cleared", sorted(stats.entries), len(stats.errors), stats.total.num_requests)

    single = StatsEntry(stats, "/s", "POST")
    single.log(5, 1)
    single.log_error("one")
    show("single", single)
    single.reset()
    print("fact single reset", single.num_requests, single.num_failures)


class Once(User):
    wait_time = constant(10)

    @task
    def once(self):
        derive()
        self.environment.runner.quit()
