"""Every address of the page answers as stock Locust's does: status, headers, keys, types, columns.

Both commands run the same suite and get the same requests in the same order. What may differ is written where
answers are reduced to what counts, and in docs/differences.md.
"""

import csv
import io
import json
import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from commands import free_port
from waiting import eventually

SUITES = Path(__file__).parent / "pages"
COMMANDS = {
    "stock": [os.environ.get("STOCK_PYTHON", ".venv-stock/bin/python"), "-m", "locust"],
    "katydid": [os.environ.get("KATYDID", ".venv/bin/katydid")],
}


@dataclass
class Page:
    """A command with its page."""

    url: str
    folder: Path
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, step: "Step") -> requests.Response:
        return self.session.request(
            step.method,
            self.url + step.path,
            data=step.form,
            json=step.json,
            headers=step.headers,
            allow_redirects=False,
            timeout=20,
        )

    def numbers(self, base: str = "") -> Any:
        """What the page knows of the run. Stock Locust looks anew every two seconds."""
        return self.ask(Step("GET", f"{base}/stats/requests")).json()


@dataclass(frozen=True)
class Step:
    """One request, and what of its answer counts."""

    method: str
    path: str
    form: Any = None
    json: Any = None
    headers: dict[str, str] | None = None
    until: Callable[[Page], bool] | None = None
    """What is waited for, on both pages, before it is asked."""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.form or self.json or ''}".strip()


@contextmanager
def serving(kind: str, suite: str, line: str, folder: Path) -> Iterator[Page]:
    """The command of this kind with its page, until the block ends."""
    folder.mkdir()
    port = free_port()
    arguments = [
        "-f",
        ",".join(str(SUITES / file) for file in suite.split(",")),
        "--web-host",
        "127.0.0.1",
        "--web-port",
        str(port),
        *line.split(),
    ]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*COMMANDS[kind], *arguments],
            cwd=folder,
            env={**environment, "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_it_listens(process, port, folder / "log")
            yield Page(f"http://127.0.0.1:{port}", folder)
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_until_it_listens(process: subprocess.Popen[Any], port: int, log: Path) -> None:
    def listens() -> bool:
        assert process.poll() is None, f"no page: {log.read_text()}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually("the page listens", listens)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Callable[..., tuple[Page, Page]]]:
    """Starts stock Locust and katydid on the same suite."""
    opened = []

    def start(suite: str, line: str = "") -> tuple[Page, Page]:
        for kind in COMMANDS:
            context = serving(kind, suite, line, tmp_path / kind)
            page = context.__enter__()
            opened.append((context, page))
        stock, katydid = (page for _, page in opened)
        return stock, katydid

    yield start
    for context, _ in opened:
        context.__exit__(None, None, None)


# What of an answer has to be the same

ERROR_HEADERS = ("allow", "location", "x-seen")
HEADERS = ("content-type", "content-disposition", *ERROR_HEADERS)


def essence(response: requests.Response) -> dict[str, Any]:
    """Status, headers that matter, and the structure of the body.

    Of errors and redirects, what they say to a reader is ours.
    """
    kind = response.headers.get("content-type", "").split(";")[0]
    if response.status_code >= 300:
        headers = {name: normal(response.headers[name]) for name in ERROR_HEADERS if name in response.headers}
        return {"status": response.status_code, "headers": headers}
    return {
        "status": response.status_code,
        "headers": {name: normal(response.headers[name]) for name in HEADERS if name in response.headers},
        "body": structure_of(response, kind),
    }


def normal(value: str) -> str:
    """A header's value without the port and the minute."""
    value = re.sub(r"127\.0\.0\.1:\d+", "HOST", value)
    value = re.sub(r"\d{4}-\d\d-\d\d-\d\dh\d\d", "WHEN", value)
    return ", ".join(sorted(value.split(", "))) if "," in value else value


ADDITIONAL = {"requests_per_second"}
"""Keys that programs in the wild read and stock Locust does not have."""


def structure_of(response: requests.Response, kind: str) -> Any:
    if not response.content:
        return None
    if kind == "application/json":
        return types_of(response.json())
    if kind == "text/csv":
        return table_of(response.text)
    return response.text if len(response.text) < 10 else kind


def types_of(value: Any) -> Any:
    """JSON with every value replaced by its type; lists by what is in them."""
    if isinstance(value, dict):
        return {key: type_at(key, item) for key, item in sorted(value.items()) if key not in ADDITIONAL}
    if isinstance(value, list):
        seen = {json.dumps(types_of(item), sort_keys=True) for item in value}
        return [json.loads(item) for item in sorted(seen)]
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, (int, float)) else "text"


