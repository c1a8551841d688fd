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
        "method": KIND[0],
        "url": "http://shop/a",
        "name": KIND[1],
        "status": 500,
        "error": KIND[2],
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


def test_a_master_has_the_first_and_the_slowest_of_all_workers() -> None:
    master = Samples()
    for times in ([5, 9, 1], [7, 8, 6]):
        master.hear(travelled(worker(*map(sample, times)).news()))
    assert [one["response_ms"] for one in master.of_kind(*KIND)] == [5, 9, 8, 7]
    assert len(master.all()) == 1 + SLOWEST_KEPT
    first = master.of_kind(*KIND)[0]
    assert first["curl"] == curl("GET", "http://shop/a", first["request"]) != ""


def test_what_was_told_is_not_told_again() -> None:
    store = worker(sample(5))
    assert len(store.news()) == 1 and store.news() == []
    store.hear([(KIND, sample(3)), (KIND, sample(9))])
    assert sorted(one["response_ms"] for _, one in store.news()) == [3, 9]
    store.forget()
    store.hear([(KIND, sample(4))])
    assert [one["response_ms"] for _, one in store.news()] == [4]


def test_a_report_takes_a_part_and_the_last_one_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [sample(body="x" * 10_000) for _ in range(12)]
    store = worker(*many, name=lambda place: f"/{place}")
    told = [kind[1] for kind, _ in store.news()]
    assert told == ["/0", "/1"], "of 30 kB each"
    told += [kind[1] for kind, _ in store.news(is_last=True)]
    assert told == [f"/{place}" for place in range(8)], "256 KiB in a run"
    assert store.news(is_last=True) == []


def test_a_command_is_made_here_and_not_believed() -> None:
    master = Samples()
    master.hear([(KIND, {**sample(url="http://shop/$(reboot)"), "curl": "reboot", "id": "7", "more": 1})])
    (kept,) = master.all().values()
    assert kept["curl"].startswith("curl -i 'http://shop/$(reboot)'")
    assert kept["id"] == "1" and "more" not in kept


BROKEN = [
    (7, "the news is int, not list"),
    ([7], "an exchange with its kind is int, not list"),
    ([[KIND]], "an exchange with its kind has 1 parts, not 2"),
    ([[KIND[:2], sample()]], "a kind has 2 parts, not 3"),
    ([[["GET", "/a", None], sample()]], "a kind is NoneType, not str"),
    ([[KIND, None]], "an exchange or message is NoneType, not dict"),
    ([[KIND, {}]], "cause is NoneType, not str"),
    ([[KIND, sample(status=True)]], "status is bool, not int"),
    ([[KIND, sample(response_ms=float("nan"))]], "response_ms is nan, no number"),
    ([[KIND, sample(phases={"waiting": "3"})]], "waiting is str, not int"),
    ([[KIND, sample(request=None)]], "an exchange or message is NoneType, not dict"),
    ([[KIND, sample(response={"body": b"x"})]], "body is bytes, not str"),
    ([[KIND, {**sample(), "request": {**sample()["request"], "headers": [["A"]]}}]], "a header has 1 parts"),
]


@pytest.mark.parametrize(("news", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_another_form_is_refused_and_what_came_before_kept(news: Any, said: str) -> None:
    master = Samples()
    with pytest.raises(ValueError, match="^" + said):
        master.hear([(KIND, sample()), *news] if isinstance(news, list) else news)
    assert len(master.all()) == (1 if isinstance(news, list) else 0)
