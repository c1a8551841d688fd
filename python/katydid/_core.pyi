"""The native half of the package: the reactor, the clients and the statistics."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from katydid.http.fastresponse import ResponseContextManager as FastResponseContextManager
from katydid.locust.clients import ResponseContextManager

__version__: str

# seconds for the whole, or for connecting and for each wait for data
_Timeout = float | tuple[float | None, float | None] | None

def sleep(seconds: float) -> None:
    """Let other greenlets run for so long."""

def yield_if_unswitched() -> None:
    """Let other greenlets run, unless they did since this was called last."""

def target_main(argv: list[str]) -> int:
    """Run a practice server; returns the exit code."""

class Rules:
    """Rules of expectations, such as `409 on POST /*/state`."""

    def __new__(cls, texts: list[str]) -> Self: ...
    @property
    def texts(self) -> list[str]: ...
    @property
    def judge_successes(self) -> bool: ...
    def judge(
        self,
        method: str,
        name: str,
        *,
        is_failure: bool,
        status: int | None,
        no_answer: str | None,
        texts: list[str],
    ) -> tuple[str, str] | None: ...
    def outcomes(self, stats: RequestStats) -> list[tuple[str, str, float | None, int, int, bool, int]]: ...
    def table(self, stats: RequestStats) -> list[str]: ...
    def rows(self, stats: RequestStats) -> list[list[str]]: ...

def check_rule(text: str) -> None:
    """Raise ValueError, with the place and the fix, for text that is no rule."""

def history_main(argv: list[str]) -> int:
    """Carry out a command about stored runs; returns the exit code."""

def history_check(store: str | None, keep: str | None) -> str | None:
    """Open a store to see that it can be; returns how it is shown, None for the store that is none."""

def history_report(store: str | None, run: str) -> bytes:
    """Everything that the report of a stored run tells, as JSON."""

def history_comparison(store: str | None, run: int) -> str | None:
    """What a run's report says about its baseline, as JSON; None if it was held against none."""

def history_run(
    store: str | None, run: str, documents: list[str]
) -> tuple[int, str, list[tuple[str, bytes]]]:
    """A stored run's number, what is known of it as JSON, and its documents."""

def history_levels(store: str | None, run: str) -> list[tuple[str, int, float | None]]:
    """The levels of a stored run: scenario, users, 95th percentile in milliseconds."""

def history_compare(
    store: str | None,
    baseline: str,
    run: str,
    allow: list[float] = ...,
    allow_errors: float | None = None,
) -> tuple[list[str], bool, str, list[str]]:
    """Hold a stored run against another: lines, whether it has passed, JSON, what is worse."""

def history_conclude(
    store: str | None, run: int, at: float, exit_code: int | None = None, verdict: bytes | None = None
) -> None:
    """Keep how a run ended."""

class StoredRun:
    """A run that is being kept by a thread of its own."""

    def __init__(
        self, store: str | None, about: bytes, keep: str | None = None, baseline: str | None = None
    ) -> None: ...
    @property
    def number(self) -> int: ...
    @property
    def store(self) -> str: ...
    def observe(self, stats: RequestStats, at: float, users: int, must: bool = False) -> bool: ...
    def level(
        self, number: int, scenario: str, label: str, users: int, begun_at: float, until: float | None
    ) -> None: ...
    def document(self, name: str, content: bytes) -> None: ...
    def complaint(self) -> str | None: ...
    def finish(self, at: float, exit_code: int | None = None, verdict: bytes | None = None) -> None: ...

class OtlpExporter:
    """Sends a run's numbers to an OpenTelemetry collector, on a thread of its own."""

    def __init__(self, given: str, started_at: float) -> None: ...
    @staticmethod
    def check(given: str) -> None:
        """Raise ValueError for an address or a variable that cannot be used."""
    @property
    def interval_s(self) -> float: ...
    def observe(self, stats: RequestStats, at: float, users: int, must: bool = False) -> None: ...
    def complaint(self) -> str | None: ...
    def finish(self) -> str | None: ...

class Recorder:
    """A listener of request events that writes them into statistics."""

    hears_lag: bool
    def __init__(self, stats: Any) -> None: ...
    def __call__(self, **kwargs: Any) -> None: ...

def check_stages(text: str) -> None:
    """Raise ValueError, with the place and the fix, for text that is no list of levels."""

def check_threshold(text: str) -> None:
    """Raise ValueError, with the place and the fix, for text that is no threshold."""

