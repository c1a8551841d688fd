"""Of each kind of failure the first and the slowest exchanges are kept, within limits and without secrets."""

import time
from argparse import Namespace
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from katydid.locust import HttpUser, events
from katydid.locust.argument_parser import LocustArgumentParser
from katydid.locust.env import Environment
from katydid.results import samples
from katydid.results.samples import MOST_KINDS, MOST_OF_A_BODY, SLOWEST_KEPT, Samples, curl
from katydid.results.secrets import MASK, known_values, masked, masked_header, masked_url, shown, without
from scripted import Peer, Received, Server, answer, serving


class Shop(BaseHTTPRequestHandler):
    """Fails in several ways, slowly where it is asked to."""

    def do_GET(self) -> None:
        if "slow" in self.path:
            time.sleep(0.2)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"token": "s3cret", "message": "' + b"x" * 70_000 + b'"}'
        self.send_response(200 if "fine" in self.path else 500)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "sid=s3cret")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with serving(Shop) as address:
        yield address


def kept(user: HttpUser) -> list[samples.Sample]:
    return list(samples.of(user.environment).all().values())


def test_a_failed_exchange_is_kept_whole(user: HttpUser, host: str) -> None:
    user.client.post(
        "/buy?token=s3cret&n=1",
        data='{"password": "s3cret"}',
        headers={"Authorization": "Bearer s3cret", "X-Run": "7"},
        name="/buy",
    )
    (sample,) = kept(user)
    assert (sample["method"], sample["name"], sample["status"]) == ("POST", "/buy", 500)
    assert sample["url"] == f"{host}/buy?token={MASK}&n=1"
    assert sample["user_class"] == "Shopper"
    assert "500" in sample["error"]
    assert sample["response_ms"] > 0
    assert sample["phases"]["waiting"] > 0
    headers = {name.lower(): value for name, value in sample["request"]["headers"]}
    assert (headers["x-run"], headers["authorization"]) == ("7", f"Bearer {MASK}")
    assert sample["request"]["body"] == f'{{"password": "{MASK}"}}'
    answer = sample["response"]
    assert {name.lower(): value for name, value in answer["headers"]}["set-cookie"] == MASK
    assert answer["body"].startswith(f'{{"token": "{MASK}"')
    assert answer["body_truncated"] and len(answer["body"]) <= MOST_OF_A_BODY
    assert "s3cret" not in repr(sample)
    assert sample["curl"].startswith(f"curl -i -X POST '{host}/buy?token={MASK}&n=1'")
    assert "-H 'X-Run: 7'" in sample["curl"]


@pytest.mark.parametrize(
    ("method", "path", "arguments"),
    [
        ("GET", "/a", {}),
        ("GET", "/q", {"params": {"x": "1 2", "y": "é"}}),
        ("POST", "/j", {"json": {"a": 1}}),
        ("POST", "/j", {"json": {"a": 1}, "headers": {"Content-Type": "application/vnd.x+json"}}),
        ("POST", "/f", {"data": {"a": "1 2"}}),
        ("POST", "/t", {"data": "hello"}),
        ("POST", "/b", {"data": b"hello", "headers": {"X-Run": "7"}}),
        ("POST", "/n", {}),
        ("POST", "/moved", {"json": {"a": 1}}),
        ("POST", "/x", {"files": {"f": ("f.txt", b"hello")}}),
    ],
    ids=str,
)
def test_what_was_sent_is_what_is_kept(
    user: HttpUser, server: Server, method: str, path: str, arguments: dict[str, Any]
) -> None:
    def script(received: Received, _: Peer) -> bytes:
        if received.path == "/moved":
            return answer("307 Moved", b"", "Location: /there")
        return answer("500 Oops", b"", "Set-Cookie: n=1")  # which the request did not send

    server.script = script
    user.client.base_url = server.url
    user.client.request(method, path, **arguments)
    (sample,) = kept(user)
    assert sample["url"] == server.url + server.last.path
    headers = dict(sample["request"]["headers"])
    assert headers.keys() >= {"User-Agent", "Accept-Encoding"}
    own_host = {
        "Host": f"127.0.0.1:{server.port}"
    }  # which `requests` does not show where it sent the request itself
    assert own_host | headers == dict(line.split(": ", 1) for line in server.last.headers)
    assert (sample["request"]["body"] or "").encode() == server.last.body


def test_a_secret_in_the_query_is_masked(user: HttpUser, host: str) -> None:
    user.client.get("/q", params={"x": "1 2", "token": "s3cret"}, name="/q")
    (sample,) = kept(user)
    assert sample["url"] == f"{host}/q?x=1+2&token={MASK}"
    assert "s3cret" not in repr(sample)


