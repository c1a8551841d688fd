"""What a locustfile may do to the statistics, step by step, each with what it then sees.

Run by `test_stats_live.py` on stock Locust and on katydid: both must print the same.
"""

import collections
import copy
import json
import sys
import time

if "--katydid" in sys.argv:
    import katydid

    katydid.patch()
    katydid.alias_locust()

import locust.stats
from locust.env import Environment
from locust.stats import CachedResponseTimes, RequestStats, StatsEntry, StatsError


def show(step, *values):
    print(step, *(repr(value) for value in values))


def plain(mapping):
    return sorted(dict(mapping).items())


# --- counts by second and buckets are dicts that stay connected
stats = RequestStats()
entry = stats.get("/a", "GET")
times, by_second, failed = entry.response_times, entry.num_reqs_per_sec, entry.num_fail_per_sec
mappings = (times, by_second, failed, stats.entries, stats.errors)
show("dicts", *(isinstance(mapping, dict) for mapping in mappings))
show("empty", len(times), bool(times), times == {}, times != {}, times.get(6), 6 in times)
for milliseconds in (12, 12, 145, 155, 2345):
    stats.log_request("GET", "/a", milliseconds, 10)
stats.log_error("GET", "/a", "bad")
show("seen", plain(times), sum(by_second.values()), sum(failed.values()))
show("read", times[12], times.get(12), times.get(13), times.get(13, "none"))
show("has", 12 in times, 13 in times, len(times))
show("walk", sorted(times), sorted(times.keys()), sorted(times.values()), sorted(times.items()), max(times))
show("json", json.dumps(times, sort_keys=True), json.dumps(entry.response_times, indent=1, sort_keys=True))
show("copies", plain(dict(times)), plain({**times}), plain(times.copy()), plain(copy.copy(times)))
show("deep", plain(copy.deepcopy(times)), plain(times | {7: 1}), plain({7: 1} | times))
show("equal", times == dict(times), dict(times) == times, times != dict(times), times == {})
times[12] += 3
times[30] = 4
show("written", plain(entry.response_times), entry.response_times is not None)
del times[30]
show("deleted", plain(entry.response_times))
show("taken", times.pop(2300, None), times.pop(2300, "gone"), plain(entry.response_times))
times.update({20: 2, 50: 1})
show("updated", plain(entry.response_times), times.setdefault(20, 9), times.setdefault(70, 9), times[70])
times |= {80: 1}
show("merged", plain(entry.response_times))
times.clear()
show("cleared", plain(entry.response_times), len(times))

# --- counts by second
by_second = entry.num_reqs_per_sec
by_second.clear()
by_second[100] += 2
by_second[101] = 5
show("seconds", plain(entry.num_reqs_per_sec), 100 in by_second, 99 in by_second, len(by_second))
del by_second[100]
show("fewer", plain(entry.num_reqs_per_sec))
entry.num_fail_per_sec = collections.defaultdict(int, {7: 3})
entry.num_fail_per_sec[8] += 1
show("failed", plain(entry.num_fail_per_sec))
entry.num_reqs_per_sec = collections.defaultdict(int, {5: 1})
show("assigned", plain(entry.num_reqs_per_sec), entry.num_reqs_per_sec[6])

# --- rates follow what was written
stats = RequestStats()
stats.total.start_time = 1000.0
stats.total.last_request_timestamp = 1020.5
for second in range(1000, 1021):
    stats.total.num_reqs_per_sec[second] = 4
    stats.total.num_fail_per_sec[second] = 1
stats.total.num_requests = 84
stats.total.num_failures = 21
show("rates", stats.total.current_rps, stats.total.current_fail_per_sec, round(stats.total.total_rps, 6))