class Suite:
    """A suite file with one of its profiles applied."""

    def __init__(self, text: str, profile: str | None, options: list[str]) -> None: ...
    @property
    def options(self) -> list[tuple[str, str | list[str]]]: ...
    @property
    def profile(self) -> str | None: ...
    @property
    def profiles(self) -> list[str]: ...

class Judge:
    """Judges one run: levels and thresholds."""

    def __init__(self, suite: Suite | None, stages: str | None, thresholds: list[str]) -> None: ...
    @property
    def levels(self) -> list[tuple[str, int, float, float, int, str, list[str], str | None]]: ...
    @property
    def users(self) -> list[str]: ...
    @property
    def asks(self) -> bool: ...
    @property
    def needs_ticks(self) -> bool: ...
    @property
    def judges_failures(self) -> bool: ...
    def compare_with(self, baseline: list[tuple[str, int, float | None]]) -> None: ...
    def begin(self, stats: RequestStats, users: Sequence[RequestStats], now: float) -> None: ...
    def begin_level(
        self, index: int, stats: RequestStats, users: Sequence[RequestStats], now: float
    ) -> None: ...
    def end_level(self, stats: RequestStats, users: Sequence[RequestStats], now: float) -> None: ...
    def stop(self, now: float) -> None: ...
    def tick(self, stats: RequestStats, users: Sequence[RequestStats], now: float) -> str | None: ...
    def add(self, kind: str, name: str, said: str, passed: bool) -> None: ...
    def standing(self, stats: RequestStats, users: Sequence[RequestStats], now: float) -> str: ...
    def finish(self, stats: RequestStats, users: Sequence[RequestStats], now: float) -> bool: ...
    def line(self) -> str | None: ...
    def lines(self) -> list[str]: ...
    def json(self) -> str | None: ...
    def markdown(self, title: str) -> str | None: ...
    def junit(self, suite: str) -> str | None: ...

class Dispatcher:
    """Lays out users over workers."""

    def __init__(self, workers: list[str], user_classes: list[tuple[str, float, int]]) -> None: ...
    def aim_at(self, users: int, rate: float) -> None: ...
    def change_classes(self, user_classes: list[tuple[str, float, int]]) -> None: ...
    def choose(self, user_class: str) -> None: ...
    @property
    def unchosen(self) -> int: ...
    def add_worker(self, worker: str) -> None: ...
    def remove_worker(self, worker: str) -> None: ...
    @property
    def is_in_progress(self) -> bool: ...
    @property
    def user_count(self) -> int: ...
    def step(self) -> dict[str, dict[str, int]] | float | None: ...

class ClusterEvent:
    """Something that a node of a cluster tells its owner; the kinds, and what comes with each.

    Of a master: `note` level text; `connected` client_id index was_there; `heartbeat`, `busy`, `missing`,
    `stopped`, `quit` client_id; `none_left` has_quit; `report` client_id data; `exception` client_id msg
    traceback; `logs` client_id data; `locustfile_wanted` client_id version; `custom` client_id type data;
    `spawning_complete` user_count is_reported is_takeover; `run_stopped` is_late.

    Of a worker: `note` level text; `acknowledged` index is_first; `not_connected`; `refused` reason; `spawn`
    timestamp users host stop_timeout parsed_options run is_new_run was_idle; `spawning_complete` user_count;
    `stop`; `quit`; `heartbeat`; `report_due`; `master_lost`; `custom` type data.
    """

    @property
    def kind(self) -> str: ...
    @property
    def data(self) -> dict[str, Any]: ...

