"""Statistics as dictionaries, and back: what travels, and what merges."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.stats.StatsEntry(extend get_stripped_report serialize to_dict unserialize)
# locust.stats.RequestStats(serialize_errors serialize_stats)
# locust.stats.StatsError(create_key error first_seen last_seen method name occurred occurrences parse_error
# serialize to_dict to_name unserialize)
# """
# ///

from locust import User, constant, task
from locust.exception import CatchResponseError
from locust.stats import RequestStats, StatsEntry, StatsError


def plain(report):
    timed = ("start_time", "last_request_timestamp", "num_reqs_per_sec", "num_fail_per_sec")
    shown = {key: value for key, value in report.items() if key not in timed}
    shown["response_times"] = dict(shown["response_times"])
    return list(report), shown, [isinstance(report[key], (float, dict)) for key in timed]


def entries():
    stats = RequestStats()
    for time in (10.5, 20, 150):
        stats.log_request("GET", "/a", time, 100)
    stats.log_error("GET", "/a", OSError("x"))
    stats.log_request("GET", "/idle", 1, 1)
    stats.get("/idle", "GET").reset()
    entry = stats.get("/a", "GET")
    print("fact serialized", plain(entry.serialize()))
    again = StatsEntry.unserialize(entry.serialize(), stats)
    print(
        "fact back", again.name, again.method, again.num_requests, again.num_failures, again.max_response_time
    )
    other = StatsEntry(stats, "/a", "GET")
    other.log(5, 50)
    other.log_error("late")
    other.extend(again)
    print(
        "fact merged",
        other.num_requests,
        other.num_failures,
        other.min_response_time,
        other.max_response_time,
    )
    print("fact merged", other.total_content_length, dict(sorted(other.response_times.items())))
    row = entry.to_dict()
    timed = ("current_rps", "current_fail_per_sec", "total_rps", "total_fail_per_sec")
    print("fact row", sorted(row), {key: row[key] for key in sorted(row) if key not in timed})
    print("fact report", [plain(report)[1] for report in stats.serialize_stats()])
    print("fact stripped", plain(entry.get_stripped_report())[1], entry.num_requests)


def errors():
    stats = RequestStats()
    stats.log_error("GET", "/a", OSError("x"))
    stats.log_error("GET", "/a", OSError("x"))
    stats.log_error("GET", "/a", CatchResponseError("no"))
    for key, report in stats.serialize_errors().items():
        print("fact error", key, [report[part] for part in ("method", "name", "error", "occurrences")])
    error = next(iter(stats.errors.values()))
    print("fact", error.method, error.name, error.error, error.occurrences, error.to_name())
    print("fact seen", error.first_seen <= error.last_seen, sorted(error.to_dict()))
    error.occurred()
    copy = StatsError.unserialize(error.serialize())
    print("fact copy", copy.occurrences, copy.error, type(copy.error).__name__, copy.to_name())
    print("fact caught", [e.to_name() for e in stats.errors.values()])
    print("fact key", StatsError.create_key("GET", "/a", OSError("x")) in stats.errors)
    print("fact texts", StatsError.parse_error("plain"), StatsError.parse_error(ValueError("v")))
    print("fact address", StatsError.parse_error(Exception("<Thing object at 0x7f00aa>")))
    print("fact own", StatsError("PUT", "/n", "e", 3).to_dict())


class Once(User):
    wait_time = constant(10)

    @task
    def once(self):
        entries()
        errors()
        self.environment.runner.quit()
