"""The users of locust.contrib do on katydid what they do on stock Locust, against the same servers.

PostgreSQL, mosquitto and the Socket.IO server are real ones. The name server, MongoDB and the OpenAI API are
scripted here: real bytes on a socket, but only those that a test needs. A second API is `katydid target llm`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import contrib_servers
import pytest
from commands import target
from contrib_servers import PROGRAMS

_TIME_LIMIT = 100

Steps = dict[str, dict[str, Any]]
Event = list[Any]


def steps_of(python: str, program: str, *arguments: object) -> Steps:
    """What a program reports that runs under an interpreter."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    done = subprocess.run(
        [python, PROGRAMS / f"use_{program}.py", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_TIME_LIMIT,
    )
    assert done.stdout, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["is_ours"] == (python == sys.executable)
    return report["steps"]


def ours_beside_stock(program: str, *arguments: object) -> Steps:
    """Run a program on both, compare the steps that both have, and return ours."""
    stock = os.environ.get("STOCK_PYTHON")
    assert stock, "STOCK_PYTHON must name a Python with stock Locust (make test sets it)"
    theirs = steps_of(stock, program, *arguments)
    ours = steps_of(sys.executable, program, *arguments)
    assert len(theirs) > 3
    for label, step in theirs.items():
        assert ours[label] == step, label
    return ours


def event(kind: str, name: str, length: int = 0, failure: str | None = None, **context: Any) -> Event:
    """An event as a program reports it."""
    return [kind, name, length, failure, context]


@pytest.fixture
def name_server() -> Iterator[int]:
    with contrib_servers.name_server() as port:
        yield port


def test_postgres() -> None:
    with contrib_servers.postgres() as where:
        ours = ours_beside_stock("postgres", where)
    assert ours["select"]["events"] == [event("postgres_success", "execute_query")]
    assert "syntax error" in ours["mistake"]["events"][0][3]
    assert ours["after the rollback"]["events"] == [event("postgres_success", "execute_query")]


def test_mqtt() -> None:
    with contrib_servers.mosquitto() as port:
        ours = ours_beside_stock("mqtt", port)
    published = event("MQTT", "publish:1:a/b", 7, qos=1, topic="a/b", payload_size=7)
    assert ours["3.1.1: publish 1"]["events"] == [published]
    assert ours["renamed: publish 1"]["events"][0][1] == "publish to a"
    refusal = ours["refused with 5"]["events"]
    assert refusal == [event("MQTT", "connect", failure="Exception('5')")]


def test_mqtt_subscribing_to_a_pair_is_named_after_its_topic() -> None:
    with contrib_servers.mosquitto() as port:
        ours = steps_of(sys.executable, "mqtt", port)
    assert ours["subscribe to a pair"]["events"] == [event("MQTT", "subscribe:2:a/f", qos=2, topic="a/f")]
    assert ours["5: disconnect"]["events"] == [event("MQTT", "disconnect")]
    for codes in ([128], [0, 135]):
        failure = f"AssertionError('Broker returned an error response during subscription: {codes}')"
        assert ours[f"refused subscription {codes}"]["events"] == [
            event("MQTT", "subscribe:0:t", failure=failure)
        ]


CROWD = """
import sys
import katydid
katydid.patch()
import gevent
from katydid.locust.contrib.mqtt import MqttUser
from katydid.locust.env import Environment
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
MqttUser.host, MqttUser.port = "127.0.0.1", int(sys.argv[1])
connected = []
environment = Environment()
environment.events.request.add_listener(lambda exception, **event: connected.append(exception))
users = [MqttUser(environment) for _ in range(400)]
with gevent.Timeout(60, False):
    while len(connected) < len(users):
        gevent.sleep(0.05)
gevent.sleep(0.5)
print(len(connected), set(connected), all(user.client.is_connected() for user in users), flush=True)
import os
os._exit(0)
"""


def test_mqtt_users_are_not_limited_by_select() -> None:
    with contrib_servers.mosquitto() as port:
        words = [sys.executable, "-c", CROWD, str(port)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=_TIME_LIMIT)
    assert done.stdout == "400 {None} True\n", done.stderr


