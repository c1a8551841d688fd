"""Who connects the native server with the users' thread? The desk: it has commands answered.

Commands are taken when the server's descriptor becomes readable, and each is answered in a greenlet of its
own: one that takes long keeps nothing else waiting.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import gevent

from .reply import Ask, Reply

if TYPE_CHECKING:
    from katydid._core import Command, ControlStream

    from .recording import Recording

logger = logging.getLogger("locust.web")

Answer = Callable[[Ask], Reply]

_READABLE = 1

_READER_IS_SLOWER_S = 0.01
"""How long a streamed answer waits before it tries again to get rid of a piece."""
_CHANGES = frozenset(("swarm", "start", "change", "stop", "pause", "resume", "reset", "user", "flask"))


class Desk:
    """The users' thread's end of a server.

    Args:
        recording: whose board is the server.
        answers: what to do for each kind of command.
    """

    def __init__(self, recording: Recording, answers: dict[str, Answer]) -> None:
        self._recording = recording
        self._answers = answers
        self._watcher = gevent.get_hub().loop.io(recording.board.descriptor, _READABLE)
        self._watcher.start(self._take)

    def close(self) -> None:
        """Answer no more."""
        self._watcher.stop()
        self._watcher.close()

    def _take(self) -> None:
        """Runs in the hub, so it hands everything over to greenlets."""
        for command in self._recording.board.take():
            gevent.spawn(self._serve, command)

    def _serve(self, command: Command) -> None:
        if command.kind == "publish":
            begun = time.perf_counter()
            self._recording.publish(set(json.loads(command.body)["names"]))
            self._recording.board.rest(time.perf_counter() - begun)
            command.reply(204, [], b"")
            return
        reply = self._answered(command)
        if _may_have_changed(command):
            self._recording.publish()
        if reply.pieces is None:
            command.reply(reply.status, reply.headers, reply.body)
        else:
            _stream(command.stream(reply.status, reply.headers), reply.body, reply.pieces)

    def _answered(self, command: Command) -> Reply:
        answer = self._answers.get(command.kind)
        if answer is None:
            return Reply.json({"error": f"this process has no answer to {command.kind}"}, 404)
        try:
            return answer(_asked_by(command))
        except Exception as fault:
            logger.exception("%s could not be answered", command.kind)
            return Reply.text(f"{type(fault).__name__}: see the log\n", 500)


def _may_have_changed(command: Command) -> bool:
    """Does who asked expect the run to look different now? Flask's pages publish what they read."""
    if command.kind == "flask" and command.request is not None:
        return command.request.method not in ("GET", "HEAD")
    return command.kind in _CHANGES


def _stream(stream: ControlStream, first: bytes, pieces: Iterator[bytes]) -> None:
    """Send an answer piece by piece, as fast as it is made and read; a client that leaves ends it."""
    try:
        _hand_over(stream.send, first)
        for piece in pieces:
            if piece:
                _hand_over(stream.send, piece)
        _hand_over(stream.end)
    except BrokenPipeError:
        logger.debug("a client left before the end of an answer")
    except Exception:
        logger.exception("an answer broke off")
    finally:
        stream.close()
        getattr(pieces, "close", lambda: None)()


def _hand_over(send: Callable[..., bool], *piece: bytes) -> None:
    while not send(*piece):
        gevent.sleep(_READER_IS_SLOWER_S)


def _asked_by(command: Command) -> Ask:
    """The request behind a command."""
    request = command.request
    if request is None:
        return Ask("POST", "", body=command.body)
    return Ask(request.method, request.path, request.query, request.headers, request.body, request.remote)