def type_at(key: str, value: Any) -> Any:
    """The same for a value of an object. Percentiles of a moment in which nothing happened are null."""
    return types_of(0 if value is None and key.startswith("response_time_percentile") else value)


def table_of(text: str) -> Any:
    """A table's head, its first columns, and how wide its rows are."""
    rows = list(csv.reader(io.StringIO(text)))
    named = rows[0].index("Name") + 1 if "Name" in rows[0] else 0
    return {"head": rows[0], "names": [row[:named] for row in rows[1:]], "widths": {len(row) for row in rows}}


def compare(stock: Page, katydid: Page, steps: list[Step]) -> None:
    """Fail with everything that is not the same."""
    differences = []
    for step in steps:
        if step.until is not None:
            for page in (stock, katydid):
                eventually(f"{page.url} is ready for {step}", partial(step.until, page))
        theirs, ours = (essence(page.ask(step)) for page in (stock, katydid))
        if theirs != ours:
            differences.append(f"{step}\n  stock   {theirs}\n  katydid {ours}")
    if differences:
        pytest.fail("\n".join(differences), pytrace=False)


READING = [
    Step("GET", "/"),
    Step("HEAD", "/stats/requests"),
    Step("GET", "/stats/requests"),
    Step("GET", "/stats/requests/csv"),
    Step("GET", "/stats/failures/csv"),
    Step("GET", "/stats/requests_full_history/csv"),
    Step("GET", "/exceptions"),
    Step("GET", "/exceptions/csv"),
    Step("GET", "/tasks"),
    Step("GET", "/logs"),
    Step("GET", "/worker-count"),
    Step("GET", "/login"),
]

WRONG = [
    Step("GET", "/nothing"),
    Step("GET", "/swarm"),
    Step("POST", "/stop"),
    Step("POST", "/stats/requests"),
    Step("GET", "/user"),
    Step("GET", "/assets/nothing.js"),
    Step("GET", "/static/nothing.js"),
]

REFUSED = [
    Step("POST", "/swarm"),
    Step("POST", "/swarm", form={"user_count": 2}),
    Step("POST", "/swarm", form={"spawn_rate": 2}),
    Step("POST", "/swarm", form={"user_count": 1, "spawn_rate": 0}),
    Step("POST", "/swarm", form={"user_count": "x", "spawn_rate": 1}),
    Step("POST", "/swarm", form={"user_count": 1, "spawn_rate": 1, "depth": "x"}),
    Step("POST", "/swarm", form={"user_count": 1, "spawn_rate": 1, "run_time": "soon"}),
    Step("POST", "/user", json={"user_class_name": "Nobody"}),
    Step("POST", "/user", form={"user_class_name": "Shopper"}),
]

START = Step("POST", "/swarm", form={"user_count": 4, "spawn_rate": 10, "host": "http://shop<>", "depth": 7})


CHANGING = [
    Step("POST", "/swarm", form={"user_count": 2, "spawn_rate": 10, "run_time": "1m"}),
    Step("POST", "/user", json={"user_class_name": "Shopper", "weight": 2}),
    Step("GET", "/stats/report"),
    Step("GET", "/stats/report?theme=dark&download=1"),
    Step("GET", "/stop"),
    Step("GET", "/stop"),
]


def is_running(page: Page, users: int = 4, base: str = "") -> bool:
    """Are so many users there, and is there something of every kind that they do?"""
    numbers = page.numbers(base)
    told = {row["name"] for row in numbers["stats"]}
    is_told = told >= {"/cart", '/item,"quoted" <b>', "Aggregated"} and bool(numbers["errors"])
    has_tripped = bool(page.ask(Step("GET", f"{base}/exceptions")).json()["exceptions"])
    return (numbers["state"], numbers["user_count"], is_told, has_tripped) == ("running", users, True, True)


def has_users(count: int) -> Callable[[Page], bool]:
    return lambda page: page.numbers()["user_count"] == count


def is_stopped(page: Page) -> bool:
    numbers = page.numbers()
    return (numbers["state"], numbers["user_count"]) == ("stopped", 0)


def is_reset(page: Page) -> bool:
    return page.numbers()["stats"][-1]["num_requests"] == 0


AFTER = [Step("GET", "/stats/reset"), Step("GET", "/stats/requests", until=is_reset)]


def once(condition: Callable[[Page], bool], steps: list[Step]) -> list[Step]:
    """The same steps, as soon as that is true."""
    return [replace(steps[0], until=condition), *steps[1:]]


