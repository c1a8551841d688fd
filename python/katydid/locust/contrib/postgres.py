"""How does a user query PostgreSQL? Through `self.client`, a connection of psycopg that times each query.

Concurrency comes from gevent: psycopg waits cooperatively in a patched process.
"""

from __future__ import annotations

import time
from typing import Any

from katydid import locust

from ..event import EventHook
from ..user import User
from ._extra import extra

with extra("postgres"):
    import psycopg


class PostgresClient:
    """One connection, and an event for every query on it.

    Args:
        conn_string: as psycopg takes it, `postgresql://user@host:5432/database`.
        request_event: what to fire; by default the hook of the command's run.

    Raises:
        psycopg.OperationalError: the server cannot be reached.
    """

    def __init__(self, conn_string: str, request_event: EventHook | None = None) -> None:
        self.connection = psycopg.connect(conn_string)
        self._request_event = request_event

    def execute_query(self, query: Any) -> None:
        """Execute a query and fetch its result. What fails is recorded and goes no further.

        As in any session a failed query fails those that follow it, until `self.connection.rollback()`.
        """
        failure: Exception | None = None
        started = time.time()
        begun = time.perf_counter()
        try:
            self.connection.execute(query)
        except Exception as fault:
            failure = fault
        event = self._request_event or locust.events.request
        event.fire(
            request_type="postgres_failure" if failure else "postgres_success",
            name="execute_query",
            response_time=(time.perf_counter() - begun) * 1000,
            response_length=0,
            exception=failure,
            context={},
            start_time=started,
        )

    def close(self) -> None:
        """Close the connection; what was not committed is lost."""
        self.connection.close()


class PostgresUser(User):
    """A user with a connection of its own. A subclass sets `conn_string`."""

    abstract = True

    conn_string: str
    """Where to connect to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client = PostgresClient(self.conn_string, self.environment.events.request)

    def on_stop(self) -> None:
        """Close the connection."""
        self.client.close()
