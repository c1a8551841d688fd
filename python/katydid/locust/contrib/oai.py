"""How does a user call an API of OpenAI's kind? Through `self.client`, an `openai.OpenAI` with events.

Each HTTP exchange is recorded: its method is the type, its path the name, its tokens the length.
A streamed answer is recorded when its last byte is there. The library's own variables say where to go and
with which key: `OPENAI_BASE_URL`, `OPENAI_API_KEY`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from ..event import EventHook
from ..user import User
from ._extra import extra

with extra("oai"):
    import httpx
    from openai import OpenAI

if "OPENAI_API_KEY" not in os.environ:
    raise RuntimeError("locust.contrib.oai needs the environment variable OPENAI_API_KEY: set it to your key")

_STARTED = "katydid_started"
_TOKENS = ("output_tokens", "completion_tokens")


class OpenAIClient(OpenAI):
    """An `openai.OpenAI` whose exchanges fire request events."""

    def __init__(self, request_event: EventHook, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        self.request_name: str | None = None
        self._request_event = request_event
        hooks: dict[str, Any] = {"request": [_note_the_start], "response": [self._on_response]}
        client: Any = httpx.Client(event_hooks=hooks)
        super().__init__(*args, http_client=client, **kwargs)

    @contextmanager
    def rename_request(self, name: str) -> Generator[None]:
        """Record the exchanges in the with-block under `name`."""
        self.request_name = name
        try:
            yield
        finally:
            self.request_name = None

    def _on_response(self, response: httpx.Response) -> None:
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            name = self._name(response)
            response.stream = _Recorded(response.stream, lambda: self._record(response, name, 0))
            return
        response.read()
        self._record(response, self._name(response), _tokens(response))

    def _name(self, response: httpx.Response) -> str:
        return self.request_name or response.request.url.path

    def _record(self, response: httpx.Response, name: str, tokens: int) -> None:
        request = response.request
        started, begun = request.extensions[_STARTED]
        failure: Exception | None = None
        try:
            response.raise_for_status()
        except httpx.HTTPStatusError as fault:
            failure = fault
        self._request_event.fire(
            request_type=request.method,
            name=name,
            response_time=(time.perf_counter() - begun) * 1000,
            response_length=tokens,
            response=response,
            exception=failure,
            context=self.user.context(),
            start_time=started,
            url=str(request.url),
        )


def _note_the_start(request: httpx.Request) -> None:
    request.extensions[_STARTED] = time.time(), time.perf_counter()


def _tokens(response: httpx.Response) -> int:
    """How many tokens the answer says it has; 0 if it does not."""
    try:
        usage = response.json()["usage"]
        return next((usage[key] for key in _TOKENS if usage.get(key)), 0)
    except (ValueError, KeyError, TypeError, AttributeError):
        return 0


class _Recorded(httpx.SyncByteStream):
    """A body that is recorded once, when it has been read or given up."""

    def __init__(self, body: Any, record: Any) -> None:
        self._body = body
        self._record = record

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body
        self._report()

    def close(self) -> None:
        """Close the body; what of it was not read is not waited for."""
        self._body.close()
        self._report()

    def _report(self) -> None:
        record, self._record = self._record, None
        if record is not None:
            record()


class OpenAIUser(User):
    """A user with an OpenAI client."""

    abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client = OpenAIClient(self.environment.events.request, user=self)