def test_before_during_and_after_a_run(both: Callable[..., tuple[Page, Page]]) -> None:
    stock, katydid = both("shop.py")
    before = [*READING, *WRONG, *REFUSED, START]
    compare(
        stock, katydid, [*before, *once(is_running, READING), *CHANGING, *once(is_stopped, READING), *AFTER]
    )


LISTING = """
from locust import User
from locust.env import Environment
page = Environment(user_classes=[User]).create_web_ui("127.0.0.1", 0, delayed_start=True)
for rule in page.app.url_map.iter_rules():
    for method in rule.methods - {"HEAD", "OPTIONS"}:
        print(method, rule.rule)
"""


def test_no_route_is_left_out() -> None:
    """Every address that stock Locust itself says it has is compared with ours above."""
    listed = subprocess.run(
        [COMMANDS["stock"][0], "-c", LISTING], capture_output=True, text=True, timeout=60, check=True
    )
    routes = [line.split(" ", 1) for line in listed.stdout.splitlines()]
    assert len(routes) >= 17
    steps = [*READING, *WRONG, *REFUSED, START, *CHANGING, *AFTER]
    for method, rule in routes:
        path = re.compile(re.sub(r"<path:\w+>", ".+", rule))
        asked = [
            step for step in steps if step.method == method and path.fullmatch(step.path.partition("?")[0])
        ]
        assert asked, f"{method} {rule}"


def test_files_of_the_page(both: Callable[..., tuple[Page, Page]]) -> None:
    for page in both("shop.py"):
        found = re.search(r'src="\.?/?(assets/[^"]+\.js)"', page.ask(Step("GET", "/")).text)
        assert found is not None
        answer = page.ask(Step("GET", f"/{found[1]}"))
        assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "application/javascript")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
        known = {"If-None-Match": answer.headers["etag"]}
        assert page.ask(Step("GET", f"/{found[1]}", headers=known)).status_code == 304


def test_values_of_a_run(both: Callable[..., tuple[Page, Page]]) -> None:
    pages = both("shop.py")
    for page in pages:
        page.ask(START)
    for page in pages:
        eventually("all is told", partial(is_running, page))
        answer = page.ask(Step("GET", "/stats/requests")).json()
        assert [(row["method"], row["name"]) for row in answer["stats"]] == [
            ("GET", "/"),
            ("POST", "/cart"),
            ("GET", '/item,"quoted" <b>'),
            ("", "Aggregated"),
        ]
        cart = answer["stats"][1]
        assert (cart["min_response_time"], cart["max_response_time"]) == (8.0, 8.0)
        assert (cart["avg_response_time"], cart["median_response_time"]) == (7.5, 7.5)
        assert cart["num_failures"] == cart["num_requests"] > 0
        assert (answer["state"], answer["user_count"]) == ("running", 4)
        (error,) = answer["errors"]
        assert (error["method"], error["name"], error["error"]) == ("POST", "/cart", "OSError('sold <out>')")
        (exception,) = page.ask(Step("GET", "/exceptions")).json()["exceptions"]
        assert (exception["msg"], exception["nodes"]) == ("tripped", "local")
        tasks = page.ask(Step("GET", "/tasks")).json()
        assert tasks["per_class"]["Shopper"] == {
            "ratio": 0.5,
            "tasks": {"browse": {"ratio": 0.6}, "buy": {"ratio": 0.2}, "trip": {"ratio": 0.2}},
        }
        assert tasks["total"]["Shopper"]["tasks"]["browse"]["ratio"] == pytest.approx(0.3)


def test_json_is_laid_out_alike(both: Callable[..., tuple[Page, Page]]) -> None:
    stock, katydid = both("shop.py")
    for path in ("/tasks", "/worker-count", "/exceptions"):
        assert stock.ask(Step("GET", path)).text == katydid.ask(Step("GET", path)).text


def test_classes_and_shapes_are_picked(both: Callable[..., tuple[Page, Page]]) -> None:
    stock, katydid = both("shop.py,steps.py", "--class-picker")
    steps = [
        Step("POST", "/swarm", form={"user_count": 2, "spawn_rate": 9, "user_classes": ["Visitor"]}),
        Step("GET", "/tasks", until=has_users(2)),
        Step("POST", "/swarm", form={"user_count": 3, "spawn_rate": 9}),
        Step("GET", "/stop"),
        Step("POST", "/swarm", form={"shape_class": "Steps", "user_classes": ["Visitor", "Shopper"]}),
        Step("GET", "/stats/requests", until=partial(is_running, users=2)),
        Step("GET", "/stop"),
        Step("POST", "/swarm", form={"shape_class": "Nope", "user_count": 1, "spawn_rate": 1}),
        Step("POST", "/swarm", form={"shape_class": "Default", "user_count": 1, "spawn_rate": 1}),
        Step("GET", "/stop", until=has_users(1)),
    ]
    compare(stock, katydid, steps)


