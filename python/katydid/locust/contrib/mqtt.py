"""How does a user speak MQTT? Through `self.client`, a client of paho-mqtt that records what is confirmed.

Every event has the type MQTT. Its name is `connect`, `disconnect`, `publish:<qos>:<topic>` or
`subscribe:<qos>:<topic>`; a publication is timed until it has been sent (QoS 0) or confirmed, a subscription
until it was answered.

The client's loop runs in a thread, which is a greenlet in a patched process. It waits by poll: select
would end at 1024 open files, about 340 users.
"""

from __future__ import annotations

import random
import select
import string
import time
import warnings
from collections.abc import Sized
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from ..user import User
from ._extra import extra

with extra("mqtt"):
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion, _ConnectionState

if TYPE_CHECKING:
    import ssl

    from ..env import Environment

REQUEST_TYPE = "MQTT"
"""The type of all events."""

SUBACK_FAILURE = 0x80
"""From this reason code on, a broker has refused a subscription."""

_ID_LENGTH = 16
_ID_ALPHABET = string.ascii_letters + string.digits
_WAKE_UP_BYTES = 10_000


class PublishedMessageContext(NamedTuple):
    """What is known of a publication while it is under way."""

    qos: int
    topic: str
    start_time: float
    payload_size: int


class SubscribeContext(NamedTuple):
    """What is known of a subscription while it is under way."""

    qos: int
    topic: str
    start_time: float


class MqttClient(mqtt.Client):
    """A paho client that fires request events.

    A subclass may name them otherwise by overriding `_generate_event_name`.

    Args:
        environment: whose request event is fired.
        client_id: how the broker knows this client; by default a random one.
        protocol: the protocol's version.
        use_loop_selectors: without effect; the loop is always of that kind.
    """

    def __init__(
        self,
        *args: Any,
        environment: Environment,
        client_id: str | None = None,
        protocol: MQTTProtocolVersion = mqtt.MQTTv311,
        use_loop_selectors: bool = False,
        **kwargs: Any,
    ) -> None:
        client_id = client_id or "locust-" + "".join(random.choices(_ID_ALPHABET, k=_ID_LENGTH))
        with warnings.catch_warnings():
            # paho's first kind of callbacks is what the callbacks of locustfiles are written for
            warnings.simplefilter("ignore", DeprecationWarning)
            super().__init__(*args, **{"client_id": client_id, "protocol": protocol, **kwargs})
        self.environment = environment
        self.client_id = client_id
        self._published: dict[int, PublishedMessageContext] = {}
        self._subscribed: dict[int, SubscribeContext] = {}
        self.on_publish = self._when_published
        self.on_subscribe = self._when_subscribed
        self.on_connect = self._when_connected
        self.on_disconnect = self._when_disconnected

    def publish(
        self,
        topic: str,
        payload: Any = None,
        qos: int = 0,
        retain: bool = False,
        properties: Any = None,
    ) -> mqtt.MQTTMessageInfo:
        """Publish as `paho.mqtt.client.Client.publish` does."""
        size = len(payload) if isinstance(payload, Sized) else 0
        message = PublishedMessageContext(qos, topic, time.time(), size)
        info = super().publish(topic, payload, qos, retain, properties)
        if info.rc == mqtt.MQTT_ERR_SUCCESS:
            self._published[info.mid] = message
        else:
            self._record(self._generate_event_name("publish", qos, topic), info.rc, message._asdict())
        return info

    def subscribe(
        self, topic: Any, qos: int = 0, options: Any = None, properties: Any = None
    ) -> tuple[MQTTErrorCode, int | None]:
        """Subscribe as `paho.mqtt.client.Client.subscribe` does; several are named by the first."""
        subscription = SubscribeContext(*_first_topic(topic, qos), time.time())
        result, mid = super().subscribe(topic, qos, options, properties)
        if result == mqtt.MQTT_ERR_SUCCESS and mid is not None:
            self._subscribed[mid] = subscription
        else:
            name = self._generate_event_name("subscribe", subscription.qos, subscription.topic)
            self._record(name, result, subscription._asdict())
        return result, mid

    def _generate_event_name(self, event_type: str, qos: int, topic: str) -> str:
        """The name of an event of the type `publish` or `subscribe`."""
        return f"{event_type}:{qos}:{topic}"

    # What paho calls

    def _when_published(self, client: Any, userdata: Any, mid: int, *details: Any) -> None:
        message = self._published.pop(mid, None)
        if message is None:
            self._record_unknown("publish", mid, "_on_publish_cb")
            return
        name = self._generate_event_name("publish", message.qos, message.topic)
        self._record(name, None, message._asdict(), _since(message.start_time), message.payload_size)

    def _when_subscribed(self, client: Any, userdata: Any, mid: int, codes: Any, *details: Any) -> None:
        subscription = self._subscribed.pop(mid, None)
        if subscription is None:
            self._record_unknown("subscribe", mid, "_on_subscribe_cb")
            return
        values = [getattr(code, "value", code) for code in codes]
        failure: Exception | None = None
        if any(value >= SUBACK_FAILURE for value in values):
            failure = AssertionError(f"Broker returned an error response during subscription: {values}")
        name = self._generate_event_name("subscribe", subscription.qos, subscription.topic)
        self._record(name, failure, subscription._asdict(), _since(subscription.start_time))

    def _when_connected(self, client: Any, userdata: Any, flags: Any, code: Any, *details: Any) -> None:
        self._record("connect", None if code == 0 else Exception(str(code)))

    def _when_disconnected(self, client: Any, userdata: Any, *details: Any) -> None:
        # paho's newer callbacks have flags before the code; for MQTT 5 all have properties behind it
        code = details[1] if len(details) > 2 else details[0]
        self._record("disconnect", None if code == 0 else code)

    # Recording

    def _record_unknown(self, kind: str, mid: int, where: str) -> None:
        failure = AssertionError(f"Could not find message data for mid '{mid}' in {where}.")
        self._record(kind, failure, {"mid": mid})

    def _record(
        self,
        name: str,
        failure: Any,
        context: dict[str, Any] | None = None,
        milliseconds: float = 0,
        length: int = 0,
    ) -> None:
        self.environment.events.request.fire(
            request_type=REQUEST_TYPE,
            name=name,
            response_time=milliseconds,
            response_length=length,
            exception=failure,
            context={"client_id": self.client_id, **(context or {})},
        )

    # The loop: paho's, with another way to wait

    def _loop(self, timeout: float = 1.0) -> MQTTErrorCode:
        if self._sock is None:
            return super()._loop(timeout)
        has_pending = bool(getattr(self._sock, "pending", int)())  # bytes that TLS has decrypted already
        try:
            can_read, can_write, is_woken = self._wait(0 if has_pending else timeout)
        except (OSError, TypeError, ValueError):  # the socket was closed meanwhile
            if self._state not in (
                _ConnectionState.MQTT_CS_DISCONNECTING,
                _ConnectionState.MQTT_CS_DISCONNECTED,
            ):
                self._state = _ConnectionState.MQTT_CS_CONNECTION_LOST
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if can_read or has_pending:
            code = self.loop_read()
            if code or self._sock is None:
                return code
        if can_write or is_woken:
            code = self.loop_write()
            if code or self._sock is None:
                return code
        return self.loop_misc()

    def _wait(self, timeout: float) -> tuple[bool, bool, bool]:
        """Wait until the socket can be read or written, or until another greenlet has something to send."""
        assert self._sock is not None
        poll = select.poll()
        socket = self._sock.fileno()
        poll.register(socket, select.POLLIN | (select.POLLOUT if self.want_write() else 0))
        waker = self._sockpairR
        if waker is not None:
            poll.register(waker.fileno(), select.POLLIN)
        events = dict(poll.poll(timeout * 1000))
        is_woken = waker is not None and waker.fileno() in events
        if is_woken and waker is not None:
            with suppress(BlockingIOError):
                waker.recv(_WAKE_UP_BYTES)
        state = events.get(socket, 0)
        # whatever else poll tells of, such as a hang-up, reading will show
        return bool(state & ~select.POLLOUT), bool(state & select.POLLOUT), is_woken


