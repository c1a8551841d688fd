"""The command as its user meets it: exit codes, messages, files, signals."""

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import eventually

TICKING = """
from locust import User, constant, task

class Ticking(User):
    wait_time = constant(0.05)

    @task
    def tick(self):
        self.environment.events.request.fire(
            request_type="T", name="tick", response_time=5, response_length=3, exception=None
        )
"""

FAILING = TICKING.replace("exception=None", 'exception=OSError("no")')

BURNING = """
from locust import User, task

class Burning(User):
    @task
    def burn(self):
        print("burning", flush=True)
        while True:
            pass
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a locustfile, as current folder and home of the command."""
    (tmp_path / "locustfile.py").write_text(TICKING)
    return tmp_path


def environment(place: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))}
    return {**kept, "HOME": str(place)}


def command(line: str) -> list[str]:
    return [sys.executable, "-m", "katydid", *shlex.split(line)]


def run(place: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the arguments in `line` until it ends."""
    return subprocess.run(
        command(line), cwd=place, env=environment(place), capture_output=True, text=True, timeout=60
    )


def state_of(process: subprocess.Popen[str]) -> str:
    """What the process is at: R runs, S sleeps."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def begin(place: Path, line: str, until: str) -> subprocess.Popen[str]:
    """Begin a run and wait until it says that much on stderr or stdout."""
    process = subprocess.Popen(
        command(line),
        cwd=place,
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for said in process.stdout:
        if until in said:
            return process
    raise AssertionError(f"the command ended with {process.wait()} and never said {until!r}")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("-f missing.py --headless", 1, "missing.py"),
        ("--headless Nobody", 1, "Nobody (the locustfile has: Ticking)"),
        ("-f empty.py --headless", 1, "empty.py"),
        ("-f syntax.py --headless", 1, "syntax.py:2: SyntaxError"),
        ("-f raising.py --headless", 1, "raising.py:2: ZeroDivisionError"),
        ("-f importing.py --headless", 1, "importing.py:1: ModuleNotFoundError"),
        ("-f locustfile.py,twin.py --headless", 1, "both have a user class Ticking"),
        ("--headless --hedless", 2, "Did you mean --headless"),
        ("--headless -t soon", 2, "--run-time"),
        ("--headless --master --worker", 255, "--master and --worker"),
        ("--headless --master --cluster-key short", 1, "openssl rand"),
        ("--worker --cluster-key-file missing", 1, "missing"),
        ("--headless --autoquit 3", 1, "--autostart"),
        ("-f - --headless", 1, "--worker"),
        ("--headless -t 1s --csv locustfile.py/x", 1, "locustfile.py/x"),
        ("--headless -t 1s --logfile missing/run.log", 1, "missing/run.log"),
        ("""--headless -t 1s --config-users '{"user_class_name": "Nobody"}'""", 255, "Nobody"),
    ],
)
def test_what_cannot_run_ends_with_one_clear_line(place: Path, line: str, code: int, said: str) -> None:
    (place / "empty.py").write_text("")
    (place / "syntax.py").write_text("import os\ndef broken(:\n")
    (place / "raising.py").write_text("import os\n1 / 0\n")
    (place / "importing.py").write_text("import no_such_module\n")
    (place / "twin.py").write_text(TICKING)
    done = run(place, line)
    assert done.returncode == code, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert said in last, done.stderr
    assert "katydid/locust/main.py" not in done.stderr


def test_list(place: Path) -> None:
    done = run(place, "--list")
    assert (done.returncode, done.stdout) == (0, "Available Users:\n    Ticking\n")


def test_version_and_help_need_no_locustfile(tmp_path: Path) -> None:
    assert run(tmp_path, "-V").stdout.startswith("katydid ")
    help_text = run(tmp_path, "--help")
    assert help_text.returncode == 0
    assert "--headless" in help_text.stdout


def test_task_ratios(place: Path) -> None:
    assert " 100.0      Ticking" in run(place, "--show-task-ratio").stdout
    shown = json.loads(run(place, "--show-task-ratio-json").stdout)
    assert shown["total"] == {"Ticking": {"ratio": 1.0, "tasks": {"tick": {"ratio": 1.0}}}}


def test_a_run_prints_live_tables_and_summaries(place: Path) -> None:
    done = run(place, "--headless -t 1s")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("req/s  failures/s") >= 2
    assert "Response time percentiles" in done.stderr
    assert re.search(r"^Lag: ", done.stderr, re.MULTILINE)


def test_only_summary_and_quiet(place: Path) -> None:
    assert run(place, "--headless -t 1s --only-summary").stderr.count("req/s  failures/s") == 1
    quiet = run(place, "--headless -t 1s -q")
    assert "req/s" not in quiet.stderr
    assert re.search(r"^\d+ requests, 0 failed \(0.00%\), [\d.]+ per second", quiet.stderr, re.MULTILINE)


def test_files_hold_the_whole_run(place: Path) -> None:
    (place / "locustfile.py").write_text(FAILING)
    done = run(place, "--headless -t 2s --csv out/run --json-file out/run")
    assert done.returncode == 1
    assert "req/s" not in done.stderr.split("shutting down")[-1]
    [entry] = json.loads((place / "out" / "run.json").read_text())
    requests = entry["num_requests"]
    assert requests > 1
    tables = {
        name: list(csv.DictReader((place / "out" / f"run_{name}.csv").open(newline="")))
        for name in ("stats", "failures", "stats_history", "exceptions")
    }
    assert [int(row["Request Count"]) for row in tables["stats"]] == [requests, requests]
    assert [(row["Error"], int(row["Occurrences"])) for row in tables["failures"]] == [
        ("OSError('no')", requests)
    ]
    assert int(tables["stats_history"][-1]["Total Request Count"]) == requests
    assert tables["exceptions"] == []


