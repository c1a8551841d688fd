"""How does a user query MongoDB? Through `self.client`, a `pymongo.MongoClient` that times each query."""

from __future__ import annotations

import time
from typing import Any

from katydid import locust

from ..event import EventHook
from ..user import User
from ._extra import extra

with extra("mongodb"):
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError


class MongoDBClient(MongoClient[dict[str, Any]]):
    """A client of one database, and an event for every query.

    Args:
        conn_string: as pymongo takes it, `mongodb://host:27017`.
        db_name: the database.
        request_event: what to fire; by default the hook of the command's run.
    """

    def __init__(self, conn_string: str, db_name: str, request_event: EventHook | None = None) -> None:
        super().__init__(conn_string)
        self.db = self[db_name]
        self._request_event = request_event

    def execute_query(self, collection_name: str, query: Any) -> None:
        """Find the documents of a collection that match, and fetch them all.

        What the server refuses is recorded and goes no further.

        Raises:
            TypeError: `query` is no mapping.
        """
        failure: Exception | None = None
        started = time.time()
        begun = time.perf_counter()
        try:
            for _ in self.db[collection_name].find(query):
                pass
        except PyMongoError as fault:
            failure = fault
        event = self._request_event or locust.events.request
        event.fire(
            request_type="MONGODB",
            name="QUERY",
            response_time=(time.perf_counter() - begun) * 1000,
            response_length=0,
            exception=failure,
            context={},
            start_time=started,
        )


class MongoDBUser(User):
    """A user with a client of its own. A subclass sets `conn_string` and `db_name`."""

    abstract = True

    conn_string: str
    """Where to connect to."""

    db_name: str
    """The database to query."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client = MongoDBClient(self.conn_string, self.db_name, self.environment.events.request)

    def on_stop(self) -> None:
        """Close the client's connections."""
        self.client.close()