def test_beside_the_first_the_slowest_are_kept(user: HttpUser) -> None:
    for path in ("/a", "/b", "/c", "/slow", "/d", "/slow-too", "/slow-as-well", "/e"):
        user.client.get(path, name="/x")
    first, *slowest = kept(user)
    assert first["url"].endswith("/a")
    assert len(slowest) == SLOWEST_KEPT
    assert all("slow" in sample["url"] for sample in slowest)
    times = [sample["response_ms"] for sample in slowest]
    assert times == sorted(times, reverse=True) and min(times) >= 200
    assert first["slowest"] == slowest[0]["id"]
    assert len({sample["id"] for sample in kept(user)}) == 1 + SLOWEST_KEPT


def test_all_together_are_bounded(user: HttpUser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MOST_BYTES", 300_000)
    for number in range(10):
        user.client.get("/a", name=f"/{number}")
    bodies = [sample["response"]["body"] for sample in kept(user)]
    assert len(bodies) == 10, "what there is no room for is the bodies"
    assert bodies[0] and bodies[-1] is None
    assert sum(len(body or "") for body in bodies) < 300_000


def test_each_exchange_says_why_it_failed(user: HttpUser) -> None:
    user.client.get("/a")
    with user.client.get("/fine", catch_response=True) as response:
        response.failure("too cheap")
    user.client.base_url = "http://127.0.0.1:1"
    user.client.get("/gone")
    assert [sample["cause"] for sample in kept(user)] == ["server error", "assertion", "connection"]


def test_a_body_that_is_whole_says_so(user: HttpUser) -> None:
    for body in (b'{"n": 1}', b'{"password": "s3cret"}', b"\xff\xfe", b"x" * (MOST_OF_A_BODY + 1)):
        user.client.post("/a", data=body, name=f"/{len(body)}")
    assert [sample["request"]["body_exact"] for sample in kept(user)] == [True, False, False, False]


def test_each_kind_has_its_own(user: HttpUser) -> None:
    user.client.get("/a")
    with user.client.get("/fine", catch_response=True) as response:
        response.failure("too cheap")
    user.client.get("/fine")
    assert [(sample["name"], sample["status"]) for sample in kept(user)] == [("/a", 500), ("/fine", 200)]
    index = samples.of(user.environment).index()
    assert [row["id"] for row in index] == ["1", "2"]
    assert "too cheap" in index[1]["error"]
    errors = {
        error.error if isinstance(error.error, str) else repr(error.error)
        for error in user.environment.stats.errors.values()
    }
    assert {row["error"] for row in index} == errors


def test_a_long_message_is_kept_in_part(user: HttpUser) -> None:
    with user.client.get("/fine", catch_response=True) as response:
        response.failure("x" * 100_000)
    assert len(kept(user)[0]["error"]) <= MOST_OF_A_BODY


def test_an_answer_that_never_came(user: HttpUser) -> None:
    user.client.base_url = "http://127.0.0.1:1"
    user.client.get("/gone")
    (sample,) = kept(user)
    assert sample["status"] is None and sample["response"] is None
    assert sample["url"] == "http://127.0.0.1:1/gone"


def test_a_reset_forgets(user: HttpUser) -> None:
    user.client.get("/a")
    user.environment.events.reset_stats.fire()
    assert kept(user) == []


def test_kinds_are_bounded(user: HttpUser) -> None:
    for number in range(MOST_KINDS + 5):
        user.client.get("/a", name=f"/{number}")
    assert len(kept(user)) == MOST_KINDS


def test_nothing_is_kept_where_nobody_asked(host: str) -> None:
    user_class = type("Other", (HttpUser,), {"host": host, "abstract": False})
    environment = Environment(user_classes=[user_class])
    user_class(environment).client.get("/a")
    assert samples.of(environment).all() == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"password": "a b", "x": 1}', f'{{"password": "{MASK}", "x": 1}}'),
        ('{"apiKey":"k\\"ey","n":[1]}', f'{{"apiKey":"{MASK}","n":[1]}}'),
        ('{"access_token": 12, "ok": true}', f'{{"access_token": "{MASK}", "ok": true}}'),
        ('{"password": "cut of', f'{{"password": "{MASK}"'),
        ("user=a&password=b&x=1", f"user=a&password={MASK}&x=1"),
        ("client_secret=b", f"client_secret={MASK}"),
        ("GET http://u:p@h/?n=1", f"GET http://{MASK}@h/?n=1"),
        ("http://h/?key=AIza&sig=1&keyword=x", f"http://h/?key={MASK}&sig={MASK}&keyword=x"),
        ("user%5Bpassword%5D=x&user[token]=y", f"user%5Bpassword%5D={MASK}&user[token]={MASK}"),
        ("{'password': 'x', 'n': 1}", f"{{'password': '{MASK}', 'n': 1}}"),
        ('{"tokens": ["a", "b"], "n": 1}', f'{{"tokens": "{MASK}", "n": 1}}'),
        ('{"total_tokens": 12, "author": "Ann"}', '{"total_tokens": 12, "author": "Ann"}'),
        (r'{"body": "{\"pwd\": \"x\", \"n\": 1}"}', rf'{{"body": "{{\"pwd\": \"{MASK}\", \"n\": 1}}"}}'),
        ("<ns:Password type='a'>x</ns:Password>", f"<ns:Password type='a'>{MASK}</ns:Password>"),
        ('<input name="csrf_token" value="x">', f'<input name="csrf_token" value="{MASK}">'),
        (
            'Content-Disposition: form-data; name="password"\r\n\r\nx y\r\n--b',
            f'Content-Disposition: form-data; name="password"\r\n\r\n{MASK}\r\n--b',
        ),
        ("refused: Bearer abcdefgh.ij", f"refused: Bearer {MASK}"),
        ("eyJhbGciOiJI.eyJzdWIi.c2ln-x is old", f"{MASK} is old"),
        ("nothing to hide", "nothing to hide"),
        ('{"passenger": "Ann"}', '{"passenger": "Ann"}'),
    ],
)
def test_masks_secret_fields(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Authorization", "Basic dTpw", f"Basic {MASK}"),
        ("authorization", "raw", MASK),
        ("Cookie", "a=b; c=d", MASK),
        ("X-Api-Key", "k", MASK),
        ("X-Auth-Token", "k", MASK),
        ("Proxy-Authorization", "Basic x", f"Basic {MASK}"),
        ("Accept", "*/*", "*/*"),
        ("Referer", "http://h/?token=t", f"http://h/?token={MASK}"),
    ],
)
def test_masks_headers_that_let_others_in(name: str, value: str, expected: str) -> None:
    assert masked_header(name, value) == expected


