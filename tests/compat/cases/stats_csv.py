"""Statistics as CSV rows, written by the classes that write the files."""

# /// facts
# args = "-u 1 -t 10s --csv run --csv-full-history"
# exit = 1
# failures = ["GET /b: OSError('gone')", "GET /b: CatchResponseError('not good')"]
# exceptions = ["a task's fault"]
# tables = ["run_stats.csv", "run_failures.csv"]
# shows = """
# locust.stats.StatsCSV(exceptions_csv failures_csv requests_csv)
# locust.stats.StatsCSVFileWriter(close_files stats_history_file_name stats_writer)
# locust.stats.CSV_STATS_FLUSH_INTERVAL_SEC locust.stats.CSV_STATS_INTERVAL_SEC
# --csv --csv-full-history
# """
# ///

import csv
import io

import gevent
import locust.stats
from locust import User, constant, task
from locust.exception import CatchResponseError
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV, StatsCSVFileWriter

locust.stats.CSV_STATS_INTERVAL_SEC = 0.2
locust.stats.CSV_STATS_FLUSH_INTERVAL_SEC = 0


def rows(write):
    text = io.StringIO()
    write(csv.writer(text))
    return list(csv.reader(io.StringIO(text.getvalue())))


def export(environment):
    exporter = StatsCSV(environment, PERCENTILES_TO_REPORT)
    requests = rows(exporter.requests_csv)
    print("fact", requests[0])
    rates = range(9, 11)
    for row in requests[1:]:
        print("fact", [cell for index, cell in enumerate(row) if index not in rates])
    failures = rows(exporter.failures_csv)
    print("fact", failures[0], sorted(row[:4] for row in failures[1:]))
    exceptions = rows(exporter.exceptions_csv)
    print("fact", exceptions[0], [(row[0], row[1], row[3]) for row in exceptions[1:]])
    writer = StatsCSVFileWriter(environment, PERCENTILES_TO_REPORT, "second", True)
    writing = gevent.spawn(writer.stats_writer)
    gevent.sleep(0.5)
    writing.kill()
    writer.close_files()
    print("fact", writer.stats_history_file_name())
    with open("second_stats_history.csv") as file:
        print("fact", file.readline().strip())


class Writer(User):
    wait_time = constant(0)

    def on_start(self):
        self.turn = 0

    @task
    def turns(self):
        self.turn += 1
        if self.turn == 1:
            stats = self.environment.stats
            for time in (10, 20, 30):
                stats.log_request("GET", "/b", time, 100)
            stats.log_request("POST", '/a,"quoted"', 40, 7)
            stats.log_error("GET", "/b", CatchResponseError("not good"))
            stats.log_error("GET", "/b", OSError("gone"))
            raise ValueError("a task's fault")
        export(self.environment)
        gevent.sleep(1)
        self.environment.runner.quit()
