import sys

from observing import IS_OURS, finish, make_environment, step

import gevent
from locust.contrib.socketio import SocketIOClient, SocketIOUser

url = f"http://127.0.0.1:{sys.argv[1]}"


class Talker(SocketIOUser):
    options = {"request_timeout": 2}


environment = make_environment()
talker = Talker(environment)
sio = talker.sio
step(
    "what it is",
    lambda: (type(sio).__name__, isinstance(sio, SocketIOClient), sio.request_timeout),
    value=True,
)
step("connect", lambda: sio.connect(url), until=1)
step("connect again", lambda: sio.connect(url), until=1)
step("send", lambda: sio.send("hello"), until=3)
step("send named", lambda: sio.send("hello", name="greeting"), until=3)
step("emit", lambda: sio.emit("echo", "abc"), until=2)
step("emit a mapping", lambda: sio.emit("echo", {"a": 1, "b": 2}), until=2)
step("call", lambda: sio.call("echo", "abcd"), until=3, value=True)
step("call too long", lambda: sio.call("slow", "abcd", timeout=0.3), until=2, value=True)
step("emit elsewhere", lambda: sio.emit("echo", "x", namespace="/elsewhere"), until=1)
sio.on("reply", lambda data: None)
step("emit with a handler", lambda: sio.emit("echo", "abc"), until=1)
gevent.sleep(0.2)
step("disconnect", sio.disconnect)
step("emit disconnected", lambda: sio.emit("echo", "abc"), until=1)
other = Talker(environment).sio
step("refused", lambda: other.connect("http://127.0.0.1:1"), until=1)
step("denied", lambda: other.connect(url, auth={"deny": 1}), until=1)
step("by WebSocket", lambda: Talker(environment).sio.connect(url, transports=["websocket"]), until=1)
step("arrived", lambda: other.on_message("an event", "data"))
step("arrived empty", lambda: other.on_message("an event", None))
if IS_OURS:
    last = Talker(environment).sio
    last.connect(url)
    step("emit a number", lambda: last.emit("echo", 5), until=2)
    step("an event without data", lambda: last.emit("empty", ""), until=2)
    step("an event with two data", lambda: last.emit("two", ""), until=2)
    step("send elsewhere", lambda: last.send("x", namespace="/elsewhere"), until=2)
finish()
