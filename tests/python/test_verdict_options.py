"""What is asked of a run is refused in one line that names the place and the fix, before anything starts."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
from locust import User, constant, task

print("imported")

class Shopper(User):
    wait_time = constant(0.05)

    @task
    def buy(self):
        raise AssertionError("nothing is to start")
"""

SHAPE = """
from locust import LoadTestShape

class Steps(LoadTestShape):
    def tick(self):
        return None
"""


def command(place: Path, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))}
    return subprocess.run(
        [sys.executable, "-m", "katydid", *shlex.split(line)],
        cwd=place,
        env={**kept, "HOME": str(place), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "locustfile.py").write_text(SUITE)
    return tmp_path


REFUSED = [
    ("--threshold p59x<2s", '--threshold: "p59x<2s", column 1: "p59x" is no metric'),
    ("--threshold 'p95<2s' --threshold 'rps>'", '--threshold: "rps>", column 5: there is no value'),
    ("--threshold 'p95<2s onn /a'", 'column 8: "onn" is not understood: did you mean "on"?'),
    ("--threshold 'fail_ratio<200%'", "column 12: no ratio is above 100%"),
    ("--stages '10@1 of 5m'", 'column 6: after the rate there is no "for" with a time'),
    ("--stages ''", '--stages: "", column 1: here should be a number of users'),
    ("--expect '409 on /a up to'", "column 14: the share is missing"),
    ("--threshold 'p95<1s on level:1'", "p95<1s on level:1 is of a level that there is not: give --stages"),
    (
        "--stages '1@1 for 1s' --threshold 'p95<1s on level:2'",
        "p95<1s on level:2 is of a level that there is not: there are level 1",
    ),
    (
        "--threshold 'p95<1s on user:Buyer'",
        "the threshold of user:Buyer: there is no user class Buyer, the run has Shopper",
    ),
    ("--suite other.toml", "--suite other.toml: there is no such file"),
    ("-f shape.py,locustfile.py --stages '1@1 for 1s'", "the load shape Steps of the locustfile"),
]


@pytest.mark.parametrize(("line", "said"), REFUSED, ids=[line for line, _ in REFUSED])
def test_what_is_wrong_is_told_and_nothing_starts(place: Path, line: str, said: str) -> None:
    (place / "shape.py").write_text(SHAPE)
    done = command(place, f"--headless -t 1s {line}")
    assert done.returncode == 2, done.stderr
    (told,) = done.stderr.splitlines()
    assert said in told
    assert done.stdout.removeprefix("imported\n") == ""


WRONG_FILES = [
    ("stages = ", "katydid.toml:1:10: this is not TOML"),
    ("tresholds = []", 'katydid.toml:1:1: tresholds: there is no such key: did you mean "thresholds"?'),
    ("thresholds = ['p95<2s',\n'p95<2']", "katydid.toml:2:6: thresholds[1]: 2 without a unit is no time"),
    (
        "[options]\nheadles = true",
        'katydid.toml:2:1: options.headles: there is no such option: did you mean "',
    ),
    ("[[scenarios]]\nname='a'\nclasses=['Nobody']\nstages='1@1 for 1s'", "there is no user class Nobody"),
    ("profile='x'\n[profiles.y]", 'katydid.toml:1:9: profile: there is no profile "x": there are y'),
    ("thresholds = ['p95<1s on level:calm']", "of a level that there is not"),
]


@pytest.mark.parametrize(("text", "said"), WRONG_FILES, ids=[said for _, said in WRONG_FILES])
def test_a_wrong_suite_file_means_nothing_at_all(place: Path, text: str, said: str) -> None:
    (place / "katydid.toml").write_text(text)
    done = command(place, "--headless -t 1s")
    assert done.returncode == 2, done.stderr
    (told,) = done.stderr.splitlines()
    assert said in told
    assert done.stdout.removeprefix("imported\n") == ""


FILE = """
stages = "3@1 for 20s"
thresholds = ["p95<2s"]

[options]
host = "http://of.the.file"
tags = ["quick"]

[profiles.night]
stages = "5@5 for 1h"
[profiles.night.options]
host = "http://of.the.night"
"""


@pytest.fixture
def filed(place: Path) -> Path:
    (place / "katydid.toml").write_text(FILE)
    return place


def told(place: Path, line: str, **variables: str) -> str:
    done = command(place, f"--check {line}", **variables)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_the_file_of_the_current_folder_is_used(filed: Path) -> None:
    said = told(filed, "")
    assert "Load: one level after another\n  level 1: 3 users, 1 per second, for 20 s\n" in said
    assert "host http://of.the.file" in said


def test_a_profile_is_chosen_by_option_or_variable(filed: Path) -> None:
    for said in (told(filed, "--profile night"), told(filed, "", KATYDID_PROFILE="night")):
        assert "level 1: 5 users, 5 per second, for 3600 s" in said
        assert "host http://of.the.night" in said
    done = command(filed, "--check --profile nihgt")
    assert done.returncode == 2
    assert 'there is no profile "nihgt": there are night' in done.stderr


def test_command_line_and_variables_go_before_the_file(filed: Path) -> None:
    assert "host http://of.the.line" in told(filed, "--host http://of.the.line")
    assert "host http://of.the.variable" in told(filed, "", LOCUST_HOST="http://of.the.variable")
    assert "level 1: 9 users" in told(filed, "--stages '9@1 for 1m'")
    assert "level 1: 8 users" in told(filed, "", KATYDID_STAGES="8@1 for 1m")


def test_the_file_goes_before_locust_conf(filed: Path) -> None:
    (filed / "locust.conf").write_text("host = http://of.the.conf\nstop-timeout = 7\n")
    assert "host http://of.the.file" in told(filed, "")


def test_another_file_can_be_named_and_none(filed: Path) -> None:
    (filed / "other.toml").write_text("stages = '2@1 for 7s'")
    for said in (told(filed, "--suite other.toml"), told(filed, "", KATYDID_SUITE="other.toml")):
        assert "level 1: 2 users" in said
        assert "of.the.file" not in said
    assert "Load: 1 users" in told(filed, "--suite none")


def test_a_locustfiles_own_options_stay_its_own(filed: Path) -> None:
    (filed / "katydid.toml").unlink()
    (filed / "locustfile.py").write_text(
        SUITE
        + """
from locust import events

@events.init_command_line_parser.add_listener
def extend(parser):
    parser.add_argument("--threshold", type=int)
    parser.add_argument("--stages")
"""
    )
    said = told(filed, "--threshold 7 --stages whatever")
    assert "--threshold: 7" in said and "Load: 1 users" in said
