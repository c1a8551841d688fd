"""How does a user query Qdrant? Through its own methods, each an exchange of the type qdrant."""

from __future__ import annotations

from typing import Any

from ..env import Environment
from ..event import EventHook
from ..user import User
from ._extra import extra
from ._outcome import Outcome, fire, outcome_of

with extra("qdrant"):
    from qdrant_client import QdrantClient
    from qdrant_client.models import VectorParams


class QdrantLocustClient:
    """A client of one collection, whose methods return what their call came to."""

    def __init__(
        self, url: str, collection_name: str, api_key: str | None = None, timeout: int = 60, **kwargs: Any
    ) -> None:
        self.url = url
        self.collection_name = collection_name
        self.api_key = api_key
        self.timeout = timeout
        self.client = QdrantClient(url=url, api_key=api_key, timeout=timeout, **kwargs)

    def close(self) -> None:
        """Close the client's connections."""
        self.client.close()

    def create_collection(self, vectors_config: Any, **kwargs: Any) -> None:
        """Create the collection unless it exists. Not recorded."""
        if not self.client.collection_exists(collection_name=self.collection_name):
            self.client.create_collection(
                collection_name=self.collection_name, vectors_config=vectors_config, **kwargs
            )

    def upsert(self, points: Any) -> Outcome:
        """Insert or replace points."""
        call = self.client.upsert
        return outcome_of(lambda: {"result": call(collection_name=self.collection_name, points=points)})

    def search(
        self,
        query: Any,
        limit: int = 10,
        query_filter: Any = None,
        search_params: Any = None,
        with_payload: Any = True,
    ) -> Outcome:
        """Find the points that are nearest to `query`. Finding none is no success, but no failure either."""

        def call() -> dict[str, Any]:
            result = self.client.query_points(
                collection_name=self.collection_name,
                query=query,
                limit=limit,
                query_filter=query_filter,
                search_params=search_params,
                with_payload=with_payload,
            )
            return {"empty": len(result.points) == 0, "result": result}

        return outcome_of(call)

    def scroll(self, scroll_filter: Any = None, limit: int = 10, with_payload: Any = True) -> Outcome:
        """Read a page of points; the outcome has `next_offset`, too."""

        def call() -> dict[str, Any]:
            points, next_offset = self.client.scroll(
                collection_name=self.collection_name,
                scroll_filter=scroll_filter,
                limit=limit,
                with_payload=with_payload,
            )
            return {"empty": len(points) == 0, "result": points, "next_offset": next_offset}

        return outcome_of(call)

    def delete(self, points_selector: Any) -> Outcome:
        """Delete points."""
        call = self.client.delete
        return outcome_of(
            lambda: {"result": call(collection_name=self.collection_name, points_selector=points_selector)}
        )


class QdrantUser(User):
    """A user of one collection. A subclass sets at least `collection_name`."""

    abstract = True

    url: str = "http://localhost:6333"
    """The server."""

    api_key: str | None = None
    """The key that the server asks for."""

    collection_name: str | None = None
    """The collection to work on."""

    timeout: int = 60
    """Seconds that a call may take."""

    vectors_config: VectorParams | None = None
    """If set, the collection is created with it unless it exists."""

    client_kwargs: dict[str, Any] | None = None
    """Further arguments of the client."""

    collection_kwargs: dict[str, Any] | None = None
    """Further arguments for creating the collection."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        if self.collection_name is None:
            raise ValueError("'collection_name' must be provided for QdrantUser")
        self.client_type = "qdrant"
        self.client = QdrantLocustClient(
            self.url, self.collection_name, self.api_key, self.timeout, **(self.client_kwargs or {})
        )
        if self.vectors_config is not None:
            self.client.create_collection(self.vectors_config, **(self.collection_kwargs or {}))

    def upsert(self, points: Any) -> Outcome:
        """Insert or replace points."""
        return self._fire("upsert", self.client.upsert(points))

    def search(
        self,
        query: Any,
        limit: int = 10,
        query_filter: Any = None,
        search_params: Any = None,
        with_payload: Any = True,
    ) -> Outcome:
        """Find the points that are nearest to `query`."""
        return self._fire(
            "search", self.client.search(query, limit, query_filter, search_params, with_payload)
        )

    def scroll(self, scroll_filter: Any = None, limit: int = 10, with_payload: Any = True) -> Outcome:
        """Read a page of points."""
        return self._fire("scroll", self.client.scroll(scroll_filter, limit, with_payload))

    def delete(self, points_selector: Any) -> Outcome:
        """Delete points."""
        return self._fire("delete", self.client.delete(points_selector))

    def on_stop(self) -> None:
        """Close the client's connections."""
        self.client.close()

    def _fire(self, name: str, outcome: Outcome) -> Outcome:
        event: EventHook = self.environment.events.request
        fire(event, self.client_type, name, outcome["response_time"], outcome.get("exception"))
        return outcome