class ClusterMaster:
    """A master that listens, on a thread of its own. Reports are merged into `stats` as they come."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        version: str,
        stats: RequestStats,
        key: str | None = None,
        key_file: str | None = None,
    ) -> None: ...
    @property
    def port(self) -> int: ...
    @property
    def descriptor(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def run(self) -> int: ...
    def take(self) -> list[ClusterEvent]: ...
    def want(self, *, heartbeats: bool = False, reports: bool = False) -> None: ...
    def set_stats(self, stats: RequestStats) -> None: ...
    def begin(self) -> int: ...
    def start(
        self,
        users: int,
        rate: float,
        user_classes: list[tuple[str, float, int]],
        *,
        host: str | None = None,
        stop_timeout: float = 0.0,
        parsed_options: dict[str, Any] | None = None,
    ) -> None: ...
    def assign(
        self,
        users: dict[str, dict[str, int]],
        *,
        host: str | None = None,
        stop_timeout: float = 0.0,
        parsed_options: dict[str, Any] | None = None,
    ) -> None: ...
    def finish_assignment(self) -> None: ...
    def stop(self) -> None: ...
    def quit(self) -> None: ...
    def send(self, kind: str, data: Any = None, client_id: str | None = None) -> None: ...
    def workers(self) -> list[tuple[str, int, str, dict[str, int], float, int, bool]]: ...
    def indexes(self) -> dict[str, int]: ...
    def reported_users(self) -> dict[str, int]: ...
    def ordered_users(self) -> dict[str, int]: ...
    def adjust(
        self,
        *,
        heartbeat_interval: float | None = None,
        liveness: int | None = None,
        forgotten_after: float | None = None,
        report_wait: float | None = None,
        takes_over: bool | None = None,
    ) -> None: ...
    def close(self) -> None: ...

class ClusterWorker:
    """A worker that connects to its master, on a thread of its own."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        client_id: str,
        version: str,
        key: str | None = None,
        key_file: str | None = None,
    ) -> None: ...
    @property
    def client_id(self) -> str: ...
    @property
    def descriptor(self) -> int: ...
    @property
    def has_joined(self) -> bool: ...
    @property
    def has_katydid_master(self) -> bool: ...
    @property
    def state(self) -> str: ...
    @property
    def pending_reports(self) -> int: ...
    def take(self) -> list[ClusterEvent]: ...
    def want(self, *, heartbeats: bool = False) -> None: ...
    def connect(self) -> None: ...
    def ask_for_locustfile(self, version: str) -> None: ...
    def begin(self, run: int) -> None: ...
    def applied(self, timestamp: float, users: dict[str, int]) -> None: ...
    def stopped(self, wait: float = 0.0) -> None: ...
    def use_resources(self, cpu_percent: float, memory_bytes: int) -> None: ...
    def report(
        self, stats: RequestStats, users: dict[str, int], added: dict[str, Any] | None = None
    ) -> None: ...
    def exception(self, message: str, traceback: str) -> None: ...
    def logs(self, lines: list[str]) -> None: ...
    def send(self, kind: str, data: Any = None) -> None: ...
    def quit(self) -> None: ...
    def flush(self) -> None: ...
    def adjust(
        self,
        *,
        heartbeat_interval: float | None = None,
        report_interval: float | None = None,
        connect_timeout: float | None = None,
        connect_tries: int | None = None,
        master_timeout: float | None = None,
    ) -> None: ...
    def close(self) -> None: ...

def cluster_pack(value: Any) -> bytes:
    """A value as the nodes of a cluster send it."""

def cluster_unpack(data: bytes) -> Any:
    """The value that a node has sent."""

def cluster_take_stats(stats: RequestStats) -> bytes:
    """Take statistics out, whole, as bytes that a listener can add to a report."""

def cluster_merge_stats(stats: RequestStats, data: bytes) -> None:
    """Add statistics that were taken out elsewhere. Raises ValueError for other bytes."""

def cluster_key_files() -> tuple[str, str]:
    """A new cluster key as the contents of two files: the master's, and the workers'."""

class Control:
    """The server of the page and its programs; with `host=None` it does not listen and is a board alone."""

    def __init__(
        self,
        *,
        host: str | None,
        port: int = 0,
        tls_cert: str | None = None,
        tls_key: str | None = None,
        base_path: str = "",
        basic_auth: str | None = None,
        bearer_tokens: list[str] = ...,
        login: bool = False,
        allowed_hosts: list[str] = ...,
        page: str | None = None,
        flask: str = "nothing",
        history_only: bool = False,
    ) -> None: ...
    @property
    def port(self) -> int | None: ...
    @property
    def descriptor(self) -> int: ...
    def take(self) -> list[Command]: ...
    def offer_store(self, store: str | None) -> None: ...
    def publish_stats(self, stats: RequestStats, at: float | None = None) -> None: ...
    def publish(self, name: str, json: bytes) -> None: ...
    def mark(self, kind: str, text: str, at: float | None = None) -> None: ...
    def set_flask(self, scope: str) -> None: ...
    def rest(self, seconds: float) -> None: ...
    def set_history_file(self, path: str | None) -> None: ...
    def answer(self, target: str, method: str = "GET") -> tuple[int, list[tuple[str, str]], bytes]: ...
    def stop(self) -> None: ...

class Command:
    """One thing to do for the users' thread, and the way to answer."""

    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def request(self) -> ControlRequest | None: ...
    def reply(self, status: int = 200, headers: list[tuple[str, str]] = ..., body: bytes = b"") -> None: ...
    def stream(self, status: int, headers: list[tuple[str, str]]) -> ControlStream: ...

