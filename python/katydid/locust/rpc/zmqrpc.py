"""What a runner calls `client` and `server`: who sends messages to the other side.

Sockets, and what nodes say to each other by themselves, are native. What arrives goes to the listeners
that are registered with the runner.
"""

from __future__ import annotations

from katydid import _core

from .protocol import Message


class Client:
    """The way from a worker to its master."""

    def __init__(self, node: _core.ClusterWorker) -> None:
        self._node = node

    def send(self, msg: Message) -> None:
        """Send a message to the master."""
        self._node.send(msg.type, msg.data)


class Server:
    """The way from a master to its workers."""

    def __init__(self, node: _core.ClusterMaster) -> None:
        self._node = node

    @property
    def port(self) -> int:
        """The port that the master listens on."""
        return self._node.port

    def send_to_client(self, msg: Message) -> None:
        """Send a message to the worker that it names."""
        self._node.send(msg.type, msg.data, msg.node_id)
