"""A message between nodes, or from a runner to itself."""

from __future__ import annotations

from typing import Any

from katydid import _core


class Message:
    """A message: its type, what it carries, and the node that it comes from or goes to."""

    def __init__(self, message_type: str, data: Any, node_id: str) -> None:
        self.type = message_type
        self.data = data
        self.node_id = node_id

    def __repr__(self) -> str:
        return f"<Message {self.type}:{self.node_id}>"

    def serialize(self) -> bytes:
        """The bytes that a node of Locust's sends.

        Raises:
            TypeError: there is something in the data that cannot be sent.
        """
        return _core.cluster_pack([self.type, self.data, self.node_id])

    @classmethod
    def unserialize(cls, data: bytes) -> Message:
        """The message that these bytes are."""
        return cls(*_core.cluster_unpack(data))