def test_json_goes_to_stdout_and_leaves_the_summary_right(place: Path) -> None:
    done = run(place, "--headless -t 1s --json --only-summary")
    [entry] = json.loads(done.stdout)
    assert re.search(rf"^T +tick +{entry['num_requests']} ", done.stderr, re.MULTILINE), done.stderr


@pytest.mark.parametrize(
    ("options", "code"), [("", 1), ("--exit-code-on-error 0", 0), ("--exit-code-on-error 7", 7)]
)
def test_failures_decide_the_exit_code(place: Path, options: str, code: int) -> None:
    (place / "locustfile.py").write_text(FAILING)
    assert run(place, f"--headless -t 1s -q {options}").returncode == code


def test_a_shape_ignores_options_with_a_warning(place: Path) -> None:
    shape = """
from locust import LoadTestShape

class Shape(LoadTestShape):
    def tick(self):
        return (2, 2) if self.get_run_time() < 1 else None
"""
    (place / "locustfile.py").write_text(TICKING + shape)
    done = run(place, "--headless -q -u 5 -t 1s")
    assert done.returncode == 0, done.stderr
    assert "no effect: --users, --run-time" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_in_order_and_writes_the_files(place: Path, number: signal.Signals) -> None:
    process = begin(place, "--headless --csv run", until="T        tick")  # its row in the table
    process.send_signal(number)
    said, _ = process.communicate(timeout=10)
    assert process.returncode == 0, said
    assert number.name in said
    assert "Response time percentiles" in said
    rows = list(csv.DictReader((place / "run_stats.csv").open(newline="")))
    assert [row["Name"] for row in rows] == ["tick", "Aggregated"]


def test_a_second_interrupt_ends_at_once_although_a_task_burns_cpu(place: Path) -> None:
    (place / "locustfile.py").write_text(BURNING)
    process = begin(place, "--headless -q", until="burning")
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert any("again ends it at once" in said for said in process.stdout)
    assert process.poll() is None
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - begun < 2


def test_an_interrupt_before_the_run_is_no_traceback(place: Path) -> None:
    (place / "locustfile.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(60)\n")
    process = begin(place, "--headless", until="loading")
    # Not while gevent begins its loop: it may look for signals before one comes, and wait all the same.
    eventually("it sleeps", lambda: state_of(process) == "S")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in said


def test_one_result_that_cannot_be_written_does_not_keep_the_others(place: Path) -> None:
    done = run(place, "--headless -t 1s --json-file missing/folder/run --csv run")
    assert done.returncode == 1
    assert "JSON file could not be written" in done.stderr
    rows = list(csv.DictReader((place / "run_stats.csv").open(newline="")))
    assert rows[-1]["Name"] == "Aggregated"


def test_the_run_time_counts_from_the_first_user(place: Path) -> None:
    timing = """
import time
from locust import events

begun = []

@events.init.add_listener
def be_slow(environment, **kwargs):
    end = time.perf_counter() + 0.7
    while time.perf_counter() < end:  # gevent's loop does not notice that time passes
        pass

events.test_start.add_listener(lambda environment: begun.append(time.perf_counter()))
events.test_stopping.add_listener(lambda environment: print(time.perf_counter() - begun[0]))
"""
    (place / "locustfile.py").write_text(TICKING + timing)
    lasted = float(run(place, "--headless -t 1s -q").stdout)
    assert lasted > 0.5, "with the slow start in it, it would be 0.3 s"


def test_as_many_files_may_be_open_as_the_system_allows(place: Path) -> None:
    limits = "import resource\nsoft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
    lower = "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))\n"
    show = "from locust import events\n@events.init.add_listener\ndef show(**kwargs):\n"
    show += "    print(*resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    (place / "locustfile.py").write_text(limits + lower + show + TICKING)
    soft, hard = map(int, run(place, "--headless -t 1s -q").stdout.split())
    assert soft == (1 << 20 if hard == -1 else min(hard, 1 << 20))


def test_the_log_can_go_to_a_file(place: Path) -> None:
    done = run(place, "--headless -t 1s --only-summary --logfile run.log --loglevel debug")
    log = (place / "run.log").read_text()
    assert "all users spawned" in log
    assert "/DEBUG/" in log
    assert "all users spawned" not in done.stderr
    assert "req/s" in done.stderr
    assert "req/s" not in log


def test_skip_log_setup_leaves_logging_alone(place: Path) -> None:
    done = run(place, "--headless -t 1s --skip-log-setup")
    assert (done.returncode, done.stderr) == (0, "")


def test_run_single_user(place: Path) -> None:
    script = (
        TICKING
        + """
from katydid.locust import run_single_user
from katydid.locust.exception import StopUser

def tick_once(user):
    Ticking.tick(user)
    raise StopUser

class Once(User):
    tasks = [tick_once]

run_single_user(Once)
"""
    )
    (place / "single.py").write_text("import katydid\nkatydid.patch()\nkatydid.alias_locust()\n" + script)
    done = subprocess.run(
        [sys.executable, "single.py"],
        cwd=place,
        env=environment(place),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "T\ttick" in done.stdout


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_without_some_standard_stream_is_a_run(place: Path, closed: str) -> None:
    line = shlex.join(command("--headless -t 1s --csv run"))
    ended = subprocess.run(
        ["sh", "-c", f"exec {line} {closed}"], cwd=place, env=environment(place), timeout=60, check=False
    )
    assert ended.returncode == 0
    assert "Aggregated" in (place / "run_stats.csv").read_text()
    assert len((place / "run_stats_history.csv").read_text().splitlines()) > 1