def test_below_a_base_path(both: Callable[..., tuple[Page, Page]]) -> None:
    stock, katydid = both("shop.py", "--web-base-path /load")
    steps = [Step(step.method, f"/load{step.path}") for step in READING]
    steps.append(Step("POST", "/load/swarm", form=START.form))
    steps.append(Step("GET", "/load/stop", until=partial(is_running, base="/load")))
    compare(stock, katydid, steps)
    for page in (stock, katydid):
        redirected = page.ask(Step("GET", "/load"))
        assert redirected.status_code == 308
        assert redirected.headers["location"].endswith("/load/")
        assert page.ask(Step("GET", "/")).status_code == 404
        assert page.ask(Step("GET", "/stats/requests")).status_code == 404


def test_the_full_history_can_be_had(both: Callable[..., tuple[Page, Page]]) -> None:
    stock, katydid = both("shop.py", "--csv out --csv-full-history --autostart -u 2 -r 2")
    history = Step("GET", "/stats/requests_full_history/csv")
    for page in (stock, katydid):
        eventually("a row of the history", lambda page=page: "/cart" in page.ask(history).text)
    answers = [page.ask(history) for page in (stock, katydid)]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
    heads = [next(csv.reader(io.StringIO(answer.text))) for answer in answers]
    assert heads[0] == heads[1]
    names = [normal(answer.headers["content-disposition"]).replace("; ", ";") for answer in answers]
    assert names[0] == names[1]


def test_what_is_added_with_flask(both: Callable[..., tuple[Page, Page]]) -> None:
    stock, katydid = both("flask_suite.py")
    steps = [
        Step("GET", "/hello"),
        Step("GET", "/extended/numbers?q=1"),
        Step("POST", "/echo", form="a body"),
        Step("GET", "/echo"),
        *(step for step in READING if step.path != "/login"),
        Step("GET", "/nothing"),
        Step("POST", "/swarm", form={"user_count": 1, "spawn_rate": 1}),
        Step("GET", "/stats/requests", until=has_users(1)),
        Step("GET", "/stop"),
    ]
    compare(stock, katydid, steps)
    for page in (stock, katydid):
        assert page.ask(Step("GET", "/extended/numbers?q=1")).json() == {
            "home": "/",
            "stats": "/stats/requests",
            "q": "1",
        }
        assert page.ask(Step("POST", "/echo", form="a body")).cookies["seen"] == "1"
        assert page.ask(Step("GET", "/stats/requests")).json()["extended_stats"][0]["key"] == "numbers"


def test_a_login(both: Callable[..., tuple[Page, Page]]) -> None:
    stock, katydid = both("login_suite.py", "--web-login")
    outside = [
        Step("GET", path) for path in ("/", "/stats/requests", "/tasks", "/stop", "/members", "/stats/reset")
    ]
    outside += [Step("POST", "/swarm", form={"user_count": 1, "spawn_rate": 1}), Step("GET", "/login")]
    compare(stock, katydid, outside)
    refused = [Step("POST", "/refuse"), Step("GET", "/login"), Step("GET", "/members")]
    compare(stock, katydid, refused)
    inside = [Step("POST", "/log-in"), *outside[:6], Step("GET", "/login")]
    compare(stock, katydid, inside)
    assert katydid.ask(Step("GET", "/members")).text == "welcome"


def test_a_login_guards_our_own_addresses_too(tmp_path: Path) -> None:
    with serving("katydid", "login_suite.py", "--web-login", tmp_path / "katydid") as page:
        for path in ("/api/v1/run", "/api/v1/stats", "/api/v1/config", "/api/v1/events", "/api/v1/logs"):
            answer = page.ask(Step("GET", path))
            assert answer.status_code in (302, 401), path
            assert b"user_count" not in answer.content
        page.ask(Step("POST", "/refuse"))
        assert "who are you?" in page.ask(Step("GET", "/login")).text
        page.ask(Step("POST", "/log-in"))
        assert page.ask(Step("GET", "/api/v1/run")).json()["state"] == "ready"
