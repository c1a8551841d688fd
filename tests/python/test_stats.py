"""Statistics with Locust's names: same texts as stock Locust, assignments that take effect, exact numbers.

The recorded texts are those that `crates/katydid-report/tests/data/record_report.py` made with stock Locust.
"""

from __future__ import annotations

import csv
import gc
import io
import json
import logging
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from katydid import _core
from katydid.locust import stats as stats_module
from katydid.locust.clients import HttpSession
from katydid.locust.env import Environment
from katydid.locust.event import Events
from katydid.locust.exception import CatchResponseError
from katydid.locust.stats import RequestStats, StatsCSV, StatsCSVFileWriter, StatsEntry, StatsError

GOLDEN = Path(__file__).parents[2] / "crates/katydid-report/tests/data"


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.time", clock.time)
    return clock


@pytest.fixture
def replayed(clock: Clock) -> tuple[RequestStats, float]:
    """The recorded series of requests, and the moment at which it was looked at."""
    series = json.loads((GOLDEN / "series.json").read_text())
    clock.now = series["start"]
    stats = RequestStats()
    for at, method, name, kind, what in series["events"]:
        clock.now = at
        if kind == "request":
            stats.log_request(method, name, *what)
        else:
            stats.log_error(method, name, what)
    clock.now = series["end"]
    return stats, series["end"]


def golden(name: str) -> str:
    return (GOLDEN / name).read_bytes().decode()


def environment(stats: RequestStats, **runner: Any) -> Any:
    defaults = {"exceptions": {}, "user_count": 17, "state": "running"}
    runner = {**defaults, **runner}
    return SimpleNamespace(stats=stats, events=Events(), runner=SimpleNamespace(stats=stats, **runner))


class TestTexts:
    """Byte for byte what stock Locust made of the same requests."""

    @pytest.mark.parametrize(
        ("summary", "name"),
        [
            (lambda stats: stats_module.get_stats_summary(stats), "stats_current.txt"),
            (lambda stats: stats_module.get_stats_summary(stats, False), "stats_total.txt"),
            (stats_module.get_percentile_stats_summary, "percentiles.txt"),
            (stats_module.get_error_report_summary, "errors.txt"),
        ],
    )
    def test_tables(self, replayed: tuple[RequestStats, float], summary: Any, name: str):
        assert "\n".join(summary(replayed[0])) + "\n" == golden(name)

    def test_csv(self, replayed: tuple[RequestStats, float]):
        exceptions = {
            1: {
                "count": 2,
                "msg": 'boom, "loudly"',
                "traceback": "  File x\n    raise\n",
                "nodes": {"local"},
            }
        }
        files = StatsCSV(environment(replayed[0], exceptions=exceptions), stats_module.PERCENTILES_TO_REPORT)
        for name in ("requests", "failures", "exceptions"):
            text = io.StringIO(newline="")
            getattr(files, f"{name}_csv")(csv.writer(text))
            assert text.getvalue() == golden(f"{name}.csv"), name

    def test_json_to_standard_output(
        self, replayed: tuple[RequestStats, float], capsys: pytest.CaptureFixture[str]
    ):
        stats_module.print_stats_json(replayed[0])
        printed = capsys.readouterr().out
        assert json.loads(printed) == json.loads(golden("entries.json"))
        assert replayed[0].num_requests > 0, "nothing was reset"
        assert replayed[0].get("/", "GET").num_requests > 0

    def test_json_to_a_file(self, replayed: tuple[RequestStats, float], tmp_path: Path):
        stats_module.save_stats_json(replayed[0], str(tmp_path / "out"))
        assert json.loads((tmp_path / "out.json").read_text()) == json.loads(golden("entries.json"))

    def test_history(self, replayed: tuple[RequestStats, float], tmp_path: Path):
        stats, _ = replayed
        files = StatsCSVFileWriter(
            environment(stats), stats_module.PERCENTILES_TO_REPORT, str(tmp_path / "run")
        )
        files.close_files()
        rows = (tmp_path / "run_stats_history.csv").read_bytes().decode().splitlines(keepends=True)
        assert rows[0].startswith("Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,")
        assert rows[1:] == [golden("history_rows.csv")]

    def test_one_log_record_per_line(self, caplog: pytest.LogCaptureFixture):
        stats = RequestStats()
        stats.log_request("GET", "/", 10, 5)
        logger = logging.getLogger("locust.stats_logger")
        logger.addHandler(caplog.handler)
        try:
            with caplog.at_level(logging.INFO, logger="locust.stats_logger"):
                stats_module.print_stats(stats)
                stats_module.print_percentile_stats(stats)
                stats_module.print_error_report(stats)
        finally:
            logger.removeHandler(caplog.handler)
        lines = list(dict.fromkeys(record.getMessage() for record in caplog.records))
        assert not any("\n" in line for line in lines)
        assert sum("Aggregated" in line for line in lines) == 2
        assert not any("Error report" in line for line in lines), "there is no error to report"

    def test_widths_are_read_when_used(self, monkeypatch: pytest.MonkeyPatch):
        stats = RequestStats()
        monkeypatch.setattr(stats_module, "STATS_NAME_WIDTH", 20)
        monkeypatch.setattr(stats_module, "STATS_TYPE_WIDTH", 10)
        monkeypatch.setattr(stats_module, "PERCENTILES_TO_REPORT", [0.5, 0.999])
        assert stats_module.get_stats_summary(stats)[1].startswith("-" * 10 + "|" + "-" * 14 + "|-------|")
        assert stats_module.get_percentile_stats_summary(stats)[1].endswith("   50%  99.9% # reqs")

    def test_lag_is_admitted_to_be_unknown(self):
        stats = RequestStats()
        assert stats_module.get_truth_summary(stats) == []
        stats.log_request("GET", "/", 10, 5)
        assert "not measured" in stats_module.get_truth_summary(stats)[0]


