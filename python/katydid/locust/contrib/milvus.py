"""How does a user query Milvus? Through its own methods, each an exchange of the type milvus.

A search that was given the right answers also reports its recall, as an event whose response time is the
recall in percent. Importing this module makes gRPC, which waits in C, cooperative.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from ..env import Environment
from ..user import User
from ._extra import extra
from ._outcome import Outcome, fire, outcome_of

with extra("milvus"):
    import grpc.experimental.gevent as grpc_gevent
    from pymilvus import CollectionSchema, MilvusClient
    from pymilvus.milvus_client import IndexParams

grpc_gevent.init_gevent()

_FIELDS = ["id"]
"""What is asked for where a call does not say."""


class BaseClient(ABC):
    """What a MilvusUser needs of its client."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""

    @abstractmethod
    def create_collection(self, schema: Any, index_params: Any, **kwargs: Any) -> None:
        """Create the collection."""

    @abstractmethod
    def insert(self, data: Any) -> Outcome:
        """Insert entities."""

    @abstractmethod
    def upsert(self, data: Any) -> Outcome:
        """Insert or replace entities."""

    @abstractmethod
    def search(
        self,
        data: Any,
        anns_field: str,
        limit: int,
        filter: str = "",
        search_params: Any = None,
        output_fields: list[str] | None = None,
        calculate_recall: bool = False,
        ground_truth: list[Any] | None = None,
    ) -> Outcome:
        """Find the entities that are nearest to the vectors `data`."""

    @abstractmethod
    def hybrid_search(
        self, reqs: Any, ranker: Any, limit: int, output_fields: list[str] | None = None
    ) -> Outcome:
        """Search in several fields at once."""

    @abstractmethod
    def query(self, filter: str, output_fields: list[str] | None = None) -> Outcome:
        """Find the entities that a filter accepts."""

    @abstractmethod
    def delete(self, filter: str) -> Outcome:
        """Delete the entities that a filter accepts."""


class MilvusV2Client(BaseClient):
    """A `pymilvus.MilvusClient` of one collection, whose methods return what their call came to."""

    def __init__(
        self,
        uri: str,
        collection_name: str,
        token: str = "root:Milvus",
        db_name: str = "default",
        timeout: int = 60,
    ) -> None:
        self.uri = uri
        self.collection_name = collection_name
        self.token = token
        self.db_name = db_name
        self.timeout = timeout
        self.client = MilvusClient(uri=uri, token=token, db_name=db_name, timeout=timeout)

    def close(self) -> None:
        """Close the connection."""
        self.client.close()

    def create_collection(self, schema: Any, index_params: Any, **kwargs: Any) -> None:
        """Create the collection. Not recorded."""
        self.client.create_collection(
            collection_name=self.collection_name, schema=schema, index_params=index_params, **kwargs
        )

    def insert(self, data: Any) -> Outcome:
        """Insert entities."""
        call = self.client.insert
        return outcome_of(lambda: {"result": call(collection_name=self.collection_name, data=data)})

    def upsert(self, data: Any) -> Outcome:
        """Insert or replace entities."""
        call = self.client.upsert
        return outcome_of(lambda: {"result": call(collection_name=self.collection_name, data=data)})

    def search(
        self,
        data: Any,
        anns_field: str,
        limit: int,
        filter: str = "",
        search_params: Any = None,
        output_fields: list[str] | None = None,
        calculate_recall: bool = False,
        ground_truth: list[Any] | None = None,
    ) -> Outcome:
        """Find the nearest entities; with `ground_truth`, the ids that should be found, also the recall."""

        def call() -> dict[str, Any]:
            result = self.client.search(
                collection_name=self.collection_name,
                data=data,
                anns_field=anns_field,
                filter=filter,
                limit=limit,
                search_params=search_params,
                output_fields=_FIELDS if output_fields is None else output_fields,
            )
            return {"empty": _has_no_hits(result), "result": result}

        outcome = outcome_of(call)
        if calculate_recall and ground_truth and outcome["success"]:
            outcome["recall"] = self.get_recall(outcome["result"], ground_truth, limit)
        return outcome

    def hybrid_search(
        self, reqs: Any, ranker: Any, limit: int, output_fields: list[str] | None = None
    ) -> Outcome:
        """Search in several fields at once."""

        def call() -> dict[str, Any]:
            result = self.client.hybrid_search(
                collection_name=self.collection_name,
                reqs=reqs,
                ranker=ranker,
                limit=limit,
                output_fields=_FIELDS if output_fields is None else output_fields,
                timeout=self.timeout,
            )
            return {"empty": _has_no_hits(result), "result": result}

        return outcome_of(call)

    @staticmethod
    def get_recall(search_results: Any, ground_truth: list[Any], limit: int | None = None) -> float:
        """The share of the first `limit` ids of `ground_truth` that were found.

        Without `limit`, as many count as the first vector has hits. 0 if there are not so many, or what was
        found has no ids.
        """
        try:
            count = limit or len(search_results[0])
            found = {hit["id"] for hits in search_results for hit in hits}
            if len(ground_truth) < count:
                return 0.0
            return sum(wanted in found for wanted in ground_truth[:count]) / count
        except (ArithmeticError, LookupError, TypeError):
            return 0.0

    def query(self, filter: str, output_fields: list[str] | None = None) -> Outcome:
        """Find the entities that a filter accepts."""

        def call() -> dict[str, Any]:
            result = self.client.query(
                collection_name=self.collection_name,
                filter=filter,
                output_fields=_FIELDS if output_fields is None else output_fields,
            )
            return {"empty": len(result) == 0, "result": result}

        return outcome_of(call)

    def delete(self, filter: str) -> Outcome:
        """Delete the entities that a filter accepts."""
        call = self.client.delete
        return outcome_of(lambda: {"result": call(collection_name=self.collection_name, filter=filter)})


