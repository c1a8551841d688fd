"""What do the runners of master and worker share? A native node, whose events they answer, and messages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from gevent.socket import wait_read

from katydid import _core
from katydid.fault import story_of

from .exception import StopTest
from .rpc import Message
from .runners import Runner

if TYPE_CHECKING:
    from argparse import Namespace

logger = logging.getLogger("locust.runners")

PAUSE = "katydid_pause"
"""The type of the message by which a master has katydid's workers pause, or go on."""

SAMPLES = "katydid_samples"
"""The type of the message by which a worker tells katydid's master of failed exchanges.

The master's own of this type, without data, has workers forget theirs.
"""

REPORT = "katydid_report"
"""The type of the message by which a master asks katydid's workers for what they have measured until now.

Its number comes back in their own of this type, after the report.
"""


def key_of(options: Namespace | None) -> dict[str, str | None]:
    """The cluster's key as the options give it: arguments for a native node.

    Raises:
        OSError: the file that should hold it cannot be read.
    """
    key_file: str | None = getattr(options, "katydid_cluster_key_file", None) or None
    if key_file is not None:
        open(key_file).close()  # Python's complaint names the file
    return {"key": getattr(options, "katydid_cluster_key", None) or None, "key_file": key_file}


def has_key(options: Namespace | None) -> bool:
    """Is there a key?"""
    names = ("katydid_cluster_key", "katydid_cluster_key_file")
    return any(getattr(options, name, None) for name in names)


class DistributedRunner(Runner):
    """What master and worker share: the native node does what has to be in time, the runner what is Python's.

    The method `_hear_<kind>` answers the node's event of that kind.
    """

    _node: _core.ClusterMaster | _core.ClusterWorker

    def _hear_forever(self) -> None:
        """Answer what the node tells, one event after another."""
        while True:
            wait_read(self._node.descriptor)
            for event in self._node.take():
                self._hear(event)

    def _hear(self, event: _core.ClusterEvent) -> None:
        answer: Callable[..., None] | None = getattr(self, f"_hear_{event.kind}", None)
        if answer is None:
            return
        try:
            answer(**event.data)
        except StopTest as reason:
            logger.error("the test is stopped: %s", reason)
            gevent.spawn(self._end_test)
        except Exception as fault:  # whatever one event does must not keep others from being heard
            self._tell_of(event.kind, fault)

    def _tell_of(self, what: str, fault: Exception) -> None:
        logger.error("%s: %r\n%s", what, fault, story_of(fault))

    def _hear_note(self, level: str, text: str) -> None:
        logger.log(logging.getLevelName(level), "%s", text)

    def _deliver(self, kind: str, data: Any, node_id: str) -> None:
        """Give a custom message to its listener."""
        if kind not in self.custom_messages:
            logger.warning("a message of type %r came from %s, and nobody listens to such", kind, node_id)
            return
        listener, is_concurrent = self.custom_messages[kind]
        message = Message(kind, data, node_id)
        if is_concurrent:
            gevent.spawn(self._call, listener, message)
        else:
            self._call(listener, message)

    def _call(self, listener: Callable[..., None], message: Message) -> None:
        try:
            listener(environment=self.environment, msg=message)
        except StopTest:
            raise
        except Exception as fault:
            self._tell_of(f"the listener to messages of type {message.type!r} failed", fault)
