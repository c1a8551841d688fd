"""A worker tells its master of failed exchanges that it has kept, within limits."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from katydid.results import samples
from katydid.results.samples import SLOWEST_KEPT, Samples, curl

KIND = ("GET", "/a", "status 500")


def sample(ms: float = 5.0, body: str = "{}", **fields: Any) -> samples.Sample:
    message = {"headers": [["Accept", "*/*"]], "body": body, "body_truncated": False, "body_exact": True}
    told = {
        "cause": "server error",
        "url": "http://shop/a",
        "status": 500,
        "at": 1.5,
        "response_ms": ms,
        "phases": {"waiting": 3},
        "user_class": None,
        "request": message,
        "response": {**message},
    }
    return {**told, **fields}


def worker(*kept: samples.Sample, name: Callable[[int], str] = lambda _: "/a") -> Samples:
    """A node that has kept these exchanges."""
    store = Samples()
    store.hear([((KIND[0], name(place), KIND[2]), one) for place, one in enumerate(kept)])
    return store


def travelled(news: Any) -> Any:
    return json.loads(json.dumps(news))


def test_a_master_has_the_first_of_all_workers_and_at_the_end_the_slowest() -> None:
    master, workers = Samples(), [worker(*map(sample, times)) for times in ([5, 9, 1], [7, 8, 6])]
    for is_last, expected in ((False, [5, 7]), (True, [5, 9, 8, 7]), (True, [5, 9, 8, 7])):
        for node in workers:
            master.hear(travelled(node.news(is_last)))
        assert [one["response_ms"] for one in master.of_kind(*KIND)] == expected
    assert len(master.all()) == 1 + SLOWEST_KEPT
    first = master.of_kind(*KIND)[0]
    assert (first["method"], first["name"], first["error"]) == KIND
    assert first["curl"] == curl("GET", "http://shop/a", first["request"]) != ""


def test_what_was_told_is_told_again_in_another_run_alone() -> None:
    store = worker(sample(5))
    assert len(store.news()) == 1 and store.news() == []
    store.hear([(KIND, sample(3))])
    assert store.news() == [] and len(store.news(is_last=True)) == 1 and store.news(is_last=True) == []
    store.forget()
    store.hear([(KIND, sample(4))])
    assert [one["response_ms"] for _, one in store.news()] == [4]


@pytest.mark.parametrize("sign", ["x", "\u732b"])
def test_what_is_told_has_bounds(monkeypatch: pytest.MonkeyPatch, sign: str) -> None:
    many = [sample(body=sign * (10_000 // len(sign.encode()))) for _ in range(150)]
    store = worker(*many, name=lambda place: f"/{place}")
    first = store.news()
    assert [kind[1] for kind, _ in first] == ["/0", "/1"], "of 20 kB each"
    told = first
    while news := store.news():
        told += news
    assert len(travelled_bytes(told)) < 256 << 10
    assert [kind[1] for kind, _ in told] == [f"/{place}" for place in range(len(told))]
    bodies = [one["response"]["body"] for _, one in told]
    assert bodies[0] and len(told) > 80 and not bodies[-1], "what comes late is told without bodies"


def travelled_bytes(news: Any) -> bytes:
    return json.dumps(news, ensure_ascii=False).encode()


def test_what_cannot_be_written_is_replaced() -> None:
    odd = samples._kind("GET", "/\ud800", "no \udfff")
    assert odd == ("GET", "/\ufffd\ufffd\ufffd", "no \ufffd\ufffd\ufffd"), "as in statistics"
    store = Samples()
    store.hear([(("GET", "/\ud800", "no"), sample())])
    travelled_bytes(store.news())


def test_a_command_is_made_here_and_does_what_it_says() -> None:
    master = Samples()
    wrong = {"curl": "reboot", "id": "7", "more": 1, "name": "/other"}
    master.hear([(KIND, {**sample(url="-o/tmp/$(reboot)", body="@/etc/passwd"), **wrong})])
    (kept,) = master.all().values()
    assert kept["curl"].startswith("curl -i --url '-o/tmp/$(reboot)'")
    assert kept["curl"].endswith("--data-raw @/etc/passwd"), "which sends no file"
    assert (kept["id"], kept["name"]) == ("1", KIND[1]) and "more" not in kept
    assert (
        curl("GET", "http://h/[1-9]", {"headers": [], "body": None})
        == "curl -i -g 'http://h/[1-9]' -H Accept: -H User-Agent:"
    )


def test_what_others_tell_is_counted() -> None:
    master, long = Samples(), "x" * 60_000
    for place in range(samples.MOST_KINDS):
        master.hear([(("GET", f"{place}", "e"), sample(cause=long, user_class=long, phases={long: 1}))])
    assert len(master.all()) < 50, "of 180 kB each"


ODD = {**sample()["request"]}
BROKEN = [
    ([7], "an exchange with its kind is no list of 2"),
    ([[KIND]], "an exchange with its kind is no list of 2"),
    ([[KIND[:2], sample()]], "a kind is no list of 3"),
    ([[["GET", "/a", None], sample()]], "a kind is no text"),
    ([[["GET /", "/a", ""], sample()]], "a method has characters that no method has"),
    ([[KIND, None]], "an exchange is no map"),
    ([[KIND, {}]], "phases is no map"),
    ([[KIND, sample(cause="x" * 70_000)]], "cause is longer than 65536 characters"),
    ([[KIND, sample(status=True)]], "status is no number from 0 to 999"),
    ([[KIND, sample(at=1e300)]], "at is no number from 0 to 1e.11"),
    ([[KIND, sample(response_ms=float("nan"))]], "response_ms is no number"),
    ([[KIND, sample(response_ms=-1)]], "response_ms is no number"),
    ([[KIND, sample(phases={"\x1b[2J": "3"})]], "a phase is no number"),
    ([[KIND, sample(phases={f"{number}": 1 for number in range(101)})]], "phases has more than 100 parts"),
    ([[KIND, sample(request=None)]], "a message is no map"),
    ([[KIND, sample(response={**ODD, "body": b"x"})]], "body is no text"),
    ([[KIND, sample(request={**ODD, "headers": [["A"]]})]], "a header is no list of 2"),
    ([[KIND, sample(request={**ODD, "headers": [["@/etc/passwd", "x"]]})]], "a header's name has characters"),
]


@pytest.mark.parametrize(("news", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_another_form_is_refused_and_the_others_kept(news: Any, said: str) -> None:
    master = Samples()
    with pytest.raises(ValueError, match="^" + said):
        master.hear([*news, (KIND, sample())])
    assert len(master.all()) == 1


@pytest.mark.parametrize("news", [7, None, [[KIND, sample()]] * 1001])
def test_news_are_a_list_of_bounded_length(news: Any) -> None:
    with pytest.raises(ValueError, match=r"^the news "):
        Samples().hear(news)