def _since(start_time: float) -> float:
    return (time.time() - start_time) * 1000


def _first_topic(topic: Any, qos: int) -> tuple[int, str]:
    """The level of quality and the topic that name a subscription."""
    if isinstance(topic, list) and topic:
        return qos, topic[0][0]
    if isinstance(topic, tuple):
        level = topic[1]
        return (level if isinstance(level, int) else level.QoS), topic[0]
    return qos, topic


class MqttUser(User):
    """A user with an MQTT client, which begins to connect when the user is made."""

    abstract = True

    host: str | None = "localhost"
    """The broker."""

    port: int = 1883
    """Its port."""

    transport: str = "tcp"
    """"tcp", "unix" or "websockets"."""

    ws_path: str = "/mqtt"
    """The path of the broker's WebSocket."""

    tls_context: ssl.SSLContext | None = None
    """If set, the connection is encrypted as it says."""

    client_cls: type[MqttClient] = MqttClient
    """The class of the client."""

    client_id: str | None = None
    """How the broker knows the client; by default a random one."""

    username: str | None = None
    """Whom to log in as."""

    password: str | None = None
    """With which password."""

    protocol: MQTTProtocolVersion = mqtt.MQTTv311
    """The protocol's version."""

    use_loop_selectors: bool = False
    """Without effect; the client's loop is always of that kind."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.client: MqttClient = self.client_cls(
            environment=self.environment,
            transport=self.transport,
            client_id=self.client_id,
            protocol=self.protocol,
            use_loop_selectors=self.use_loop_selectors,
        )
        if self.tls_context is not None:
            self.client.tls_set_context(self.tls_context)
        if self.transport == "websockets":
            self.client.ws_set_options(path=self.ws_path)
        if self.username and self.password:
            self.client.username_pw_set(self.username, self.password)
        self.client.connect_async(str(self.host), self.port)
        self.client.loop_start()