def test_masks_urls() -> None:
    assert (
        masked_url("https://u:p@h/a?access_token=1&b=2#c") == f"https://{MASK}@h/a?access_token={MASK}&b=2#c"
    )


def test_values_that_are_known_are_masked_wherever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def add(parser: LocustArgumentParser, **_: object) -> None:
        parser.add_argument("--code", is_secret=True)

    events.init_command_line_parser.add_listener(add)
    monkeypatch.setenv("SHOP_API_KEY", "from/the=environment")
    monkeypatch.setenv("SHOP_TOKEN_URL", "http://shop/token")
    options = Namespace(code="4711x", web_auth="ann:hunter2")
    try:
        known = known_values(Environment(parsed_options=options))
    finally:
        events.init_command_line_parser.remove_listener(add)
    assert {"4711x", "hunter2", "from/the=environment", "from%2Fthe%3Denvironment"} <= set(known)
    assert "http://shop/token" not in known and "ann" not in known
    environment = Environment(parsed_options=options)
    assert shown({"log": ["a", "hunter2"]}, environment) == {"log": ["a", MASK]}
    document = {"url": "http://h/4711x", "headers": [["X", "hunter2!"]], "at": 1.5, "none": None}
    assert without(document, known) == {
        "url": f"http://h/{MASK}",
        "headers": [["X", f"{MASK}!"]],
        "at": 1.5,
        "none": None,
    }


def test_a_curl_line_survives_a_shell() -> None:
    import shlex

    request = {
        "headers": [["X-Odd", "it's; $(rm)"], ["Host", "h"]],
        "body": "a'b\n$x",
        "body_truncated": False,
    }
    words = shlex.split(curl("PUT", "http://h/a b?c='d'", request))
    assert words == [
        *("curl", "-i", "-X", "PUT", "http://h/a b?c='d'"),
        *("-H", "X-Odd: it's; $(rm)", "-H", "Accept:", "-H", "User-Agent:", "-H", "Content-Type:"),
        *("--data-raw", "a'b\n$x"),
    ]


def test_a_curl_line_sends_what_was_sent_and_nothing_of_curls_own() -> None:
    import shlex

    headers = [
        ["Accept", "a/b"],
        ["User-Agent", "x"],
        ["Content-Type", "text/plain"],
        ["Accept-Encoding", "br"],
    ]
    request = {"headers": [*headers, ["Content-Length", "2"], ["Host", "other"]], "body": "hi"}
    assert shlex.split(curl("POST", "http://h/", request)) == [
        *("curl", "-i", "-X", "POST", "http://h/", "-H", "Accept: a/b", "-H", "User-Agent: x"),
        *("-H", "Content-Type: text/plain", "--compressed", "-H", "Host: other", "--data-raw", "hi"),
    ]


def test_an_empty_store_has_nothing() -> None:
    assert (Samples().all(), Samples().index()) == ({}, [])
