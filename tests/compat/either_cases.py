# ruff: noqa: E501 -- tables read best unbroken
"""What a locustfile writes alike for both clients: these cases are in either's table.

A case gets a stage (`client_driver.Stage`) and returns what is to be compared; raising is a result too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from case_table import Table, by_code
from misbehaving import misbehave
from scripted import OK, answer

CASES = Table()
case, call, served = CASES.case, CASES.call, CASES.served

# what is sent


@case
def host_with_a_path(stage):
    client = stage.user(f"{stage.server.url}/api/").client
    client.get("x")
    return client.get("/x")


call("delete_with_json", "delete", "/x", json={"a": 1})

for name, document in {
    "object": {"a": "ü", "b": 1.5, "c": [None, True]}, "empty": {}, "none": None, "list": [1], "zero": 0, "false": False,
    "nan": {"x": float("nan")}, "set": {"x": {1}}, "text": "t",
}.items():  # fmt: skip
    call(f"json_{name}", "post", "/x", json=document)
call("json_and_data", "post", "/x", data="d", json={"ignored": 1})
call("json_and_empty_data", "post", "/x", data={}, json={"counts": 1})

for name, auth in {
    "pair": ("u", "p"), "beyond_ascii": ("ü", "ß"), "bytes": (b"u", b"p"), "list": ["u", "p"],
}.items():  # fmt: skip
    call(f"auth_{name}", "get", "/x", auth=auth)

# catch_response

for name, path, block in [
    ("open", "/404", lambda response: None),
    ("success", "/404", lambda response: response.success()),
    ("failure", "/200", lambda response: response.failure("bad")),
    ("failure_of_exception", "/200", lambda response: response.failure(KeyError("k"))),
    ("failure_of_dict", "/200", lambda response: response.failure({"a": 1})),
    ("failure_then_success", "/200", lambda response: (response.failure("bad"), response.success())),
    ("raise_value_error", "/200", lambda response: (_ for _ in ()).throw(ValueError("mine"))),
    ("raise_for_status", "/404", lambda response: response.raise_for_status()),
    ("raise_after_success", "/404", lambda response: (response.success(), response.raise_for_status())),
    ("raise_after_failure", "/200", lambda response: (response.failure("bad"), response.raise_for_status())),
    ("rename", "/404", lambda response: response.request_meta.update(name="renamed", request_type="MINE")),
    ("time_and_length", "/200", lambda response: response.request_meta.update(response_length=7)),
    ("context", "/200", lambda response: response.request_meta["context"].update(more=1)),
]:

    def _caught(stage, path=path, block=block):
        stage.server.script = by_code
        with stage.client.get(path, catch_response=True) as response:
            block(response)
        return response

    CASES[f"catch_{name}"] = _caught


# redirects


def chain(request: Any, peer: Any) -> bytes:
    step = int(request.path.rpartition("/")[2] or 0)
    return answer("302 Go", b"hop", f"Location: /{step - 1}") if step else OK


served("redirects_in_a_chain", chain, lambda stage: stage.client.get("/3"))
served("redirects_unfollowed", chain, lambda stage: stage.client.get("/3", allow_redirects=False))
served("redirect_nowhere", answer("302 F"), lambda stage: stage.client.get("/x"))
served("redirect_to_refusal", misbehave, lambda stage: stage.client.get("/bad-redirect"))

# answers

served("answer_in_latin", answer("200 OK", b"gr\xfcn", "Content-Type: text/html; charset=iso-8859-1"),
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("answer_in_http_10", misbehave, lambda stage: stage.client.get("/http10"))
served("answer_until_close", misbehave, lambda stage: stage.client.get("/until-close"))


@case
def unknown_host(stage):
    return stage.user("http://nosuch.invalid").client.get("/x")


# interruptions


def stall(place: Any) -> Callable[..., bytes | None]:
    """A script that says so much and then nothing, until the client has had enough."""

    def script(request: Any, peer: Any) -> bytes | None:
        if request.path != "/stall":
            return OK
        if place == "body":
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        elif place == "redirect":
            peer.send(answer("302 Go", b"", "Location: /next"))
            peer.socket.recv(65536)
        peer.socket.recv(1)
        return None

    return script


def under_way(stage: Any, act: Callable[..., Any], *arguments: Any) -> Any:
    """A greenlet whose request the server has, and that had a moment to read what it says."""
    import gevent

    greenlet = gevent.spawn(act, *arguments)
    with gevent.Timeout(20):
        while all(request.path != "/stall" for request in stage.server.requests):
            gevent.sleep(0.005)
    gevent.sleep(0.1)
    return greenlet


def killed(stage: Any, act: Callable[[], Any]) -> None:
    greenlet = under_way(stage, act)
    greenlet.kill()
    stage.note("killed", greenlet.value)


def raised_into(stage: Any, act: Callable[[], Any]) -> None:
    under_way(stage, stage.attempt, act).kill(KeyError("from outside"))


def timed_out(stage: Any, act: Callable[[], Any]) -> None:
    import gevent

    def limited() -> Any:
        with gevent.Timeout(0.3):
            return act()

    stage.attempt(limited)


def timed_out_silently(stage: Any, act: Callable[[], Any]) -> None:
    import gevent

    with gevent.Timeout(0.3, False):
        act()
    stage.note("went on")


def timed_out_with_an_error_of_its_own(stage: Any, act: Callable[[], Any]) -> None:
    import gevent

    def limited() -> Any:
        with gevent.Timeout(0.3, ValueError("too slow")):
            return act()

    stage.attempt(limited)


INTERRUPTIONS = {
    "killed": killed, "raised_into": raised_into, "timed_out": timed_out,
    "timed_out_silently": timed_out_silently, "timed_out_with_an_error": timed_out_with_an_error_of_its_own,
}  # fmt: skip
for how, interrupt in INTERRUPTIONS.items():
    for place in ("head", "body", "redirect"):

        def _interrupted(stage, interrupt=interrupt, place=place):
            stage.server.script = stall(place)
            interrupt(stage, lambda: stage.client.get("/stall", name="mine").status_code)
            return stage.client.get("/after").status_code

        CASES[f"{how}_in_the_{place}"] = _interrupted

    def _interrupted_block(stage, interrupt=interrupt):
        stage.server.script = stall("head")

        def act() -> None:
            with stage.client.get("/stall", catch_response=True) as response:
                response.success()

        interrupt(stage, act)
        return stage.client.get("/after").status_code

    CASES[f"{how}_in_front_of_a_block"] = _interrupted_block
