"""What a locustfile adds to the page with Flask: who is let in, what arrives, what leaves piece by piece."""

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event
from katydid.locust.web import WebUI

OURS = (
    ("GET", "/api/v1/run"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/logs"),
    ("POST", "/api/v1/run/stop"),
)
LOCUSTS = (("GET", "/"), ("GET", "/stats/requests"), ("POST", "/swarm"), ("GET", "/stop"))


pytestmark = pytest.mark.usefixtures("limit")


class Answer:
    """An answer that may still be under way."""

    def __init__(self, page: WebUI, method: str, path: str, body: Any, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", page.server.server_port, timeout=10)
        self._connection.request(method, path, body, headers, encode_chunked=not isinstance(body, bytes))
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers

    def read(self, size: int | None = None) -> bytes:
        content: bytes = away(self._response.read, size)
        return content

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def away(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call it in another thread, so that this one can answer."""
    return gevent.get_hub().threadpool.apply(function, arguments)


def ask(page: WebUI, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    names = {name.replace("__", "-"): value for name, value in headers.items()}
    answer: Answer = away(Answer, page, method, path, body, names)
    return answer


def statuses(page: WebUI, requests: tuple[tuple[str, str], ...], **headers: str) -> set[int]:
    found = set()
    for method, path in requests:
        answer = ask(page, method, path, **headers)
        found.add(answer.status)
        answer.close()
    return found


class TestWhoIsLetIn:
    def test_a_hook_before_requests_guards_our_addresses_too(self, make_page: Callable[..., WebUI]) -> None:
        from flask import abort, request

        page = make_page(delayed_start=True)

        @page.app.before_request
        def guard() -> None:
            if request.headers.get("X-Key") != "good":
                abort(401)

        page.start()
        assert statuses(page, OURS + LOCUSTS) == {401}
        assert statuses(page, OURS + LOCUSTS, X__Key="good") == {200}
        assert statuses(page, OURS + LOCUSTS, X__Key="bad") == {401}

    def test_a_hook_guards_from_the_moment_it_is_added(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        page.app.before_request(lambda: ("no", 403))
        assert statuses(page, OURS + LOCUSTS) == {403}

    def test_a_layer_around_the_application_guards_them(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        inner = page.app.wsgi_app

        def layer(environ: dict[str, Any], start_response: Any) -> Any:
            if environ.get("HTTP_X_KEY") == "good":
                return inner(environ, start_response)
            start_response("403 Forbidden", [])
            return [b"no"]

        page.app.wsgi_app = layer  # type: ignore[method-assign]
        gevent.sleep(0)
        assert statuses(page, OURS + LOCUSTS) == {403}
        assert statuses(page, OURS + LOCUSTS, X__Key="good") == {200}

    def test_views_that_are_all_wrapped_guard_them(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        for name in page.app.view_functions:
            page.app.view_functions[name] = lambda **_: ("no", 401)
        assert statuses(page, OURS + LOCUSTS) == {401}

    def test_hooks_that_only_look_refuse_nobody(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        seen = []
        page.app.before_request(lambda: seen.append(1))
        assert statuses(page, OURS + LOCUSTS) == {200}
        assert len(seen) >= 2

    def test_a_login_that_is_not_set_up_lets_nobody_in(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page(web_login=True)
        for method, path in OURS + LOCUSTS:
            answer = ask(page, method, path)
            content = answer.read()
            assert answer.status == 401 or b"not set up" in content, path
            assert b"user_count" not in content and b"success" not in content

    def test_a_login_by_a_header_or_the_query_opens_the_door_for_nobody_else(
        self, make_page: Callable[..., WebUI]
    ) -> None:
        from flask_login import UserMixin

        page = make_page(web_login=True)
        page.app.secret_key = "for tests alone"

        @page.login_manager.request_loader
        def load(request: Any) -> UserMixin | None:
            is_known = "good" in (request.headers.get("X-Key"), request.args.get("key"))
            return UserMixin() if is_known else None

        reads = (("GET", "/stats/requests"), ("GET", "/api/v1/run"))
        assert statuses(page, reads, X__Key="good") == {200}
        assert statuses(page, tuple((method, f"{path}?key=good") for method, path in reads)) == {200}
        assert statuses(page, reads) == {302, 401}

    def test_cookies_are_for_this_site_alone(self, make_page: Callable[..., WebUI]) -> None:
        from flask import session

        page = make_page()
        page.app.secret_key = "for tests alone"

        @page.app.route("/in")
        def come_in() -> str:
            session["name"] = "ann"
            return "in"

        cookie = ask(page, "GET", "/in").headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
        assert page.app.config["REMEMBER_COOKIE_SAMESITE"] == "Lax"

    def test_a_certificate_needs_its_key(self, make_page: Callable[..., WebUI]) -> None:
        with pytest.raises(OSError, match="give --tls-cert and --tls-key"):
            make_page(tls_cert="cert.pem")


class TestRequests:
    def test_what_is_added_is_served_at_once(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        page.app.add_url_rule("/mine", "mine", lambda: "mine")
        page.app.after_request(lambda response: response.headers.add("X-Seen", "yes") or response)
        assert ask(page, "GET", "/mine").read() == b"mine"
        assert ask(page, "GET", "/tasks").headers["x-seen"] == "yes"

    def test_a_body_in_chunks_arrives_whole(self, make_page: Callable[..., WebUI]) -> None:
        from flask import request

        page = make_page()
        page.app.add_url_rule("/up", "up", lambda: str(len(request.get_data())), methods=["POST"])
        chunks = (b"x" * 1000 for _ in range(3))
        assert ask(page, "POST", "/up", chunks, Transfer__Encoding="chunked").read() == b"3000"
        assert ask(page, "POST", "/up", b"x" * 5_000_000).read() == b"5000000"

    def test_headers_cannot_stand_in_for_others(self, make_page: Callable[..., WebUI]) -> None:
        from flask import jsonify, request

        page = make_page()
        page.app.add_url_rule(
            "/who",
            "who",
            lambda: jsonify(user=request.headers.get("X-User"), proxy="HTTP_PROXY" in request.environ),
        )
        assert json.loads(ask(page, "GET", "/who", X_User="eve", Proxy="http://evil").read()) == {
            "user": None,
            "proxy": False,
        }

    def test_two_are_answered_at_once(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        asked, done = Event(), Event()
        page.app.add_url_rule("/slow", "slow", lambda: (asked.set(), str(done.wait(10)))[1])
        slow = gevent.spawn(lambda: ask(page, "GET", "/slow").read())
        assert asked.wait(10)
        assert ask(page, "GET", "/stats/requests").status == 200
        done.set()
        assert slow.get() == b"True"


class TestStreams:
    def test_pieces_arrive_as_they_are_made_and_a_reader_that_leaves_ends_them(
        self, make_page: Callable[..., WebUI]
    ) -> None:
        page = make_page()
        ended = Event()

        def endless() -> Iterator[bytes]:
            try:
                while True:
                    yield b"data: x\n\n"
                    gevent.sleep(0.01)
            finally:
                ended.set()

        page.app.add_url_rule("/stream", "stream", lambda: (endless(), {"Content-Type": "text/event-stream"}))
        answer = ask(page, "GET", "/stream")
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.read(9) == answer.read(9) == b"data: x\n\n"
        answer.close()
        assert ended.wait(10)

    def test_a_reader_that_does_not_read_is_waited_for(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        made = []

        def large() -> Iterator[bytes]:
            for number in range(400):
                made.append(number)
                yield b"x" * 100_000

        page.app.add_url_rule("/large", "large", large)
        answer = ask(page, "GET", "/large")
        gevent.sleep(0.3)
        assert len(made) < 400
        assert len(answer.read()) == 40_000_000

    def test_one_that_breaks_off_is_not_taken_for_a_whole(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()

        def broken() -> Iterator[bytes]:
            yield b"half"
            raise ValueError

        page.app.add_url_rule("/broken", "broken", broken)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            ask(page, "GET", "/broken").read()

    def test_a_length_that_is_told_is_kept(self, make_page: Callable[..., WebUI]) -> None:
        page = make_page()
        page.app.add_url_rule("/file", "file", lambda: (iter([b"ab", b"cd"]), {"Content-Length": "4"}))
        answer = ask(page, "GET", "/file")
        assert (answer.headers["content-length"], answer.read()) == ("4", b"abcd")
