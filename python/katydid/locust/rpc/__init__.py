"""What nodes and custom messages say to each other."""

from . import zmqrpc as rpc
from .protocol import Message

__all__ = ["Message", "rpc"]
