"""Fixtures that several modules of this folder use."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest
from listening import Listener
from scripted import Server


@pytest.fixture
def limit() -> Iterator[None]:
    """No test of waiting may wait for ever."""
    with gevent.Timeout(30):
        yield


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that keeps what it receives."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def heard() -> Listener:
    """The events of a client."""
    return Listener()
