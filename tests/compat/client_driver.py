"""Runs a table of calls against servers in this process and prints what was seen, as JSON.

usage: client_driver.py TABLE WAY FOLDER

TABLE is `requests` or `fast`. WAY says who sends: `stock` (stock Locust, if this interpreter has it),
`native` (katydid as it is), or one of the ways round the native half: `hook` (a hook that does nothing),
`adapter` (an adapter of `requests`), `python` (the Python half of FastHttpUser). FOLDER has the helpers and
certificates of `tests/python`. The servers are greenlets, so that everything happens in one order.
"""

import json
import re
import sys
from collections.abc import Callable
from typing import Any

TABLE, WAY, FOLDER = sys.argv[1:4]
sys.path.insert(0, FOLDER)

if WAY != "stock":
    import katydid

    katydid.patch()
    katydid.alias_locust()

import gevent  # noqa: E402
import locust  # noqa: E402, F401 -- stock Locust patches at this moment
import urllib3.filepost  # noqa: E402
from client_places import Places  # noqa: E402
from locust.env import Environment  # noqa: E402
from requests import PreparedRequest, Response  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402

LIMIT_S = 20
_NOISE = [
    (re.compile(r"0x[0-9a-f]{6,}"), "0x"),
    (re.compile(r" \(_ssl\.c:\d+\)"), ""),
    (re.compile(r"<urllib3\.connection\.HTTPS?Connection object at 0x>"), "<connection>"),
]


