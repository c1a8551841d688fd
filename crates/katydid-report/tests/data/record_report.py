"""Records what stock Locust makes of a fixed series of requests, as files beside this one.

Run with a Python that has stock Locust: `python record_report.py`. It writes the series (`series.json`) and
the texts. All response times are such that Locust's buckets hold them exactly. The clock of `locust.stats` is
replaced, so a second run writes the same files.
"""

import csv
import io
import json
import random
from pathlib import Path
from types import SimpleNamespace

import locust.stats as stats_module
from locust.stats import RequestStats, StatsCSV, StatsCSVFileWriter

FOLDER = Path(__file__).parent
START = 1_700_000_000.25
NAMES = [
    ("GET", "/"),
    ("GET", "/orders?page=[n]"),
    ("POST", "/orders"),
    ("WSSEND", '/socket, "quoted"'),
    ("DELETE", "/" + "long/" * 20),
    ("FAILONLY", "/never"),
    ("EVENT", "/timeless"),
]
TIMES = [0, 1, 5, 12, 37, 99, 100, 120, 350, 990, 1000, 1200, 5500, 12000]
FAILURES = [
    "refused",
    'ConnectionError("it\'s")',
    "CatchResponseError('too slow, by far')",
    "two\nlines",
    "é, \u200b, \U0001f600",
]


def series():
    rng = random.Random(20250602)
    events = []
    for number in range(400):
        at = START + number * 0.0625
        method, name = rng.choice(NAMES)
        if method == "FAILONLY":
            events.append([at, method, name, "failure", rng.choice(FAILURES)])
            continue
        time = None if method == "EVENT" else rng.choice(TIMES)
        events.append([at, method, name, "request", [time, rng.randrange(2000)]])
        if rng.random() < 0.1:
            events.append([at, method, name, "failure", rng.choice(FAILURES)])
    return events


def write(name, text):
    (FOLDER / name).write_bytes(text.encode("utf-8"))


def as_csv(write_rows):
    file = io.StringIO(newline="")
    write_rows(csv.writer(file))
    return file.getvalue()


def main():
    now = START
    stats_module.time = SimpleNamespace(time=lambda: now, perf_counter=lambda: now)
    events = series()
    stats = RequestStats()
    for at, method, name, kind, what in events:
        now = at
        if kind == "request":
            stats.log_request(method, name, *what)
        else:
            stats.log_error(method, name, what)
    now += 1
    runner = SimpleNamespace(stats=stats, exceptions=EXCEPTIONS, user_count=17, state="running")
    environment = SimpleNamespace(runner=runner, stats=stats)
    files = StatsCSV(environment, stats_module.PERCENTILES_TO_REPORT)

    def history_rows(writer):
        it = SimpleNamespace(
            environment=environment,
            full_history=False,
            percentiles_to_report=files.percentiles_to_report,
            percentiles_na=files.percentiles_na,
            _percentile_fields=files._percentile_fields,
        )
        StatsCSVFileWriter._stats_history_data_rows(it, writer, now)

    write("series.json", json.dumps({"start": START, "end": now, "events": events}, indent=0) + "\n")
    write("stats_current.txt", "\n".join(stats_module.get_stats_summary(stats)) + "\n")
    write("stats_total.txt", "\n".join(stats_module.get_stats_summary(stats, False)) + "\n")
    write("percentiles.txt", "\n".join(stats_module.get_percentile_stats_summary(stats)) + "\n")
    write("errors.txt", "\n".join(stats_module.get_error_report_summary(stats)) + "\n")
    write("requests.csv", as_csv(files.requests_csv))
    write("failures.csv", as_csv(files.failures_csv))
    write("exceptions.csv", as_csv(files.exceptions_csv))
    write("history_rows.csv", as_csv(history_rows))
    stats_module.save_stats_json(stats, str(FOLDER / "entries"))


EXCEPTIONS = {
    1: {"count": 2, "msg": 'boom, "loudly"', "traceback": "  File x\n    raise\n", "nodes": {"local"}},
}


if __name__ == "__main__":
    main()
