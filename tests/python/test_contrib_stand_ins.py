"""Users of locust.contrib whose client libraries are heavy, over stand-ins; and libraries that are missing.

Servers of Qdrant and Milvus are not to be had here, and their libraries weigh 200 MB. A stand-in with the
same interface notes what a user asks of it. What stock Locust asks of the real libraries was observed once;
these tests hold it as facts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from katydid.locust.env import Environment


class Library:
    """Stands in for a client: keeps how it was made and what it was asked, and answers as told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        self.failure: Exception | None = None

    def __call__(self, **settings: Any) -> Library:
        return self._note("made", settings) or self

    def __getattr__(self, method: str) -> Any:
        return lambda **arguments: self._note(method, arguments)

    def _note(self, what: str, arguments: dict[str, Any]) -> Any:
        self.asked.append((what, arguments))
        if self.failure is not None:
            raise self.failure
        return self.answers.get(what)


class Heard(list[tuple[str, str, float, Any]]):
    """The request events of an environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        environment.events.request.add_listener(self._hear)

    def _hear(
        self, request_type: str, name: str, response_time: float, exception: Any, **others: Any
    ) -> None:
        assert others == {"response_length": 0, "context": {}}
        self.append((request_type, name, response_time, exception))

    @property
    def names(self) -> list[str]:
        return [name for _, name, _, _ in self]


def install(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    """Put a module into this process that is not installed."""
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def qdrant(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    install(monkeypatch, "qdrant_client", QdrantClient=library)
    install(monkeypatch, "qdrant_client.models", VectorParams=object)
    yield import_module("katydid.locust.contrib.qdrant")
    del sys.modules["katydid.locust.contrib.qdrant"]


@pytest.fixture
def milvus(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    install(monkeypatch, "grpc", __path__=[])
    install(monkeypatch, "grpc.experimental", __path__=[])
    install(monkeypatch, "grpc.experimental.gevent", init_gevent=lambda: library._note("gevent", {}))
    install(monkeypatch, "pymilvus", CollectionSchema=object, MilvusClient=library)
    install(monkeypatch, "pymilvus.milvus_client", IndexParams=object)
    yield import_module("katydid.locust.contrib.milvus")
    del sys.modules["katydid.locust.contrib.milvus"]


def test_qdrant_asks_as_stock_locust_does(qdrant: Any, library: Library) -> None:
    environment = Environment()
    heard = Heard(environment)

    class Searcher(qdrant.QdrantUser):  # type: ignore[misc]
        url = "http://a-server"
        api_key = "a key"
        collection_name = "things"
        timeout = 5
        vectors_config = "four floats"
        client_kwargs = {"prefer_grpc": False}
        collection_kwargs = {"shard_number": 1}

    user = Searcher(environment)
    assert library.asked == [
        ("made", {"url": "http://a-server", "api_key": "a key", "timeout": 5, "prefer_grpc": False}),
        ("collection_exists", {"collection_name": "things"}),
        (
            "create_collection",
            {"collection_name": "things", "vectors_config": "four floats", "shard_number": 1},
        ),
    ]
    library.asked.clear()
    library.answers = {"query_points": SimpleNamespace(points=["a point"]), "scroll": (["a point"], "next")}
    user.upsert(["a point"])
    found = user.search([0.1], 3, "a filter", "parameters", False)
    page = user.scroll("a filter", 2, False)
    user.delete(["an id"])
    user.on_stop()
    assert library.asked == [
        ("upsert", {"collection_name": "things", "points": ["a point"]}),
        (
            "query_points",
            {
                "collection_name": "things",
                "query": [0.1],
                "limit": 3,
                "query_filter": "a filter",
                "search_params": "parameters",
                "with_payload": False,
            },
        ),
        (
            "scroll",
            {"collection_name": "things", "scroll_filter": "a filter", "limit": 2, "with_payload": False},
        ),
        ("delete", {"collection_name": "things", "points_selector": ["an id"]}),
        ("close", {}),
    ]
    assert [(kind, name, failure) for kind, name, _, failure in heard] == [
        ("qdrant", name, None) for name in ("upsert", "search", "scroll", "delete")
    ]
    assert found["success"] and not found["empty"] and found["result"].points == ["a point"]
    assert page["result"] == ["a point"] and page["next_offset"] == "next"


def test_qdrant_an_existing_collection_is_kept(qdrant: Any, library: Library) -> None:
    library.answers["collection_exists"] = True
    client = qdrant.QdrantLocustClient("http://a-server", "things")
    client.create_collection("four floats")
    assert [what for what, _ in library.asked] == ["made", "collection_exists"]


def test_qdrant_failures_and_empty_results(qdrant: Any, library: Library) -> None:
    environment = Environment()
    heard = Heard(environment)
    user = type("Searcher", (qdrant.QdrantUser,), {"collection_name": "things"})(environment)
    library.answers = {"query_points": SimpleNamespace(points=[])}
    assert user.search([0.1])["success"] is False  # nothing found is told, but no failure
    library.failure = ValueError("boom")
    outcome = user.upsert(["a point"])
    assert outcome["success"] is False and outcome["exception"] is library.failure
    assert [failure for _, _, _, failure in heard] == [None, library.failure]


def test_qdrant_needs_a_collection(qdrant: Any) -> None:
    with pytest.raises(ValueError, match="'collection_name' must be provided for QdrantUser"):
        qdrant.QdrantUser(Environment())


def test_milvus_asks_as_stock_locust_does(milvus: Any, library: Library) -> None:
    environment = Environment()
    heard = Heard(environment)
    user = milvus.MilvusUser(
        environment, "http://a-server", "a token", "things", "shop", 5, "schema", "index", shards=2
    )
    assert library.asked == [
        ("gevent", {}),
        ("made", {"uri": "http://a-server", "token": "a token", "db_name": "shop", "timeout": 5}),
        (
            "create_collection",
            {"collection_name": "things", "schema": "schema", "index_params": "index", "shards": 2},
        ),
    ]
    library.asked.clear()
    library.answers = {call: [[{"id": 1}]] for call in ("search", "hybrid_search", "query")}
    user.insert([{"id": 1}])
    user.upsert([{"id": 1}])
    user.search([[0.1]], "vector", 3)
    user.hybrid_search(["a request"], "a ranker", 4, ["a field"])
    user.query("id > 0")
    user.delete("id in [1]")
    user.on_stop()
    things = {"collection_name": "things"}
    search = {"data": [[0.1]], "anns_field": "vector", "filter": "", "limit": 3, "search_params": None}
    hybrid = {
        "reqs": ["a request"],
        "ranker": "a ranker",
        "limit": 4,
        "output_fields": ["a field"],
        "timeout": 5,
    }
    assert library.asked == [
        ("insert", {**things, "data": [{"id": 1}]}),
        ("upsert", {**things, "data": [{"id": 1}]}),
        ("search", {**things, **search, "output_fields": ["id"]}),
        ("hybrid_search", {**things, **hybrid}),
        ("query", {**things, "filter": "id > 0", "output_fields": ["id"]}),
        ("delete", {**things, "filter": "id in [1]"}),
        ("close", {}),
    ]
    assert heard.names == ["insert", "upsert", "search", "hybrid_search", "query", "delete"]
    assert {kind for kind, _, _, _ in heard} == {"milvus"}


def test_milvus_recall_is_an_event_in_percent(milvus: Any, library: Library) -> None:
    environment = Environment()
    heard = Heard(environment)
    user = milvus.MilvusUser(environment)
    library.answers["search"] = [[{"id": 1}, {"id": 2}, {"id": 3}]]
    outcome = user.search([[0.1]], "vector", 3, calculate_recall=True, ground_truth=[1, 2, 9])
    assert outcome["recall"] == pytest.approx(2 / 3)
    assert heard[1] == ("milvus", "recall", 66, None)
    user.search([[0.1]], "vector", 3, ground_truth=[1, 2, 9])
    library.answers["search"] = [[]]
    assert user.search([[0.1]], "vector", 3, calculate_recall=True, ground_truth=[1])["empty"] is True
    assert heard.names == ["search", "recall", "search", "search"]


@pytest.mark.parametrize(
    ("found", "expected", "limit", "recall"),
    [
        ([1, 2, 3], [1, 2, 9, 10], None, 2 / 3),
        ([1, 2, 3], [1, 2, 9, 10], 2, 1.0),
        ([1, 2, 3], [1], None, 0.0),
        ([3, 1], [1, 3], 1, 1.0),
        ([1, 2], [1, 2, 3, 4], 4, 0.5),
        ([1, 2], [1, 2], 10, 0.0),
        ([], [1], None, 0.0),
        ([1], [], None, 0.0),
    ],
)
def test_milvus_recall(
    found: list[int], expected: list[int], limit: int | None, recall: float, milvus: Any
) -> None:
    results = [[{"id": each} for each in found]]
    assert milvus.MilvusV2Client.get_recall(results, expected, limit) == pytest.approx(recall)


def test_milvus_recall_of_nonsense_is_nothing(milvus: Any) -> None:
    for results, expected in (([], [1]), (None, [1]), ([[{"key": 1}]], [1]), ([[{"id": 1}]], {1})):
        assert milvus.MilvusV2Client.get_recall(results, expected) == 0.0


@pytest.mark.parametrize(
    ("module", "library_name"),
    [
        ("dns", "dns"),
        ("milvus", "grpc"),
        ("mongodb", "pymongo"),
        ("mqtt", "paho"),
        ("oai", "httpx"),
        ("postgres", "psycopg"),
        ("qdrant", "qdrant_client"),
        ("socketio", "socketio"),
    ],
)
def test_a_missing_library_is_one_line_with_the_command(module: str, library_name: str) -> None:
    code = f"""
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name == {library_name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refusing())
try:
    import katydid.locust.contrib.{module}
except ImportError as fault:
    print(fault)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    advice = f'pip install "katydid[{module}]"'
    assert done.stdout.splitlines() == [
        f"locust.contrib.{module} needs {library_name}, which is not installed: {advice}"
    ], done.stderr


def test_oai_needs_a_key() -> None:
    code = "import os; os.environ.pop('OPENAI_API_KEY', None); import katydid.locust.contrib.oai"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.endswith("needs the environment variable OPENAI_API_KEY: set it to your key\n")


def test_every_extra_is_declared() -> None:
    from importlib.metadata import metadata

    extras = set(metadata("katydid").get_all("Provides-Extra") or ())
    assert {"dns", "milvus", "mongodb", "mqtt", "oai", "postgres", "qdrant", "socketio"} <= extras