class TestEntries:
    def test_are_made_when_asked_for(self):
        stats = RequestStats()
        assert ("/", "GET") not in stats.entries
        assert stats.entries.get(("/", "GET")) is None
        entry = stats.entries["/", "GET"]
        assert stats.get("/", "GET") is entry
        assert list(stats.entries) == [("/", "GET")]
        assert len(stats.entries) == 1

    def test_behave_like_a_dict(self):
        stats = RequestStats()
        for name in ("/b", "/a"):
            stats.log_request("GET", name, 1, 1)
        assert list(stats.entries.keys()) == [("/b", "GET"), ("/a", "GET")]
        assert [entry.name for entry in stats.entries.values()] == ["/b", "/a"]
        assert [entry.name for entry in stats_module.sort_stats(stats.entries)] == ["/a", "/b"]
        del stats.entries["/b", "GET"]
        assert dict(stats.entries) == {("/a", "GET"): stats.get("/a", "GET")}
        with pytest.raises(KeyError):
            del stats.entries["/b", "GET"]

    def test_numbers_of_one_request(self, clock: Clock):
        stats = RequestStats()
        clock.now += 2
        stats.log_request("GET", "/", 12.5, 100)
        stats.log_request("GET", "/", None, 50)
        stats.log_error("GET", "/", "refused")
        for entry in (stats.get("/", "GET"), stats.total):
            assert (entry.num_requests, entry.num_none_requests, entry.num_failures) == (2, 1, 1)
            assert (entry.min_response_time, entry.max_response_time) == (12.5, 12.5)
            assert entry.median_response_time == entry.get_response_time_percentile(0.99) == 12.5
            assert (entry.avg_response_time, entry.avg_content_length) == (12.5, 75)
            assert entry.fail_ratio == 0.5
            assert entry.total_rps == 1
            assert entry.last_request_timestamp == clock.now
            assert entry.response_times == {12: 1}
            assert entry.num_reqs_per_sec == {int(clock.now): 2}
            assert entry.num_fail_per_sec == {int(clock.now): 1}

    def test_whole_milliseconds_are_ints(self):
        stats = RequestStats()
        stats.log_request("GET", "/", 100.0, 0)
        entry = stats.get("/", "GET")
        for number in (
            entry.min_response_time,
            entry.max_response_time,
            entry.median_response_time,
            entry.get_response_time_percentile(0.5),
            entry.total_response_time,
        ):
            assert (type(number), number) == (int, 100)

    def test_percentiles_are_not_bucketed(self):
        stats = RequestStats()
        for ms in range(1, 1001):
            stats.log_request("GET", "/", ms + 0.25, 0)
        assert stats.total.get_response_time_percentile(0.95) == pytest.approx(951.25, rel=0.001)
        assert stats.total.get_response_time_percentile(1.0) == 1000.25
        assert set(stats.total.response_times) <= set(range(100)) | set(range(100, 1001, 10))

    def test_nothing_recorded(self):
        entry = RequestStats().total
        assert (entry.min_response_time, entry.max_response_time) == (None, 0)
        assert (entry.median_response_time, entry.get_response_time_percentile(0.5)) == (0, 0)
        assert (entry.avg_response_time, entry.fail_ratio, entry.current_rps, entry.total_rps) == (0, 0, 0, 0)
        assert entry.get_current_response_time_percentile(0.5) is None

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("num_requests", 7),
            ("num_none_requests", 3),
            ("num_failures", 2),
            ("total_response_time", 70.5),
            ("min_response_time", 1.5),
            ("max_response_time", 99),
            ("total_content_length", 1000),
            ("start_time", 5.0),
            ("last_request_timestamp", 15.0),
            ("num_reqs_per_sec", {7: 3, 9: 1}),
            ("num_fail_per_sec", {8: 2}),
            ("response_times", {10: 2, 250: 1}),
        ],
    )
    def test_assignments_take_effect(self, name: str, value: Any):
        stats = RequestStats()
        for entry in (stats.total, stats.get("/", "GET"), StatsEntry(stats, "/own", "GET")):
            setattr(entry, name, value)
            assert getattr(entry, name) == value
            assert entry.serialize()[name] == value

    def test_assigned_distribution_is_used(self):
        entry = StatsEntry(RequestStats(), "/", "GET")
        entry.response_times = {10: 50, 200: 49, 3000: 1}
        assert entry.median_response_time == 10
        assert [entry.get_response_time_percentile(share) for share in (0.5, 0.98, 1.0)] == [200, 200, 3000]

    def test_rates_follow_assigned_times(self):
        stats = RequestStats()
        stats.total.num_requests = 50
        stats.total.start_time = 1000.0
        stats.total.last_request_timestamp = 1025.0
        stats.total.num_reqs_per_sec = dict.fromkeys(range(1000, 1026), 3)
        assert (stats.total.total_rps, stats.total.current_rps) == (2, 3)

    def test_a_locustfile_may_bucket_in_its_own_way(self, monkeypatch: pytest.MonkeyPatch):
        stats = RequestStats()
        stats.log_request("GET", "/", 149, 0)
        assert stats.total.response_times == {150: 1}
        monkeypatch.setattr(stats_module, "bucket_response_time", lambda ms: ms // 100 * 100.0)
        assert stats.total.response_times == {100.0: 1}
        assert json.loads(stats_module._as_json(stats))[0]["response_times"] == {"100.0": 1}

    def test_missing_keys_of_counts_are_zero(self):
        assert RequestStats().total.num_reqs_per_sec[5] == 0

    def test_serialize_and_back(self):
        stats = RequestStats()
        entry = stats.get("/", "GET")
        for ms in (10, 20, 30):
            entry.log(ms, 5)
        entry.log_error("bad")
        copy = StatsEntry.unserialize(entry.serialize(), stats)
        assert copy.serialize() == entry.serialize()
        copy.extend(entry)
        assert (copy.num_requests, copy.num_failures, copy.total_content_length) == (6, 2, 30)
        assert copy.response_times == {10: 2, 20: 2, 30: 2}
        report = entry.get_stripped_report()
        assert (report["num_requests"], entry.num_requests) == (3, 0)

    def test_foreign_entry_can_be_put_in(self):
        stats = RequestStats()
        entry = StatsEntry(stats, "/", "GET")
        entry.log(10, 5)
        stats.entries["/", "GET"] = entry
        assert stats.get("/", "GET").num_requests == 1

    def test_current_percentiles_forget(self, clock: Clock):
        stats = RequestStats()
        for second in range(40):
            clock.now += 1
            stats.log_request("GET", "/", 900 if second < 20 else 30, 0)
        assert stats.total.get_current_response_time_percentile(1.0) == 30
        assert stats.total.get_response_time_percentile(1.0) == 900
        clock.now += 30
        assert stats.total.get_current_response_time_percentile(1.0) is None

    def test_current_percentiles_can_be_off(self):
        stats = RequestStats(use_response_times_cache=False)
        with pytest.raises(ValueError, match="use_response_times_cache"):
            stats.total.get_current_response_time_percentile(0.5)

    def test_to_dict(self):
        stats = RequestStats()
        stats.log_request("GET", "<&>", 12.5, 10)
        numbers = stats.get("<&>", "GET").to_dict(escape_string_values=True)
        assert numbers["name"] == "&lt;&amp;&gt;"
        assert (numbers["min_response_time"], numbers["response_time_percentile_0.95"]) == (13.0, 12.5)

    def test_names_are_bounded(self):
        stats = RequestStats()
        for number in range(10_050):
            stats.log_request("GET", str(number), 1, 0)
        assert len(stats.entries) == 10_001
        other = stats.entries["beyond", "GET"]
        assert (other.name, other.num_requests) == ("(other names: more than 10000 were seen)", 50)


class TestErrors:
    def test_are_grouped_by_text(self, clock: Clock):
        stats = RequestStats()
        first = ValueError("boom")
        for error in (first, ValueError("boom"), "ValueError('boom')", KeyError("x")):
            stats.log_error("GET", "/", error)
            clock.now += 1
        one, two = stats.errors.values()
        assert (one.occurrences, two.occurrences) == (3, 1)
        assert one.error is first
        assert one.last_seen - one.first_seen == 2
        assert one.parse_error(one.error) == "ValueError('boom')"

    def test_keys_are_locusts(self):
        stats = RequestStats()
        stats.log_error("GET", "/a", CatchResponseError("plain"))
        # Recorded from stock Locust.
        key = "7a790682e570db50f894c31518a8cc7c4c06d98d7b068e4fb3fc6d45fa0541b8"
        assert list(stats.errors) == [key]
        assert StatsError.create_key("GET", "/a", CatchResponseError("plain")) == key
        assert stats.errors[key].to_dict()["error"] == "CatchResponseError('plain')"

    @pytest.mark.parametrize(
        ("error", "shown"),
        [
            (CatchResponseError("plain"), "plain"),
            (CatchResponseError(ConnectionError("x")), "x"),
            (ValueError("it's"), 'ValueError("it\'s")'),
            ("text", "text"),
            ("CatchResponseError('from a worker')", "'from a worker'"),
            (None, "None"),
        ],
    )
    def test_are_shown_as_locust_shows_them(self, error: Any, shown: str):
        stats = RequestStats()
        stats.log_error("GET", "/", error)
        assert next(iter(stats.errors.values())).to_name() == f"GET /: {shown}"
        assert (
            stats_module.get_error_report_summary(stats)[3].rstrip() == f"1                  GET /: {shown}"
        )

    def test_addresses_do_not_tell_errors_apart(self):
        class Thing:
            pass

        stats = RequestStats()
        for _ in range(2):
            stats.log_error("GET", "/", Exception(Thing()))
        (error,) = stats.errors.values()
        assert error.occurrences == 2
        assert "object at 0x....>" in error.parse_error(error.error)

    def test_numbers_can_be_assigned(self):
        stats = RequestStats()
        stats.log_error("GET", "/", "bad")
        (error,) = stats.errors.values()
        error.occurrences, error.first_seen, error.last_seen = 5, 10.0, 20.0
        (again,) = stats.errors.values()
        assert (again.occurrences, again.first_seen, again.last_seen) == (5, 10.0, 20.0)
        error.occurred()
        assert stats.errors.popitem()[1].occurrences == 6

    def test_a_dict_can_be_assigned(self):
        stats = RequestStats()
        stats.log_error("GET", "/", "bad")
        (kept,) = stats.errors.values()
        stats.errors = {}
        assert not stats.errors
        assert (kept.occurrences, kept.error) == (1, "bad"), "who holds an error still sees it"
        stats.errors = {"key": StatsError("GET", "/", "worse", 3, 1.0, 2.0)}
        (error,) = stats.errors.values()
        assert error.serialize() == StatsError("GET", "/", "worse", 3, 1.0, 2.0).serialize()

    def test_standalone(self):
        error = StatsError("GET", "/", "bad")
        assert (error.occurrences, error.first_seen) == (0, None)
        error.occurred()
        assert StatsError.unserialize(error.serialize()).serialize() == error.serialize()

    def test_an_error_whose_repr_raises_is_the_caller_s_to_see(self):
        class Broken(Exception):
            def __repr__(self) -> str:
                raise RuntimeError("no repr")

        stats = RequestStats()
        with pytest.raises(RuntimeError, match="no repr"):
            stats.log_error("GET", "/", Broken())
        stats.log_error("GET", "/", "still works")
        assert stats.num_failures == 1


class TestRun:
    def test_reset_keeps_names_and_clear_does_not(self, clock: Clock):
        stats = RequestStats()
        stats.log_request("GET", "/", 10, 5)
        stats.log_error("GET", "/", "bad")
        entry = stats.get("/", "GET")
        clock.now += 5
        stats.reset_all()
        assert (len(stats.entries), entry.num_requests, len(stats.errors), stats.num_requests) == (1, 0, 0, 0)
        assert stats.start_time == entry.start_time == clock.now
        stats.history.append({})
        stats.clear_all()
        assert (len(stats.entries), stats.history) == (0, [])

    def test_stale_views_survive_a_clearing(self):
        stats = RequestStats()
        entry, total = stats.get("/", "GET"), stats.total
        stats.log_request("GET", "/", 5, 1)
        stats.clear_all()
        assert (entry.num_requests, total.num_requests, len(stats.entries)) == (0, 0, 0)
        entry.log(5, 1)
        assert stats.get("/", "GET").num_requests == 1
        stats.log_request("GET", "/", 5, 1)
        assert (entry.num_requests, total.num_requests) == (2, 1)

    def test_errors_may_clear_the_statistics_when_they_die(self):
        stats = RequestStats()

        class Vindictive(Exception):
            def __del__(self) -> None:
                stats.log_error("GET", "/", "from the grave")

        stats.log_error("GET", "/", Vindictive())
        stats.clear_all()
        gc.collect()
        assert [error.error for error in stats.errors.values()] == ["from the grave"]

    def test_distributed_reports_add_up(self, clock: Clock):
        from katydid.locust.event import Events

        worker_events, master_events = Events(), Events()
        worker, master = RequestStats(use_response_times_cache=False), RequestStats()
        stats_module.setup_distributed_stats_event_listeners(worker_events, worker)
        stats_module.setup_distributed_stats_event_listeners(master_events, master)
        for _ in range(2):
            clock.now += 1
            worker.log_request("GET", "/", 10, 5)
            worker.log_error("GET", "/", ValueError("x"))
            data: dict[str, Any] = {}
            worker_events.report_to_master.fire(client_id="w", data=data)
            master_events.worker_report.fire(client_id="w", data=data)
        assert (worker.num_requests, len(worker.errors)) == (0, 0)
        entry = master.get("/", "GET")
        assert (entry.num_requests, master.num_requests, master.num_failures) == (2, 2, 2)
        (error,) = master.errors.values()
        assert (error.occurrences, error.to_name()) == (2, "GET /: ValueError('x')")

    def test_history_of_charts(self, clock: Clock):
        stats = RequestStats()
        stats.log_request("GET", "/", 12, 5)
        runner = SimpleNamespace(stats=stats, user_count=7, state="running")
        stats_module.update_stats_history(runner)  # type: ignore[arg-type]
        (sample,) = stats.history
        assert sample["time"] == "2023-11-14T22:13:20Z"
        assert sample["response_time_percentile_0.95"] == [sample["time"], 12]
        assert (sample["user_count"][1], sample["total_avg_response_time"][1]) == (7, 12.0)


class TestRecorder:
    def test_records_what_an_event_says(self):
        stats = RequestStats()
        record = _core.Recorder(stats)
        record(
            request_type="GET", name="/", response_time=12.5, response_length=7, exception=None, context={}
        )
        record(
            request_type="GET",
            name="/",
            response_time=1,
            response_length=0,
            exception=ValueError("x"),
            url="",
        )
        record(request_type="EVENT", name=7, response_time=None, response_length=None)
        assert (stats.num_requests, stats.num_failures, stats.num_none_requests) == (3, 1, 1)
        assert ("7", "EVENT") in stats.entries
        (error,) = stats.errors.values()
        assert isinstance(error.error, ValueError)

    def test_refuses_what_locust_refuses(self):
        record = _core.Recorder(RequestStats())
        with pytest.raises(TypeError, match="response_time"):
            record(request_type="GET", name="/", response_length=0)
        with pytest.raises(TypeError):
            record(request_type="GET", name="/", response_time="soon", response_length=0)
        with pytest.raises(TypeError):
            record("GET", "/", 1, 0)

    def test_survives_odd_numbers_and_texts(self):
        stats = RequestStats()
        record = _core.Recorder(stats)
        for odd in (float("nan"), float("inf"), -5, 1e300):
            record(request_type="GET", name="\ud800", response_time=odd, response_length=-1)
        assert (stats.num_requests, stats.num_none_requests) == (4, 2)
        assert (stats.total.total_content_length, stats.total.min_response_time) == (0, -5)
        stats_module.get_percentile_stats_summary(stats)


class TestMarks:
    @pytest.fixture
    def address(self) -> Iterator[str]:
        server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()

    @pytest.mark.parametrize("listeners", [0, 1])
    def test_lag_and_phases_are_known_although_somebody_listens(self, address: str, listeners: int):
        environment = Environment()
        environment.create_local_runner()
        for _ in range(listeners):
            environment.events.request.add_listener(lambda **_: None)
        session = HttpSession(base_url=address, request_event=environment.events.request, user=None)
        session.get("/")
        lag, *others = stats_module.get_truth_summary(environment.stats)
        assert lag.startswith("Lag: p50") and " of 0 " not in lag
        # On a busy machine another line says that the lag is too high.
        assert any("connect" in line and "waiting" in line for line in others), others
        assert environment.stats.num_requests == 1


class TestFiles:
    @pytest.fixture
    def stats(self, clock: Clock) -> RequestStats:
        return RequestStats()

    @pytest.fixture
    def writer(self, stats: RequestStats, tmp_path: Path) -> Iterator[StatsCSVFileWriter]:
        writer = StatsCSVFileWriter(environment(stats), [0.5, 1.0], str(tmp_path / "x"), full_history=True)
        yield writer
        writer.close()

    def rows(self, tmp_path: Path, kind: str) -> list[list[str]]:
        with open(tmp_path / f"x_{kind}.csv", newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    def test_last_rows_are_written(self, stats: RequestStats, writer: StatsCSVFileWriter, tmp_path: Path):
        for number in range(34):
            stats.log_request("GET", "/", 10 + number, 5)
        stats.log_error("GET", "/", "bad, really")
        writer.close_files()
        writer.close_files()
        assert self.rows(tmp_path, "stats")[-1][:4] == ["", "Aggregated", "34", "1"]
        assert self.rows(tmp_path, "failures")[1][2:4] == ["bad, really", "1"]
        assert self.rows(tmp_path, "exceptions") == [["Count", "Message", "Traceback", "Nodes"]]
        history = self.rows(tmp_path, "stats_history")
        assert [row[2:4] for row in history[1:]] == [["GET", "/"], ["", "Aggregated"]]

    def test_rewriting_leaves_nothing_of_longer_rows(
        self, stats: RequestStats, writer: StatsCSVFileWriter, tmp_path: Path
    ):
        for number in range(50):
            stats.log_request("GET", f"/{number}", 10, 5)
        writer.write_final()
        stats.clear_all()
        writer.write_final()
        assert [row[1] for row in self.rows(tmp_path, "stats")] == ["Name", "Aggregated"]

    def test_writes_again_and_again(
        self,
        stats: RequestStats,
        writer: StatsCSVFileWriter,
        tmp_path: Path,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ):
        pauses: list[float] = []

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            clock.now += seconds
            stats.log_request("GET", "/", 10, 5)
            if len(pauses) == 8:
                raise gevent.GreenletExit

        monkeypatch.setattr(gevent, "sleep", sleep)
        with pytest.raises(gevent.GreenletExit):
            writer()
        assert pauses == [1] * 8
        flushed = [row[2] for row in self.rows(tmp_path, "stats") if row[1] == "Aggregated"]
        assert flushed == ["6"], "files are flushed when more than five seconds have passed"
        writer.close()
        totals = [row for row in self.rows(tmp_path, "stats_history") if row[3] == "Aggregated"]
        assert [row[-7] for row in totals] == [str(count) for count in range(9)]
        assert totals[0][6] == "N/A"


class TestTools:
    def test_percentile_of_buckets(self):
        assert stats_module.calculate_response_time_percentile({10: 1, 20: 2, 30: 1}, 4, 0.5) == 20
        assert stats_module.calculate_response_time_percentile({}, 0, 0.5) == 0
        assert stats_module.median_from_dict(4, {10: 2, 20: 2}) == 10
        assert stats_module.median_from_dict(0, {}) == 0
        assert stats_module.diff_response_time_dicts({1: 3, 2: 5, 3: 1}, {1: 3, 2: 1}) == {2: 4, 3: 1}
        assert (stats_module.avg([]), stats_module.avg([1, 2])) == (0, 1.5)

    def test_readable_percentiles(self):
        shares = [0.5, 0.999, 0.9999, 1.0, 0.123456789]
        assert stats_module.get_readable_percentiles(shares) == [
            "50%",
            "99.9%",
            "99.99%",
            "100%",
            "12.345679%",
        ]

    @pytest.mark.parametrize(
        ("name", "shares"),
        [
            ("PERCENTILES_TO_CHART", [0.5] * 7),
            ("PERCENTILES_TO_CHART", [1.5]),
            ("PERCENTILES_TO_CHART", [1]),
            ("PERCENTILES_TO_STATISTICS", ["0.5"]),
        ],
    )
    def test_senseless_percentiles_end_the_process(
        self,
        name: str,
        shares: list[Any],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ):
        monkeypatch.setattr(stats_module, name, shares)
        with pytest.raises(SystemExit) as ended:
            stats_module.validate_stats_configuration()
        assert ended.value.code == 1
        assert name in capsys.readouterr().err

    def test_defaults_make_sense(self):
        stats_module.validate_stats_configuration()
