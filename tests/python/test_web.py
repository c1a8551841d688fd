"""`environment.web_ui`: its surface, its Flask application, and what is published of a run."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable

import gevent
import pytest
from katydid.control import documents
from katydid.control.page import as_data
from katydid.control.report import as_html, as_markdown, report_data
from katydid.locust import web as module
from katydid.locust.env import Environment
from katydid.locust.html import get_html_report
from katydid.locust.web import WebUI
from listening import Idle, spawned

pytestmark = pytest.mark.usefixtures("limit")


def fetch(page: WebUI, path: str, data: bytes | None = None) -> tuple[int, bytes]:
    """Ask from another thread, so that this one can answer."""
    url = f"http://127.0.0.1:{page.server.server_port}{path}"

    def ask() -> tuple[int, bytes]:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as answer:
            return answer.status, answer.read()

    answer: tuple[int, bytes] = gevent.get_hub().threadpool.apply(ask)
    return answer


class TestSurface:
    def test_a_free_port_is_told(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        assert page.environment.web_ui is page
        assert page.server.server_port > 0
        assert page.greenlet is not None and not page.greenlet.dead
        assert json.loads(fetch(page, "/stats/requests")[1])["state"] == "ready"

    def test_a_delayed_start(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(delayed_start=True)
        assert page.server is None and page.greenlet is None
        page.start()
        assert fetch(page, "/tasks")[0] == 200

    def test_a_stopped_page_listens_no_more(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        page.stop()
        with pytest.raises(OSError):
            fetch(page, "/")

    def test_a_taken_port(self, make_page: Callable[..., WebUI]) -> None:
        with pytest.raises(OSError, match="cannot listen"):
            Environment(user_classes=[Idle]).create_web_ui("127.0.0.1", make_page().server.server_port)

    def test_login_manager_needs_a_login(self, make_page: Callable[..., WebUI]) -> None:
        assert not hasattr(make_page(delayed_start=True), "login_manager")
        assert hasattr(make_page(delayed_start=True, web_login=True), "login_manager")

    def test_template_args_are_locusts_and_the_users(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(delayed_start=True)
        page.template_args["extended_tabs"] = [{"title": "Mine", "key": "mine"}]
        page.update_template_args()
        assert page.template_args["extended_tabs"] == [{"title": "Mine", "key": "mine"}]
        assert (page.template_args["state"], page.template_args["locustfile"]) == ("ready", "suite.py")
        assert page.template_args["users"]["Idle"]["tasks"] == ["idle"]

    def test_a_required_host_is_read_when_needed(
        self, make_page: Callable[..., WebUI], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = make_page()
        monkeypatch.setattr(module, "HOST_IS_REQUIRED", True)
        assert json.loads(fetch(page, "/api/v1/config")[1])["is_host_required"] is True


class TestFlask:
    def test_nobody_pays_who_does_not_ask(self) -> None:
        code = (
            "import sys, katydid; katydid.patch()\n"
            "from katydid.locust.env import Environment\n"
            "page = Environment().create_web_ui('127.0.0.1', 0)\n"
            "assert 'flask' not in sys.modules\n"
            "page.app\n"
            "assert 'flask' in sys.modules\n"
            "page.stop()\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=30)

    def test_without_it_the_first_use_says_how_to_install_it(
        self, make_page: Callable[..., WebUI], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = make_page(delayed_start=True)
        monkeypatch.setitem(sys.modules, "flask", None)
        with pytest.raises(ImportError, match=r"pip install 'katydid\[web\]'"):
            _ = page.app

    def test_a_client_of_the_application_sees_built_in_pages(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(delayed_start=True)
        client = page.app.test_client()
        page.environment.stats.log_request("GET", "/x", 5, 1)
        answer = client.get("/stats/requests").get_json()
        assert [row["name"] for row in answer["stats"]] == ["/x", "Aggregated"]
        assert client.post("/swarm", data={"user_count": 1}).get_json()["success"] is False
        assert client.get("/stats/requests/csv").headers["Content-Type"].startswith("text/csv")
        assert b'"extra_options"' in client.get("/").data
        page.app.view_functions["locust.request_stats"].clear_cache()  # type: ignore[attr-defined]

    def test_an_added_route_leaves_the_others_native(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(delayed_start=True)
        scope = page._application
        assert scope.scope == "nothing"
        page.app.add_url_rule("/mine", "mine", lambda: "mine")
        assert scope.scope == "unknown"
        page.app.after_request(lambda response: response)
        assert scope.scope == "everything"

    def test_a_replaced_view_is_used(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(delayed_start=True)
        page.app.view_functions["locust.tasks"] = lambda: "mine"
        page.start()
        gevent.sleep(0.05)
        assert fetch(page, "/tasks") == (200, b"mine")

    def test_the_page_is_a_template(self, make_page: Callable[..., WebUI]) -> None:
        from flask import render_template

        page = make_page()

        @page.app.route("/mine")
        def mine() -> str:
            return render_template("index.html", template_args={"x": "</script><b>"})

        gevent.sleep(1.1)
        text = fetch(page, "/mine")[1].decode()
        assert text.startswith("<!doctype html>")
        assert "\\u003c/script\\u003e" in text and "</script><b>" not in text

    def test_a_view_that_raises_is_a_500(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(delayed_start=True)
        page.app.add_url_rule("/broken", "broken", lambda: 1 / 0)
        page.start()
        gevent.sleep(0.05)
        with pytest.raises(urllib.error.HTTPError, match="500"):
            fetch(page, "/broken")

    def test_a_login_that_is_not_set_up_shows_nothing(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(delayed_start=True, web_login=True)
        answer = page.app.test_client().get("/stats/requests")
        assert answer.status_code == 200
        assert b"not set up" in answer.data and b"user_count" not in answer.data


class TestPublished:
    def test_a_run(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        runner = page.environment.runner
        assert runner is not None
        fetch(page, "/swarm", b"user_count=2&spawn_rate=100&run_time=1m")
        spawned(runner, 2)
        run = json.loads(fetch(page, "/api/v1/run")[1])
        expected = {
            "state": "running",
            "user_count": 2,
            "target_user_count": 2,
            "spawn_rate": 100.0,
            "run_time_s": 60,
            "users_by_class": {"Idle": 2},
            "locustfile": "suite.py",
        }
        assert {key: run[key] for key in expected} == expected
        assert 0 < run["elapsed_s"] < 5
        assert run["memory_bytes"] > 1_000_000
        runner.pause()
        assert json.loads(fetch(page, "/api/v1/run")[1])["state"] == "paused"
        assert json.loads(fetch(page, "/stats/requests")[1])["state"] == "running"
        fetch(page, "/stop")
        assert json.loads(fetch(page, "/api/v1/run")[1])["state"] == "stopped"

    def test_a_run_that_was_just_begun(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        for count in (3, 5):
            fetch(page, "/swarm", f"user_count={count}&spawn_rate=1".encode())
            run = json.loads(page._recording.board.answer("/api/v1/run")[2])
            assert (run["state"], run["target_user_count"]) == ("spawning", count)
        marks = json.loads(fetch(page, "/api/v1/history")[1])["marks"]
        assert [mark["text"] for mark in marks if mark["kind"] == "users"] == ["5 users"]

    def test_a_refused_change_leaves_no_mark(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        fetch(page, "/swarm", b"user_count=1&spawn_rate=100")
        spawned(page.environment.runner, 1)
        fetch(page, "/swarm", b"user_count=7")
        marks = json.loads(fetch(page, "/api/v1/history")[1])["marks"]
        assert "users" not in [mark["kind"] for mark in marks]

    def test_documents_with_what_json_cannot_say(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(delayed_start=True)
        page.template_args.update({"most": float("inf"), "half": "\ud800", "odd": {(1, 2): {3}}})  # type: ignore[dict-item]
        page.start()
        shown = json.loads(fetch(page, "/")[1].decode().split('application/json">')[1].split("</script>")[0])
        arguments = shown["template_args"]
        assert (arguments["most"], arguments["half"], arguments["odd"]) == (None, "?", {"(1, 2)": [3]})
        assert as_data({"x": float("nan"), "half": "\ud800"}) == '{"x": null,"half": "?"}'

    def test_marks(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        fetch(page, "/swarm", b"user_count=1&spawn_rate=100")
        spawned(page.environment.runner, 1)
        for path in ("/swarm", "/api/v1/run/pause", "/api/v1/run/resume"):
            fetch(page, path, b"user_count=2&spawn_rate=100")
        fetch(page, "/stats/reset")
        fetch(page, "/stop")
        marks = json.loads(fetch(page, "/api/v1/history")[1])["marks"]
        kinds = [mark["kind"] for mark in marks]
        assert [kind for kind in kinds if kind != "spawned"] == [
            *("start", "users", "pause", "resume", "reset", "stop")
        ]

    def test_known_secrets_are_in_no_document(
        self, make_page: Callable[..., WebUI], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SHOP_PASSWORD", "correct horse")
        page = make_page()
        page.environment.runner.log_exception("local", "refused: correct horse", "a trace")  # type: ignore[union-attr]
        page.environment.worker_logs["w"] = ["said correct horse"]
        for path in ("/exceptions", "/exceptions/csv", "/api/v1/exceptions", "/logs", "/api/v1/logs"):
            status, text = fetch(page, path)
            assert status == 200 and b"correct horse" not in text
        assert "correct horse" not in as_html(report_data(page.environment))

    def test_exceptions_and_failures(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        page.environment.stats.log_error("GET", "/x", ValueError("<no>"))
        page.environment.runner.log_exception("local", "oops", "a trace")  # type: ignore[union-attr]
        errors = json.loads(fetch(page, "/api/v1/errors")[1])["errors"]
        assert errors[0]["error"] == "ValueError('<no>')" and errors[0]["sample"] is None
        assert json.loads(fetch(page, "/exceptions")[1])["exceptions"][0]["msg"] == "oops"

    def test_a_class_that_lost_tasks_can_get_them_back(self) -> None:
        environment = Environment(user_classes=[Idle], available_user_tasks={"Idle": list(Idle.tasks)})

        def tasks() -> list[list[str]]:
            (told,) = documents.config_document(environment, True, False, "", {})["user_classes"]
            return [told["tasks"], told["available_tasks"]]

        environment.update_user_class({"user_class_name": "Idle", "tasks": []})
        assert tasks() == [[], ["idle"]]
        environment.update_user_class({"user_class_name": "Idle", "tasks": ["idle"]})
        assert tasks() == [["idle"], ["idle"]]


class TestReport:
    def test_of_an_environment_without_a_page(self) -> None:
        environment = Environment(user_classes=[Idle])
        environment.stats.log_request("GET", "/<x>", 5, 1)
        text = get_html_report(environment, show_download_link=False)
        assert '"show_download_link": false' in text
        assert "/<x>" not in text and "/\\u003cx\\u003e" in text

    def test_is_small_for_an_hour_and_200_names(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        stats = page.environment.stats
        board = page._recording.board
        page.environment.runner.state = "running"  # type: ignore[union-attr]
        page._recording.publish()
        start = time.time()
        for name in range(200):
            for number in range(5):
                stats._record(
                    "GET", f"/a/path/of/some/length/{name}", 10.0 * number + name, 1000, start + number
                )
        for second in range(1, 3601):
            for number in range(12):
                stats._record("GET", "/", 1.7 ** (number + second % 7), 1000, start + second)
            board.publish_stats(stats, start + second)
        data = report_data(page.environment)
        assert len(data["history"]["points"]) >= 3600
        size = len(as_html(data))
        print(f"report of an hour and 200 names: {size / 1e6:.2f} MB")
        assert size < 2_000_000

    def test_numbers_are_written_as_precisely_as_they_are_shown(self) -> None:
        data = {
            "history": {
                "points": [{"at": 1760000000.1234567, "rps": 1234.56789, "avg_ms": 3.0, "heat": [[4, 2]]}]
            },
            "stats": {"entries": [{"requests": 123456, "avg_ms": 0.0123456789, "failures": 0}]},
        }
        text = as_html(data)
        assert '{"at": 1760000000.123,"rps": 1234.6,"avg_ms": 3,"heat": [[4,2]]}' in text
        assert '{"requests": 123456,"avg_ms": 0.012346,"failures": 0}' in text
        assert data["history"]["points"][0]["rps"] == 1234.56789, "programs get all of it"

    def test_markdown_keeps_to_its_table(self) -> None:
        environment = Environment(user_classes=[Idle])
        environment.stats.log_request("GET", "a|b\n<c>", 5, 1)
        environment.stats.log_request("GET", "[x](javascript:1) *b* `c` &lt;", 5, 1)
        assert "\\[x\\](javascript:1) \\*b\\* \\`c\\` &amp;lt;" in as_markdown(report_data(environment))
        (row,) = [line for line in as_markdown(report_data(environment)).splitlines() if "a\\|b" in line]
        assert row.startswith("| GET | a\\|b &lt;c> | 1 | 0 |")

    def test_data_cannot_end_its_element(self) -> None:
        assert as_data({"x": "</script>&"}) == '{"x": "\\u003c/script\\u003e\\u0026"}'
