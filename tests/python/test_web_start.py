"""What a posted form means: its fields, the options it sets, the classes and shapes it picks."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from katydid.control.reply import Ask, Reply
from katydid.control.routes import Routes
from katydid.control.start import MASKED, BadField, Refused, Starter, read_order
from katydid.locust import LoadTestShape, User, constant, task
from katydid.locust.env import Environment
from listening import spawned
from waiting import eventually


class Ant(User):
    wait_time = constant(1000)

    @task
    def walk(self) -> None: ...


class Bee(Ant): ...


class Steps(LoadTestShape):
    def tick(self) -> tuple[int, float]:
        return 2, 100


OPTIONS = {
    "host": None,
    "flag": False,
    "count": 3,
    "ratio": 0.5,
    "names": ["a"],
    "numbers": [1, 2],
    "empty": [],
    "nothing": None,
    "pin": "1234",
}


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    with gevent.Timeout(20):
        yield


@pytest.fixture
def make() -> Iterator[Callable[..., tuple[Environment, Routes]]]:
    """Environments with their routes, ended with the test."""
    made: list[Environment] = []

    def make_routes(picks_classes: bool = False, shape: LoadTestShape | None = None) -> Any:
        environment = Environment(
            user_classes=[Ant, Bee],
            shape_class=shape,
            parsed_options=Namespace(**OPTIONS, headless=False),
            available_user_classes={"Ant": Ant, "Bee": Bee},
            available_shape_classes={"Steps": Steps()},
        )
        environment.create_local_runner()
        made.append(environment)
        return environment, Routes(environment, Starter(environment, picks_classes), lambda theme, link: "")

    yield make_routes
    for environment in made:
        assert environment.runner is not None
        environment.runner.quit()


def posted(text: str) -> Ask:
    kind = ("content-type", "application/x-www-form-urlencoded")
    return Ask("POST", "/swarm", headers=[kind], body=text.encode())


def told(reply: Reply) -> Any:
    import json

    return json.loads(reply.body)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("flag=true", {"flag": True}),
        ("flag=on", {"flag": False}),
        ("count=7", {"count": 7}),
        ("ratio=2", {"ratio": 2.0}),
        ("names=x&names=y", {"names": ["x", "y"]}),
        ("names=x,y", {"names": ["x", "y"]}),
        ("numbers=4,5", {"numbers": [4, 5]}),
        ("empty=3,4", {"empty": [3, 4]}),
        ("nothing=q", {"nothing": "q"}),
        ("unknown=1", {}),
        (f"pin={MASKED}", {}),
        ("pin=99", {"pin": "99"}),
    ],
)
def test_options_keep_their_types(text: str, options: dict[str, Any]) -> None:
    assert read_order(posted(text).form, Namespace(**OPTIONS)).options == options


@pytest.mark.parametrize("text", ["user_count=x", "spawn_rate=x", "count=x", "empty=q", "numbers=1,b"])
def test_what_is_no_number_is_named(text: str) -> None:
    with pytest.raises(BadField, match=text.split("=")[0]):
        read_order(posted(text).form, Namespace(**OPTIONS))


def test_a_run_time_has_its_grammar() -> None:
    assert read_order(posted("run_time=1m30s").form, None).run_time == 90
    assert read_order(posted("run_time=").form, None).run_time is None
    with pytest.raises(Refused, match="run_time"):
        read_order(posted("run_time=soon").form, None)


def test_a_form_in_parts_is_read_too() -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="user_count"\r\n\r\n12\r\n'
        b'--b\r\nContent-Disposition: form-data; name="host"\r\n\r\n<http://x>\r\n--b--\r\n'
    )
    ask = Ask("POST", "/swarm", headers=[("Content-Type", "multipart/form-data; boundary=b")], body=body)
    order = read_order(ask.form, None)
    assert (order.user_count, order.host) == (12, "http://x")


def test_a_start_sets_options_and_answers_as_locust(make: Callable[..., Any]) -> None:
    environment, routes = make()
    reply = routes.swarm(posted("user_count=2&spawn_rate=100&host=http://x&run_time=1m&profile=p&count=9"))
    assert reply.status == 200
    assert told(reply) == {"success": True, "message": "Swarming started", "host": "http://x", "run_time": 60}
    spawned(environment.runner, 2)
    options = environment.parsed_options
    assert (options.users, options.spawn_rate, options.run_time, options.count) == (2, 100.0, 60, 9)
    assert (environment.host, environment.profile) == ("http://x", "p")


@pytest.mark.parametrize("text", ["user_count=2", "spawn_rate=2", "user_count=1&spawn_rate=0", ""])
def test_without_users_or_rate_nothing_starts(make: Callable[..., Any], text: str) -> None:
    environment, routes = make()
    answer = told(routes.swarm(posted(text)))
    assert answer["success"] is False and "user_count and spawn_rate" in answer["message"]
    assert environment.runner.state == "ready"


@pytest.mark.parametrize("rate", ["-1", "nan", "inf"])
def test_what_is_no_rate_starts_nothing(make: Callable[..., Any], rate: str) -> None:
    environment, routes = make()
    answer = told(routes.swarm(posted(f"user_count=1&spawn_rate={rate}")))
    assert answer["success"] is False and rate in answer["message"]
    gevent.sleep(0.05)
    assert (environment.runner.state, environment.runner.user_count) == ("ready", 0)


def test_a_form_has_a_bounded_number_of_fields(make: Callable[..., Any]) -> None:
    _, routes = make()
    assert routes.swarm(posted("&".join(f"a{number}=1" for number in range(1001)))).status == 413
    part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    kind = ("content-type", "Multipart/Form-Data; boundary=b")
    assert routes.swarm(Ask("POST", "/swarm", headers=[kind], body=(part * 1002).encode())).status == 413


def test_the_type_of_a_form_is_read_in_any_case() -> None:
    kind = ("content-type", "Application/X-WWW-Form-URLencoded")
    assert Ask("POST", "/swarm", headers=[kind], body=b"a=1").form == {"a": ["1"]}


def test_a_password_in_the_host_is_not_shown_and_stays(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, routes = make()
    environment.host = "http://ann:hunter2@shop"
    answer = told(routes.swarm(posted("user_count=1&spawn_rate=1")))
    assert answer["host"] == f"http://{MASKED}@shop"
    routes.swarm(posted(f"user_count=1&spawn_rate=1&host=http://{MASKED}@shop"))
    assert environment.host == "http://ann:hunter2@shop"
    environment.host = None
    for user_class in environment.user_classes:
        monkeypatch.setattr(user_class, "host", "http://bob:hunter3@shop", raising=False)
    routes.swarm(posted(f"user_count=1&spawn_rate=1&host=http://{MASKED}@shop"))
    assert environment.host is None
    routes.swarm(posted("user_count=1&spawn_rate=1&host=http://ann:other@shop"))
    assert environment.host == "http://ann:other@shop"


def test_a_value_that_is_no_number_is_not_logged_if_it_is_secret(
    make: Callable[..., Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("katydid.results.secrets.names_of_options", lambda _: ["count"])
    _, routes = make()
    reply = routes.swarm(posted("user_count=1&spawn_rate=1&count=hunter2"))
    assert reply.status == 500
    assert b"count" in reply.body and b"hunter2" not in reply.body and "hunter2" not in caplog.text


def test_a_second_start_changes_the_run(make: Callable[..., Any]) -> None:
    environment, routes = make()
    starts = []
    environment.events.test_start.add_listener(lambda **_: starts.append(1))
    for count in (1, 3):
        routes.swarm(posted(f"user_count={count}&spawn_rate=100"))
        spawned(environment.runner, count)
    assert len(starts) == 1


class TestPicker:
    def test_picks_classes(self, make: Callable[..., Any]) -> None:
        environment, routes = make(picks_classes=True)
        answer = told(routes.swarm(posted("user_count=2&spawn_rate=100&user_classes=Bee")))
        assert answer["user_classes"] == ["Bee"]
        spawned(environment.runner, 2)
        assert environment.runner.user_classes_count == {"Bee": 2}

    def test_picks_all_classes_unless_a_run_has_some(self, make: Callable[..., Any]) -> None:
        environment, routes = make(picks_classes=True)
        routes.swarm(posted("user_count=1&spawn_rate=100&user_classes=Bee"))
        spawned(environment.runner, 1)
        assert told(routes.swarm(posted("user_count=2&spawn_rate=100")))["user_classes"] == ["Bee"]
        routes.stop(Ask("GET", "/stop"))
        assert told(routes.swarm(posted("user_count=2&spawn_rate=100")))["user_classes"] == ["Ant", "Bee"]

    def test_refuses_a_class_that_is_not_there(self, make: Callable[..., Any]) -> None:
        _, routes = make(picks_classes=True)
        answer = told(routes.swarm(posted("user_count=2&spawn_rate=1&user_classes=Zed")))
        assert answer["success"] is False and "Zed" in answer["message"]

    def test_picks_a_shape_and_none(self, make: Callable[..., Any]) -> None:
        environment, routes = make(picks_classes=True)
        answer = told(routes.swarm(posted("shape_class=Steps")))
        assert answer == {
            "success": True,
            "message": "Swarming started using shape class 'Steps'",
            "host": None,
        }
        spawned(environment.runner, 2)
        routes.stop(Ask("GET", "/stop"))
        routes.swarm(posted("shape_class=Default&user_count=1&spawn_rate=100"))
        spawned(environment.runner, 1)
        assert environment.shape_class is None

    def test_an_unknown_shape_is_an_error(self, make: Callable[..., Any]) -> None:
        _, routes = make(picks_classes=True)
        assert routes.swarm(posted("shape_class=Nope&user_count=1&spawn_rate=1")).status == 500


def test_a_limit_stops_its_own_run_only(make: Callable[..., Any]) -> None:
    # Locust never cancels the timer, so that a test that was stopped by hand stops a later one.
    environment, routes = make()
    runner = environment.runner
    routes.swarm(posted("user_count=1&spawn_rate=100&run_time=1"))
    spawned(environment.runner, 1)
    routes.stop(Ask("GET", "/stop"))
    routes.swarm(posted("user_count=1&spawn_rate=100"))
    gevent.sleep(1.1)
    assert runner.state == "running"
    routes.swarm(posted("user_count=1&spawn_rate=100&run_time=1"))
    eventually("its own run is over", lambda: runner.state == "stopped", pause=gevent.sleep)


class TestJson:
    def test_starts(self, make: Callable[..., Any]) -> None:
        environment, routes = make()
        options = '{"flag": true, "names": ["q", "r"]}'
        body = f'{{"user_count": 2, "spawn_rate": 100, "run_time": "1m", "options": {options}}}'
        reply = routes.start(Ask("POST", "/api/v1/run", body=body.encode()))
        assert (reply.status, told(reply)["success"]) == (200, True)
        assert environment.parsed_options.flag is True
        assert environment.parsed_options.names == ["q", "r"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b'{"user_count": "x", "spawn_rate": 1}', "user_count"),
            (b'{"user_count": -1, "spawn_rate": 1}', "user_count"),
            (b'{"user_count": 1, "spawn_rate": 0}', "spawn_rate"),
            (b'{"user_count": 1, "spawn_rate": "nan"}', "spawn_rate"),
            (b'{"user_count": 1, "spawn_rate": 1, "user_classes": ["Bee"]}', "user_classes"),
            (b'{"user_count": 1, "spawn_rate": 1, "shape_class": "Steps"}', "shape_class"),
            (b'{"user_count": 1}', "spawn_rate"),
            (b'{"user_count": 1, "spawn_rate": 1, "run_time": "soon"}', "run_time"),
            (b'{"user_count": 1, "spawn_rate": 1, "options": {"zed": 1}}', "zed"),
            (b'{"user_count": 1, "spawn_rate": 1, "options": 3}', "options"),
            (b"nonsense", None),
            (b"[]", None),
        ],
    )
    def test_says_which_field_is_wrong(
        self, make: Callable[..., Any], body: bytes, field: str | None
    ) -> None:
        environment, routes = make()
        reply = routes.start(Ask("POST", "/api/v1/run", body=body))
        assert reply.status == 400
        assert told(reply).get("field") == field
        assert environment.runner.state == "ready"

    def test_changes_users_and_keeps_the_rate(self, make: Callable[..., Any]) -> None:
        environment, routes = make()
        change = Ask("PATCH", "/api/v1/run", body=b'{"user_count": 4}')
        assert routes.change(change).status == 409
        routes.swarm(posted("user_count=1&spawn_rate=50"))
        spawned(environment.runner, 1)
        assert routes.change(change).status == 200
        spawned(environment.runner, 4)
        assert environment.parsed_options.spawn_rate == 50

    def test_keeps_the_rate_of_a_run_that_something_else_started(self, make: Callable[..., Any]) -> None:
        environment, routes = make()
        environment.runner.start(1, 70)
        spawned(environment.runner, 1)
        assert routes.change(Ask("PATCH", "/api/v1/run", body=b'{"user_count": 2}')).status == 200
        assert environment.runner.target_spawn_rate == 70

    @pytest.mark.parametrize("body", [b"{}", b'{"host": "http://x"}', b'{"spawn_rate": null}', b"[]"])
    def test_changes_nothing_else(self, make: Callable[..., Any], body: bytes) -> None:
        environment, routes = make()
        routes.swarm(posted("user_count=1&spawn_rate=50"))
        spawned(environment.runner, 1)
        assert routes.change(Ask("PATCH", "/api/v1/run", body=body)).status == 400
        assert (environment.runner.target_user_count, environment.runner.target_spawn_rate) == (1, 50)


class TestPause:
    def test_users_stay_and_begin_no_task(self, make: Callable[..., Any]) -> None:
        environment, routes = make()
        ran = []
        environment.user_classes = [type("Busy", (Ant,), {"wait_time": constant(0.01)})]
        environment.user_classes[0].tasks = [lambda user: ran.append(user)]
        ask = Ask("POST", "")
        assert routes.pause(ask).status == 409
        routes.swarm(posted("user_count=3&spawn_rate=1000"))
        spawned(environment.runner, 3)
        eventually("tasks run", lambda: ran, pause=gevent.sleep)
        assert routes.pause(ask).status == 200
        gevent.sleep(0.05)
        ran.clear()
        gevent.sleep(0.1)
        assert ran == [] and environment.runner.user_count == 3
        assert environment.runner.is_paused and environment.runner.state == "running"
        assert routes.resume(ask).status == 200
        eventually("tasks run again", lambda: ran, pause=gevent.sleep)
        assert routes.resume(ask).status == 409

    def test_a_paused_run_can_be_stopped(self, make: Callable[..., Any]) -> None:
        environment, routes = make()
        routes.swarm(posted("user_count=3&spawn_rate=1000"))
        spawned(environment.runner, 3)
        routes.pause(Ask("POST", ""))
        routes.stop(Ask("GET", "/stop"))
        assert (environment.runner.state, environment.runner.user_count) == ("stopped", 0)
        assert not environment.runner.is_paused


def test_reset_fires_and_forgets(make: Callable[..., Any]) -> None:
    environment, routes = make()
    fired = []
    environment.events.reset_stats.add_listener(lambda **arguments: fired.append(arguments))
    environment.stats.log_request("GET", "/", 5, 1)
    environment.runner.log_exception("local", "oops", "traceback")
    reply = routes.reset(Ask("GET", "/stats/reset"))
    assert (reply.status, reply.body, fired) == (200, b"ok", [{}])
    assert environment.stats.total.num_requests == 0
    assert environment.runner.exceptions == {}


class TestUser:
    def ask(self, body: bytes, kind: str = "application/json") -> Ask:
        return Ask("POST", "/user", headers=[("content-type", kind)], body=body)

    def test_changes_a_class(self, make: Callable[..., Any]) -> None:
        _, routes = make()
        reply = routes.user(self.ask(b'{"user_class_name": "Bee", "weight": 7}'))
        assert (reply.status, reply.body) == (201, b"{}\n")
        assert Bee.weight == 7
        routes.user(self.ask(b'{"user_class_name": "Bee", "weight": 1}'))

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b'{"user_class_name": "Zed"}', "application/json"),
            (b'{"weight": 3}', "application/json"),
            (b"nonsense", "application/json"),
            (b"x=1", "application/x-www-form-urlencoded"),
        ],
    )
    def test_what_cannot_be_done_is_an_error(self, make: Callable[..., Any], body: bytes, kind: str) -> None:
        _, routes = make()
        assert routes.user(self.ask(body, kind)).status == 500
        ours = routes.user(Ask("POST", "/api/v1/users", headers=[("content-type", kind)], body=body))
        assert ours.status == 400 and told(ours)["error"]
