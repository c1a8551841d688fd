"""How does a user ask a name server? Through `self.client`, which has the functions of `dns.query`, timed::

self.client.udp(dns.message.make_query("example.com", "A"), "127.0.0.1", port=5353, timeout=1)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..env import Environment
from ..event import EventHook
from ..exception import LocustError
from ..user import User
from ._extra import extra

with extra("dns"):
    import dns.query
    from dns.exception import DNSException
    from dns.message import Message


class DNSClient:
    """Every function of `dns.query` that sends a message, with an event of type DNS for each call.

    The event's name is the function's, or what the additional argument `name` says. A reply without an answer
    is a failure.
    """

    def __init__(self, request_event: EventHook) -> None:
        self.request_event = request_event

    def __getattr__(self, function_name: str) -> Callable[..., Any]:
        function = getattr(dns.query, function_name)

        def timed(*args: Any, name: str | None = None, **kwargs: Any) -> Any:
            return self._ask(function, name or function_name, args, kwargs)

        return timed

    def _ask(
        self, function: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        reply: Any = None
        failure: Exception | None = None
        started = time.time()
        begun = time.perf_counter()
        try:
            reply = function(*args, **kwargs)
        except (DNSException, OSError) as fault:
            failure = fault
        milliseconds = (time.perf_counter() - begun) * 1000
        if failure is None and not _message(reply).answer:
            failure = LocustError("No answer in DNS response")
        self.request_event.fire(
            request_type="DNS",
            name=name,
            response_time=milliseconds,
            response_length=0,
            response=reply,
            exception=failure,
            context={},
            start_time=started,
        )
        return reply


def _message(reply: Any) -> Message:
    """The message in what a function of `dns.query` returned: some return whether they used TCP, too."""
    return reply[0] if isinstance(reply, tuple) else reply


class DNSUser(User):
    """A user with a client for name servers."""

    abstract = True

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.client = DNSClient(environment.events.request)
