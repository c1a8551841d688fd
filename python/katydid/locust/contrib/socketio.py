"""How does a user speak Socket.IO? Through `self.sio`, a client of python-socketio that records what it does.

| type | what | name | response time |
|---|---|---|---|
| WS | connecting | connect | until connected |
| WSE | an event was emitted | the event | 0 |
| WSS | a message was sent (beside its WSE) | the `name` given to `send` | 0 |
| WSC | a call was answered | the event | until the answer |
| WSR | an event arrived | the event | 0 |

A user says what an arriving event means for it with `self.sio.on(event, handler)`; an event with a handler of
its own is no WSR.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import gevent

from ..event import EventHook
from ..user import User
from ._extra import extra

with extra("socketio"):
    import socketio


def _length(data: Any) -> int:
    """How long a payload is; what has no length has none."""
    return len(data) if isinstance(data, Sized) else 0


class SocketIOClient(socketio.Client):
    """A `socketio.Client` whose connecting, sending and receiving fire request events."""

    def __init__(self, request_event: EventHook, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request_event = request_event
        self.on("*", self.on_message)

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Connect as `socketio.Client.connect` does; a failure is recorded and goes no further."""
        with self.request_event.measure("WS", "connect"):
            super().connect(*args, **kwargs)

    def send(self, data: Any, namespace: Any = None, callback: Any = None, name: str = "Unnamed") -> None:
        """Send a message, recorded under `name`."""
        failure = self._emit("message", data, namespace, callback)
        self._record("WSS", name, data, failure)

    def emit(self, event: str, data: Any = None, namespace: Any = None, callback: Any = None) -> None:
        """Emit an event; a failure is recorded and goes no further."""
        self._emit(event, data, namespace, callback)

    def call(self, event: str, data: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Emit an event and return the server's answer to it, or None after a failure."""
        answer = None
        with self.request_event.measure("WSC", event):
            answer = super().call(event, data, *args, **kwargs)
        return answer

    def on_message(self, event: str, *data: Any) -> None:
        """Record an event that has no handler of its own."""
        self._record("WSR", event, data[0] if data else None)

    def _emit(self, event: str, data: Any, namespace: Any, callback: Any) -> Exception | None:
        failure: Exception | None = None
        try:
            super().emit(event, data, namespace, callback)
        except Exception as fault:
            failure = fault
        self._record("WSE", event, data, failure)
        return failure

    def _record(self, kind: str, name: str, data: Any, failure: Exception | None = None) -> None:
        self.request_event.fire(
            request_type=kind,
            name=name,
            response_time=0,
            response_length=_length(data),
            exception=failure,
            context={},
        )


class SocketIOUser(User):
    """A user with a Socket.IO client, which it connects itself: `self.sio.connect(self.host)`."""

    abstract = True

    options: dict[str, Any] = {}
    """Keyword arguments for the client, as `{"reconnection": False}`."""

    sio: SocketIOClient
    """The client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sio = SocketIOClient(self.environment.events.request, **self.options)
        self.sio_greenlet = gevent.spawn(self.sio.wait)
