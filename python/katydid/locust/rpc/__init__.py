"""What nodes and custom messages say to each other."""

from .protocol import Message

__all__ = ["Message"]
