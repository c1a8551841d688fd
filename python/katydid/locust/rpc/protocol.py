"""A message between nodes, or from a runner to itself."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Message:
    """A message: its type, what it carries, and the node that it comes from."""

    type: str
    data: Any
    node_id: str
