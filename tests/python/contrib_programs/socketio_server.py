"""A Socket.IO server on a free port, which it prints."""

import logging

import socketio
from werkzeug.serving import make_server

logging.getLogger("werkzeug").disabled = True
sio = socketio.Server(async_mode="threading")


@sio.event
def connect(sid, environ, auth):
    if auth == {"deny": 1}:
        raise ConnectionRefusedError("no entry")


@sio.event
def echo(sid, data):
    sio.emit("reply", data, to=sid)
    return data


@sio.event
def empty(sid, data):
    sio.emit("nothing", to=sid)


@sio.event
def two(sid, data):
    sio.emit("pair", ("a", "bc"), to=sid)


@sio.event
def slow(sid, data):
    sio.sleep(1)


@sio.on("message")
def message(sid, data):
    sio.send(f"back: {data}", to=sid)


server = make_server("127.0.0.1", 0, socketio.WSGIApp(sio), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