def _has_no_hits(result: Any) -> bool:
    """Whether none of the searched vectors has a hit."""
    return len(result) == 0 or all(len(hits) == 0 for hits in result)


class MilvusUser(User):
    """A user of one collection, which is created first if a schema is given."""

    abstract = True

    def __init__(
        self,
        environment: Environment,
        uri: str = "http://localhost:19530",
        token: str = "root:Milvus",
        collection_name: str = "test_collection",
        db_name: str = "default",
        timeout: int = 60,
        schema: CollectionSchema | None = None,
        index_params: IndexParams | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(environment)
        self.client_type = "milvus"
        self.client: BaseClient = MilvusV2Client(uri, collection_name, token, db_name, timeout)
        if schema is not None:
            self.client.create_collection(schema=schema, index_params=index_params, **kwargs)

    def insert(self, data: Any) -> Outcome:
        """Insert entities."""
        return self._fire("insert", self.client.insert(data))

    def upsert(self, data: Any) -> Outcome:
        """Insert or replace entities."""
        return self._fire("upsert", self.client.upsert(data))

    def search(
        self,
        data: Any,
        anns_field: str,
        limit: int,
        filter: str = "",
        search_params: Any = None,
        output_fields: list[str] | None = None,
        calculate_recall: bool = False,
        ground_truth: list[Any] | None = None,
    ) -> Outcome:
        """Find the nearest entities, and report the recall if `ground_truth` says what should be found."""
        outcome = self._fire(
            "search",
            self.client.search(
                data,
                anns_field,
                limit,
                filter=filter,
                search_params=search_params,
                output_fields=output_fields,
                calculate_recall=calculate_recall,
                ground_truth=ground_truth,
            ),
        )
        if "recall" in outcome:
            percent = int(outcome["recall"] * 100)
            fire(self.environment.events.request, self.client_type, "recall", percent, None)
        return outcome

    def hybrid_search(
        self, reqs: Any, ranker: Any, limit: int, output_fields: list[str] | None = None
    ) -> Outcome:
        """Search in several fields at once."""
        return self._fire("hybrid_search", self.client.hybrid_search(reqs, ranker, limit, output_fields))

    def query(self, filter: str, output_fields: list[str] | None = None) -> Outcome:
        """Find the entities that a filter accepts."""
        return self._fire("query", self.client.query(filter, output_fields))

    def delete(self, filter: str) -> Outcome:
        """Delete the entities that a filter accepts."""
        return self._fire("delete", self.client.delete(filter))

    def on_stop(self) -> None:
        """Close the connection."""
        self.client.close()

    def _fire(self, name: str, outcome: Outcome) -> Outcome:
        event = self.environment.events.request
        fire(event, self.client_type, name, outcome["response_time"], outcome.get("exception"))
        return outcome