class ControlStream:
    """The body of an answer as it comes; closed before its end it tells the client that it broke off."""

    def send(self, piece: bytes) -> bool: ...
    def end(self) -> bool: ...
    def close(self) -> None: ...

class ControlRequest:
    """The HTTP request that a command comes from."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> str: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def remote(self) -> str: ...

def page_document(name: str) -> str | None:
    """A document of the page that was built into this module; None when it was not."""

def parse_time_span(text: str) -> int:
    """Seconds of a time span such as `1h30m`."""

class RequestStats:
    """The statistics of a run."""

    def __new__(cls, use_response_times_cache: bool = True, *, started_at: float | None = None) -> Self: ...
    def _record(
        self, method: str, name: str, response_time: float | None, length: int, at: float
    ) -> None: ...
    def _record_failure(self, method: str, name: str, error: object, at: float) -> None: ...
    def _keep_windows(self, seconds: int, also_entries: bool) -> None: ...
    def _distributions(self) -> str: ...
    def _keys(self) -> list[tuple[str, str]]: ...
    def _has(self, name: str, method: str) -> bool: ...
    def _make(self, name: str, method: str, now: float) -> tuple[str, str]: ...
    def _remove(self, name: str, method: str) -> None: ...
    def _reset(self, now: float) -> None: ...
    def _clear(self, now: float) -> None: ...
    def _error_count(self) -> int: ...
    def _error(self, index: int) -> tuple[str, str, str, Any, int, float, float]: ...
    def _error_key(self, index: int) -> str: ...
    def _set_error(self, index: int, occurrences: int, first_seen: float, last_seen: float) -> None: ...
    def _add_errors(
        self, method: str, name: str, error: object, occurrences: int, seen: tuple[float, float]
    ) -> None: ...
    def _clear_errors(self) -> None: ...
    def _record_reclassified(
        self, rule: str, verdict: str, method: str, name: str, from_: str, at: float, count: int = 1
    ) -> None: ...
    def _reclassified(self) -> list[tuple[str, str, str, str, str, int, float, float]]: ...

class StatsEntry:
    """The numbers of one name, or of a whole run."""

    num_requests: int
    num_none_requests: int
    num_failures: int
    total_response_time: float
    min_response_time: float | None
    max_response_time: float
    total_content_length: int
    start_time: float
    last_request_timestamp: float | None

    def __new__(
        cls,
        stats: RequestStats,
        name: str,
        method: str,
        use_response_times_cache: bool = False,
        *,
        now: float | None = None,
    ) -> Self: ...
    def _join(self) -> None: ...
    def _part(self) -> None: ...
    def _join_total(self) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def fail_ratio(self) -> float: ...
    @property
    def avg_response_time(self) -> float: ...
    @property
    def median_response_time(self) -> float: ...
    @property
    def avg_content_length(self) -> float: ...
    @property
    def current_rps(self) -> float: ...
    @property
    def current_fail_per_sec(self) -> float: ...
    @property
    def total_rps(self) -> float: ...
    @property
    def total_fail_per_sec(self) -> float: ...
    def get_response_time_percentile(self, percent: float) -> float: ...
    def _window_percentile(self, percent: float, seconds: int, now: float) -> float | None: ...
    def _has_window(self) -> bool: ...
    def _record(self, response_time: float | None, length: int, at: float) -> None: ...
    def _record_failure(self, at: float) -> None: ...
    def _reset(self, now: float) -> None: ...
    def _merge(self, other: StatsEntry) -> None: ...
    def _cells(self) -> list[tuple[float, int]]: ...
    def _buckets(self) -> list[tuple[int, int]]: ...
    def _set_cells(self, cells: list[tuple[float, int]]) -> None: ...
    def _requests_by_second(self) -> list[tuple[int, int]]: ...
    def _set_requests_by_second(self, counts: list[tuple[int, int]]) -> None: ...
    def _requests_in(self, second: int) -> int: ...
    def _put_requests(self, second: int, count: int) -> None: ...
    def _failures_in(self, second: int) -> int: ...
    def _put_failures(self, second: int, count: int) -> None: ...
    def _copies(self, seconds: int) -> list[tuple[int, list[tuple[float, int]]]]: ...
    def _set_copies(self, seconds: int, copies: list[tuple[int, list[tuple[float, int]]]]) -> None: ...
    def _failures_by_second(self) -> list[tuple[int, int]]: ...
    def _set_failures_by_second(self, counts: list[tuple[int, int]]) -> None: ...
    def _row(self, current: bool, layout: tuple[int, int]) -> str: ...
    def _percentile_row(self, quantiles: list[float], layout: tuple[int, int]) -> str: ...

def stats_error_key(method: str, name: str, text: str) -> str:
    """The key under which files and protocol know an error with this text."""

def stats_error_text(error: object) -> str:
    """The text of an error, without memory addresses."""

def stats_bucket(response_time: float) -> int:
    """The bucket of a response time in Locust's files."""