# --- the cache of response times
stats = RequestStats()
total = stats.total
now = int(time.time())
show("cache", total.response_times_cache is None, isinstance(total.response_times_cache, dict))
total.response_times_cache = {now - 10: CachedResponseTimes({10: 5}, 5, 0)}
total.response_times = {10: 5, 200: 5}
total.num_requests = 10
show("current", total.get_current_response_time_percentile(0.5))
show("seconds", list(total.response_times_cache) == [now - 10])
total.response_times_cache[now - 10] = CachedResponseTimes({200: 5}, 5, 0)
show("other", total.get_current_response_time_percentile(0.5))
cached = total.response_times_cache[now - 10]
show("cached", plain(cached.response_times), cached.num_requests)
del total.response_times_cache[now - 10]
show("without", total.get_current_response_time_percentile(0.5), len(total.response_times_cache))
plain_stats = RequestStats(use_response_times_cache=False)
show("no cache", plain_stats.total.response_times_cache, plain_stats.get("/", "GET").response_times_cache)

# --- entries, errors, total and history can be replaced
stats = RequestStats()
stats.log_request("GET", "/old", 5, 1)
stats.log_error("GET", "/old", "bad")
mine = StatsEntry(stats, "/new", "GET")
mine.log(30, 7)
stats.entries = {("/new", "GET"): mine}
show("entries", sorted(stats.entries), stats.entries["/new", "GET"] is mine)
show("got", stats.get("/new", "GET").num_requests)
stats.log_request("GET", "/new", 40, 7)
show("joined", mine.num_requests, mine.max_response_time, stats.total.num_requests)
stats = RequestStats()
stats.log_request("GET", "/new", 1, 1)
stats.log_error("GET", "/new", "bad")
mine = stats.entries["/new", "GET"]
stats.entries["/made", "PUT"].log(1, 1)
show("made", sorted(stats.entries), stats.entries.get(("/none", "GET")), ("/none", "GET") in stats.entries)
show("popped", stats.entries.pop(("/made", "PUT")).num_requests, sorted(stats.entries))
stats.errors = {}
show("errors", len(stats.errors), bool(stats.errors), stats.num_failures)
stats.errors["key"] = StatsError("GET", "/x", "own", 4)
show("one", [(e.method, e.name, e.error, e.occurrences) for e in stats.errors.values()])
stats.log_error("GET", "/x", ValueError("y"))
show("two", sorted(e.to_name() for e in stats.errors.values()))
stats.history = [1]
stats.history.append(2)
show("history", stats.history)
stats.total = StatsEntry(stats, "Aggregated", "")
show("total", stats.total.num_requests, stats.num_requests)
stats.log_request("GET", "/new", 1, 1)
show("total again", stats.total.num_requests, stats.num_requests)
stats.reset_all()
show("reset", sorted(stats.entries), stats.total.num_requests, mine.num_requests, stats.history)
stats.clear_all()
show("clear", sorted(stats.entries), len(stats.entries), stats.history)

# --- buckets of the locustfile's own, from now on
stats = RequestStats()
standard = locust.stats.bucket_response_time
locust.stats.bucket_response_time = lambda milliseconds: round(milliseconds, 1)
stats.log_request("GET", "/", 1.26, 0)
stats.log_request("GET", "/", 1.31, 0)
show("own buckets", plain(stats.total.response_times))
show("serialized", plain(stats.entries["/", "GET"].serialize()["response_times"]))
locust.stats.bucket_response_time = standard

# --- a run records into whatever the environment has as its statistics
environment = Environment()
runner = environment.create_local_runner()


def fire(name):
    environment.events.request.fire(
        request_type="T", name=name, response_time=1, response_length=2, exception=None, context={}
    )


first = environment.stats
fire("one")
environment.stats = RequestStats()
fire("two")
show("replaced", sorted(first.entries), sorted(environment.stats.entries), runner.stats is environment.stats)


class Loud(RequestStats):
    """Statistics that listen in."""

    heard = ()

    def log_request(self, method, name, response_time, content_length):
        self.heard += ((method, name, response_time, content_length),)
        super().log_request(method, name, response_time, content_length)

    def log_error(self, method, name, error):
        self.heard += ((name, str(error)),)
        super().log_error(method, name, error)


environment.stats = Loud()
fire("three")
environment.events.request.fire(
    request_type="T", name="four", response_time=1, response_length=2, exception=ValueError("v"), context={}
)
show("loud", environment.stats.heard)
show("counted", environment.stats.total.num_requests, environment.stats.total.num_failures)
runner.quit()
