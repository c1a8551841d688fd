import ssl
import sys
import warnings

from observing import IS_OURS, finish, make_environment, step


warnings.simplefilter("ignore")

import gevent
import paho.mqtt.client as paho
from locust.contrib.mqtt import MqttClient, MqttUser


class Sensor(MqttUser):
    host = "127.0.0.1"
    port = int(sys.argv[1])


class Named(MqttClient):
    def _generate_event_name(self, event_type, qos, topic):
        return f"{event_type} to {topic.split('/')[0]}"


environment = make_environment()


def life_of(label, **attributes):
    """All that one user does, each step under `label`."""
    user = []
    user_class = type("Sensor", (Sensor,), attributes)

    def do(what, call, until=1, value=False):
        step(f"{label}: {what}", call, until=until, value=value)

    do("connect", lambda: user.append(user_class(environment)))
    client = user[0].client
    for qos in (0, 1, 2):
        do(f"publish {qos}", lambda qos=qos: client.publish("a/b", b"payload", qos=qos))
    do("publish text", lambda: client.publish("a/b", "words", qos=1))
    do("publish nothing", lambda: client.publish("a/b"))
    do("publish a number", lambda: client.publish("a/b", 12))
    do("publish to a pattern", lambda: client.publish("a/#", b"x"), until=0)
    do("subscribe", lambda: client.subscribe("a/b"))
    do("subscribe 1", lambda: client.subscribe("a/c", 1))
    do("subscribe to several", lambda: client.subscribe([("a/d", 2), ("a/e", 0)]))
    do("subscribe to nonsense", lambda: client.subscribe("a/#/b"), until=0)
    do("publish to oneself", lambda: client.publish("a/c", b"payload", qos=1))
    do("unsubscribe", lambda: client.unsubscribe("a/b"), until=0)
    if IS_OURS or user_class.protocol == paho.MQTTv311:
        do("disconnect", client.disconnect)
        gevent.sleep(0.2)
        do("publish without connection", lambda: client.publish("a/b", b"payload"), value=False)
        do("subscribe without connection", lambda: client.subscribe("a/b"))
    return client


client = life_of("3.1.1")
life_of("3.1.1 with selectors", use_loop_selectors=True)
life_of("5", protocol=paho.MQTTv5)
life_of("renamed", client_cls=Named, client_id="a-sensor")

for code in (1, 5):
    step(f"refused with {code}", lambda code=code: client.on_connect(client, None, {}, code))
step("lost", lambda: client.on_disconnect(client, None, 7))
step("unknown publication", lambda: client.on_publish(client, None, 99))
step("unknown subscription", lambda: client.on_subscribe(client, None, 99, [0]))


class Settings(Sensor):
    client_id = "mine"
    username = "someone"
    password = "secret"
    transport = "websockets"
    ws_path = "/x"


def settings():
    made = Settings(environment).client
    return (
        made._client_id,
        made._username,
        made._password,
        made._transport,
        made._websocket_path,
        made._keepalive,
        made.callback_api_version.name,
    )


step("settings", settings, value=True)
Settings.tls_context = ssl.create_default_context()
step("over TLS", lambda: Settings(environment).client._ssl_context is Settings.tls_context, value=True)
step("random name", lambda: len(MqttClient(environment=environment)._client_id), value=True)
if IS_OURS:
    client = Sensor(environment).client
    gevent.sleep(0.2)
    step("subscribe to a pair", lambda: client.subscribe(("a/f", 2)), until=1)
    for codes in ([128], [0, 135]):
        client._subscribed[50] = type("", (), {"qos": 0, "topic": "t", "start_time": 0, "_asdict": dict})()
        step(
            f"refused subscription {codes}", lambda codes=codes: client.on_subscribe(client, None, 50, codes)
        )
finish()
