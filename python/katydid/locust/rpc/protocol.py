"""A message between nodes, or from a runner to itself."""

from __future__ import annotations

from typing import Any


class Message:
    """A message: its type, what it carries, and the node that it comes from."""

    def __init__(self, message_type: str, data: Any, node_id: str) -> None:
        self.type = message_type
        self.data = data
        self.node_id = node_id

    def __repr__(self) -> str:
        return f"<Message {self.type}:{self.node_id}>"