class Stage:
    """What a case plays on: a user of each kind, the servers, and a place for remarks."""

    def __init__(self) -> None:
        self.places = Places()
        self.server = self.places.server
        self.environment = Environment(host=self.server.url)
        self.events: list[Any] = []
        self.remarks: list[Any] = []
        self.environment.events.request.add_listener(self._listen)
        self._client: Any = None
        self.settings: dict[str, Any] = {}

    def _listen(self, **event: Any) -> None:
        self.events.append(event)

    @property
    def client(self) -> Any:
        """The client of a fresh user."""
        if self._client is None:
            self._client = self.user().client
        return self._client

    def user(self, host: str | None = None, **attributes: Any) -> Any:
        """A user of the table's kind with these class attributes."""
        import locust.contrib.fasthttp

        base = locust.HttpUser if TABLE == "requests" else locust.contrib.fasthttp.FastHttpUser
        fixed = {"host": host or self.server.url, "network_timeout": 5.0, "connection_timeout": 5.0}
        kind = type("Visitor", (base,), {**fixed, **attributes})
        user = kind(self.environment)
        _divert(user.client)
        return user

    def note(self, *remark: Any) -> None:
        """Write down something that the harness would not see."""
        self.remarks.append([described(part) for part in remark])

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Write down what `act` returns or raises."""
        try:
            result = act()
        except BaseException as error:
            self.note("raised", error)
            return None
        self.note("returned", result)
        return result


def pass_by(response: Any, **_kwargs: Any) -> None:
    """A hook that does nothing."""


def _divert(client: Any) -> None:
    if WAY == "hook":
        client.hooks["response"].append(pass_by)
    elif WAY == "adapter":
        client.mount("http://", HTTPAdapter())
        client.mount("https://", HTTPAdapter())
    elif WAY == "python":
        client.request = client._request


def described(value: Any) -> Any:
    """A value as JSON that can be compared."""
    match value:
        case bytes() | bytearray():
            return f"bytes {bytes(value)!r}"
        case None | bool() | int() | str():
            return value
        case float():
            return "a float"
        case dict():
            return [[described(name), described(item)] for name, item in value.items()]
        case list() | tuple() | set() | frozenset():
            return [described(item) for item in value]
        case Response():
            return _response(value)
        case PreparedRequest():
            return _prepared(value)
        case BaseException():
            return _exception(value)
        case _ if type(value).__name__ in ("FastResponse", "ErrorResponse", "ResponseContextManager"):
            return _fast_response(value)
    return f"{type(value).__name__} {value!r}"


def _seen(subject: Any, names: list[str]) -> dict[str, Any]:
    seen = {}
    for name in names:
        try:
            value = getattr(subject, name)
            seen[name] = described(value() if callable(value) else value)
        except Exception as error:
            seen[name] = ["raised", described(error)]
    return seen


_RESPONSE = [
    "status_code", "reason", "url", "encoding", "is_redirect", "is_permanent_redirect", "links", "text",
    "content", "apparent_encoding", "error", "ok", "json", "raise_for_status", "next", "__bool__",
]  # fmt: skip


def _response(response: Response) -> Any:
    seen = _seen(response, _RESPONSE)
    seen["headers"] = described(list(response.headers.items()))
    seen["header class"] = type(response.headers).__name__
    seen["cookies"] = described(sorted(dict(response.cookies or {}).items()))
    seen["history"] = [
        [hop.status_code, described(hop.url), described(hop.content)] for hop in response.history
    ]
    seen["elapsed"] = type(response.elapsed).__name__
    seen["request"] = described(response.request)
    raw = response.raw
    seen["raw"] = raw and [
        raw.status,
        raw.version,
        described(raw.reason),
        described(list(raw.headers.items())),
    ]
    return seen


def _fast_response(response: Any) -> Any:
    names = ["status_code", "url", "content", "text", "encoding", "ok", "json", "raise_for_status", "status"]
    seen = _seen(response, names)
    seen["error"] = described(getattr(response, "error", None))
    headers = response.headers
    seen["headers"] = None if headers is None else described(list(headers.items()))
    request = response.request
    payload = request.payload or None
    payload = payload.encode() if isinstance(payload, str) else payload
    seen["request"] = described([request.method, request.url, payload])
    seen["class"] = type(response).__name__
    return seen


def _prepared(request: PreparedRequest) -> Any:
    body = request.body
    body = body.encode() if isinstance(body, str) else body
    known = body if isinstance(body, bytes | bytearray | None) else type(body).__name__
    return [
        described(request.method),
        described(request.url),
        described(list((request.headers or {}).items())),
        described(known),
    ]


def _exception(error: BaseException) -> Any:
    told: list[Any] = [type(error).__qualname__, _text(error, repr), _text(error, str)]
    request, response = getattr(error, "request", None), getattr(error, "response", None)
    if isinstance(request, PreparedRequest):
        told.append(["request", described(request.method), described(request.url)])
    if isinstance(response, Response):
        told.append(["response", response.status_code])
    return told


def _text(error: BaseException, how: Callable[[Any], str]) -> str:
    try:
        text = how(error)
    except Exception as failed:
        return f"no text: {type(failed).__name__}"
    for pattern, word in _NOISE:
        text = pattern.sub(word, text)
    return text


def _event(event: dict[str, Any]) -> Any:
    response = event["response"]
    return {
        "keys": sorted(event),
        "request_type": described(event["request_type"]),
        "name": described(event["name"]),
        "url": described(event["url"]),
        "length": event["response_length"],
        "context": described(event["context"]),
        "exception": described(event["exception"]),
        "status": getattr(response, "status_code", None),
        "took time": event["response_time"] is not None and event["response_time"] >= 0,
    }


def _rows(environment: Any) -> Any:
    entries = environment.stats.entries.values()
    errors = environment.stats.errors.values()
    return {
        "entries": _sorted(
            [e.method, e.name, e.num_requests, e.num_failures, e.total_content_length] for e in entries
        ),
        "errors": _sorted([e.method, e.name, type(e).parse_error(e.error), e.occurrences] for e in errors),
    }


def _sorted(rows: Any) -> Any:
    return sorted((described(row) for row in rows), key=repr)


def play(case: Callable[[Stage], Any]) -> dict[str, Any]:
    """One case from an empty stage to what is to be compared."""
    stage = Stage()
    result: dict[str, Any] = {}
    try:
        with gevent.Timeout(LIMIT_S, AssertionError("the case took too long")):
            returned = case(stage)
            result["returned"] = described(returned)
    except Exception as error:
        result["raised"] = described(error)
    result["remarks"] = stage.remarks
    result["events"] = [_event(event) for event in stage.events]
    result["rows"] = _rows(stage.environment)
    result["wire"] = [
        [place, request.head, described(request.body)] for place, request in stage.places.received
    ]
    known = stage.places.close()
    text = json.dumps(result)
    for port, name in known.items():
        text = re.sub(rf"(?<!\d){port}(?!\d)", name, text)
    for pattern, word in _NOISE:
        text = pattern.sub(word, text)
    return json.loads(text)


def main() -> None:
    """Play the table."""
    urllib3.filepost.choose_boundary = lambda: "boundary"  # type: ignore[assignment]
    if TABLE == "requests":
        from requests_cases import CASES
    else:
        from fast_cases import CASES
    only = sys.argv[4:]
    results = {name: play(case) for name, case in CASES.items() if not only or name in only}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