def stats_percents(quantiles: list[float]) -> list[str]:
    """Quantiles as percentages."""

def stats_table(stats: RequestStats, current: bool, layout: tuple[int, int]) -> list[str]:
    """The table of requests, line by line."""

def stats_percentile_table(stats: RequestStats, quantiles: list[float], layout: tuple[int, int]) -> list[str]:
    """The table of percentiles, line by line."""

def stats_error_table(stats: RequestStats, texts: list[str], layout: tuple[int, int]) -> list[str]:
    """The table of failures, line by line."""

def stats_truth_lines(stats: RequestStats) -> list[str]:
    """The lines on lag and phases."""

def stats_is_generator_limited(stats: RequestStats) -> bool:
    """Was the generator too busy for its load?"""

def stats_request_rows(stats: RequestStats, quantiles: list[float]) -> list[list[str]]:
    """The rows of `_stats.csv`."""

def stats_failure_rows(stats: RequestStats) -> list[list[str]]:
    """The rows of `_failures.csv`."""

def stats_history_rows(
    stats: RequestStats, quantiles: list[float], now: float, user_count: int, is_full: bool
) -> list[list[str]]:
    """The rows that one moment adds to `_stats_history.csv`."""

def stats_history_head(quantiles: list[float]) -> list[str]:
    """The first row of `_stats_history.csv`."""

def stats_exception_rows(exceptions: list[tuple[int, str, str, list[str]]]) -> list[list[str]]:
    """The rows of `_exceptions.csv`."""

def stats_json(stats: RequestStats) -> str:
    """The entries as JSON."""

def install() -> None:
    """Join the reactor to this thread's gevent loop, which everything else does by itself when first used."""

class Versioned:
    """Counts the changes of a Python object that derives from it."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def _bump(self) -> None: ...
    @property
    def _version(self) -> int: ...

class Failed:
    """Why an exchange has no answer."""

    @property
    def kind(self) -> str: ...
    @property
    def number(self) -> int | None: ...
    @property
    def body(self) -> tuple[int, int | None] | None: ...
    @property
    def label(self) -> str | None: ...
    @property
    def has_head(self) -> bool: ...
    @property
    def has_body(self) -> bool: ...
    @property
    def is_connected(self) -> bool: ...

class Incoming:
    """An answer, complete or with its body still to come."""

    @property
    def status(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def fields(self) -> list[tuple[str, str]]: ...
    @property
    def is_complete(self) -> bool: ...
    @property
    def seconds(self) -> float: ...
    def read(self, amount: int = -1) -> bytes | Failed: ...
    def close(self) -> None: ...

class ConnectionPool:
    """A pool of connections; usually of one session, but several may share one."""

    def __new__(cls, size: int = 10, keep: int | None = None, **_kwargs: Any) -> Self: ...
    def close(self) -> None: ...
    def exchange(
        self,
        origin: tuple[bool, str, int],
        method: str,
        head: bytes,
        body: bytes | Iterable[bytes] | None = None,
        *,
        chunked: bool = False,
        stream: bool = False,
        connect: float | None = None,
        network: float | None = None,
        verify: bool | str | None = None,
        cert: Any = None,
        bundle: str | None = None,
        proxy: tuple[str, int, str | None] | None = None,
    ) -> Incoming | Failed: ...

class Response:
    """Native base of both clients' responses."""

    status_code: int
    error: Any
    request_meta: dict[str, Any]

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, class_: Any, error: Any, _traceback: Any) -> bool: ...
    def success(self) -> None: ...
    def failure(self, exc: Any) -> None: ...
    @property
    def _is_native(self) -> bool: ...
    @property
    def _catches(self) -> bool: ...
    @property
    def _manual_result(self) -> Any: ...
    @property
    def _final_url(self) -> str: ...
    @property
    def _stats_name(self) -> Any: ...
    @property
    def _content_type(self) -> str | None: ...
    @property
    def _first_byte_seconds(self) -> float: ...
    def _body(self) -> bytes | None: ...
    def _json(self) -> Any: ...
    def _fields(self) -> list[tuple[str, str]]: ...
    def _header(self, name: str) -> str | None: ...
    @property
    def _version(self) -> int: ...
    def _reason(self) -> str: ...
    def _sent(self) -> tuple[Any, str, str, Any, Any]: ...
    def _on_wire(self) -> tuple[str, list[tuple[str, str]]] | None: ...
    def _keep_wire(self, url: str, head: bytes) -> None: ...
    def _report(self) -> None: ...
    def _take(
        self, incoming: Incoming, url: str | None, *, is_open: bool = False
    ) -> tuple[bool, bool, bool]: ...
    def _adopt(
        self, status: int, length: int, incoming: Incoming | Failed | None = None, seconds: float = 0.0
    ) -> None: ...
    def _copy_to(self, other: Response) -> None: ...
    def _lose(self, failed: Failed | None) -> None: ...
    def _set_body(self, body: bytes) -> None: ...
    def _set_request(self, name: Any, url: Any) -> None: ...