def test_dns(name_server: int) -> None:
    ours = ours_beside_stock("dns", name_server)
    failure = "LocustError('No answer in DNS response')"
    assert ours["answered"]["events"] == [event("DNS", "udp")]
    assert ours["unknown"]["events"] == [event("DNS", "udp", failure=failure)]
    assert ours["silent"]["events"] == [
        event("DNS", "udp", failure="Timeout('The DNS operation timed out.')")
    ]


def test_dns_servers_that_cannot_be_reached_are_recorded(name_server: int) -> None:
    ours = steps_of(sys.executable, "dns", name_server)
    refused = event("DNS", "tcp", failure="ConnectionRefusedError(111, 'Connection refused')")
    assert ours["refused"] == {"events": [refused], "end": "NoneType"}
    assert ours["with fallback"]["events"] == [event("DNS", "udp_with_fallback")]
    assert ours["by keywords"]["events"] == [event("DNS", "udp")]


def test_socketio() -> None:
    with contrib_servers.socketio() as port:
        ours = ours_beside_stock("socketio", port)
    assert [fired[:3] for fired in ours["call"]["events"]] == [
        ["WSC", "echo", 0],
        ["WSE", "echo", 4],
        ["WSR", "reply", 4],
    ]
    assert ours["call too long"]["events"][0][3] == "TimeoutError()"


def test_socketio_data_of_any_kind_is_recorded() -> None:
    with contrib_servers.socketio() as port:
        ours = steps_of(sys.executable, "socketio", port)
    assert ours["emit a number"]["events"] == [event("WSE", "echo"), event("WSR", "reply")]
    assert ours["an event without data"]["events"] == [event("WSE", "empty"), event("WSR", "nothing")]
    assert ours["an event with two data"]["events"] == [event("WSE", "two"), event("WSR", "pair", 1)]
    failure = "BadNamespaceError('/elsewhere is not a connected namespace.')"
    assert ours["send elsewhere"]["events"] == [
        event("WSE", "message", 1, failure),
        event("WSS", "Unnamed", 1, failure),
    ]


def test_mongodb() -> None:
    with contrib_servers.mongo() as (port, _):
        ours = ours_beside_stock("mongodb", port)
    assert ours["find"]["events"] == [event("MONGODB", "QUERY")]


def test_mongodb_queries_reach_the_database_that_was_named() -> None:
    with contrib_servers.mongo() as (port, looked_for):
        ours = steps_of(sys.executable, "mongodb", port)
    assert looked_for == [("shop", "things", {"a": 1}), ("shop", "things", "more"), ("shop", "forbidden", {})]
    assert "not allowed" in ours["refused by the server"]["events"][0][3]
    assert "ServerSelectionTimeoutError" in ours["nobody there"]["events"][0][3]


def test_oai() -> None:
    server = contrib_servers.openai_server()
    ours = ours_beside_stock("oai", f"{server.url}/v1")
    assert ours["tokens"]["events"] == [event("GET", "/v1/tokens", 9)]
    assert ours["renamed"]["events"] == [event("GET", "a question", 9)]
    assert len(ours["sent again"]["events"]) == 3
    assert server.last.head.count("Bearer a key") == 1


def test_oai_answers_of_any_kind_are_recorded() -> None:
    server = contrib_servers.openai_server()
    with target("llm") as llm:
        ours = steps_of(sys.executable, "oai", f"{server.url}/v1", f"{llm}/v1")
    assert ours["/completion"]["events"] == [event("GET", "/v1/completion", 7)]
    for path in ("list", "text", "no-usage"):
        assert ours[f"/{path}"]["events"] == [event("GET", f"/v1/{path}")]
    (chat,) = ours["a chat"]["events"]
    assert chat[:2] == ["POST", "/v1/chat/completions"]
    assert chat[2] > 0
    assert ours["a stream"] == {"events": [event("POST", "/v1/chat/completions")], "end": "True"}
