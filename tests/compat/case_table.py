"""A table of cases: what a locustfile does with a client, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripted import answer

Case = Callable[[Any], Any]
"""Gets a stage (`client_driver.Stage`) and returns what is to be compared; raising is a result too."""


class Table(dict[str, Case]):
    """Cases in the order in which they are played."""

    def case(self, function: Case) -> Case:
        """Put a function into the table under its name."""
        self[function.__name__] = function
        return function

    def call(self, name: str, method: str, *positional: Any, **named: Any) -> None:
        """Put one call of the client into the table."""
        self[name] = lambda stage: getattr(stage.client, method)(*positional, **named)

    def served(self, name: str, reply: bytes | Callable[..., bytes | None], act: Case) -> None:
        """Put an act into the table that meets a server with this answer or script."""

        def play(stage: Any) -> Any:
            stage.server.script = (lambda request, peer: reply) if isinstance(reply, bytes) else reply
            return act(stage)

        self[name] = play


def by_code(request: Any, peer: Any) -> bytes:
    """A server's script: the path begins with the status to answer."""
    code = "".join(sign for sign in request.path[1:4] if sign.isdigit()) or "200"
    body = b"" if code in ("204", "304") else b'{"a": "hello"}'
    return answer(f"{code} Whatever", body, "Content-Type: application/json")