class FastHttpClient:
    """Native base of `FastHttpSession`."""

    base_url: Any
    request_event: Any
    user: Any
    cookiejar: Any
    _default_headers: Any
    _pool: ConnectionPool

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def _configure(
        self,
        *,
        connect: float | None,
        network: float | None,
        verify: bool | str | None,
        cert: Any,
        bundle: str,
        proxy: tuple[str, int] | None = None,
    ) -> None: ...
    def _exchange(
        self,
        origin: tuple[bool, str, int],
        method: str,
        head: bytes,
        body: bytes | Iterable[bytes] | None = None,
        *,
        chunked: bool = False,
        stream: bool = False,
    ) -> Incoming | Failed: ...
    def _respond(
        self,
        class_: type[Any],
        method: str,
        url: str,
        name: Any,
        headers: Any,
        payload: Any,
        context: dict[str, Any] | None,
        catch_response: bool,
    ) -> Any: ...
    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        json: Any = None,
        allow_redirects: bool | None = None,
        context: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> FastResponseContextManager: ...
    def get(
        self,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> FastResponseContextManager: ...
    def head(
        self,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> FastResponseContextManager: ...
    def options(
        self,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> FastResponseContextManager: ...
    def delete(
        self,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> FastResponseContextManager: ...
    def post(
        self,
        url: str,
        data: Any = None,
        json: Any = None,
        *,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> FastResponseContextManager: ...
    def put(
        self,
        url: str,
        data: Any = None,
        *,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> FastResponseContextManager: ...
    def patch(
        self,
        url: str,
        data: Any = None,
        *,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> FastResponseContextManager: ...

class HttpClient:
    """Native base of `HttpSession`."""

    base_url: Any
    request_event: Any
    user: Any
    headers: Any
    cookies: Any
    request_name: Any
    auth: Any
    proxies: Any
    hooks: Any
    params: Any
    verify: Any
    cert: Any
    stream: bool
    trust_env: bool
    _is_odd: bool

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    @property
    def _pool(self) -> ConnectionPool: ...
    def _respond(
        self, class_: type[Any], method: str, context: dict[str, Any] | None, catch_response: bool
    ) -> Any: ...
    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        catch_response: bool | None = None,
        context: dict[str, Any] | None = None,
        *,
        data: Any = None,
        json: Any = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> ResponseContextManager: ...
    def get(
        self,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> ResponseContextManager: ...
    def head(
        self,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> ResponseContextManager: ...
    def options(
        self,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> ResponseContextManager: ...
    def delete(
        self,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> ResponseContextManager: ...
    def post(
        self,
        url: str,
        data: Any = None,
        json: Any = None,
        *,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> ResponseContextManager: ...
    def put(
        self,
        url: str,
        data: Any = None,
        *,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> ResponseContextManager: ...
    def patch(
        self,
        url: str,
        data: Any = None,
        *,
        json: Any = None,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        auth: Any = None,
        context: dict[str, Any] | None = None,
        catch_response: bool | None = None,
        stream: bool | None = None,
        allow_redirects: bool | None = None,
        params: Any = None,
        timeout: _Timeout = None,
        **kwargs: Any,
    ) -> ResponseContextManager: ...

def keep_samples(keeper: Any) -> None:
    """Have `keeper(response, exception)` called with every failed answer; None ends that."""

def response_times(response: Response) -> tuple[float, list[tuple[str, float]]]:
    """Milliseconds of a request, and of each of its phases that took place."""
