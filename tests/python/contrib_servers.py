"""The servers that the contrib users are tested against, each on a free port of 127.0.0.1."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import bson
import dns.message
import dns.rcode
import dns.rrset
import pytest
from commands import free_port
from scripted import Peer, Received, Server, answer
from waiting import eventually

PROGRAMS = Path(__file__).parent / "contrib_programs"
_PATIENCE = 20
_OP_MSG = 2013
_OP_QUERY = 2004
_OP_REPLY = 1


def program(name: str, *folders: str) -> str:
    """A server's program, which must be installed: Debian puts some where no PATH leads."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", *folders]))
    if found is None:
        pytest.fail(f"{name} is not installed: .ci/run says how", pytrace=False)
    return found


def _wait_for(port: int) -> None:
    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(f"somebody listens on port {port}", listens)


@contextmanager
def mosquitto() -> Iterator[int]:
    """Debian's MQTT broker."""
    port = free_port()
    server = subprocess.Popen(
        [program("mosquitto"), "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(_PATIENCE)


@contextmanager
def postgres(certificate: Path | None = None) -> Iterator[str]:
    """A PostgreSQL of its own, which refuses to run as root. Yields what to connect to.

    With a certificate (and its key in the same file) nobody gets in without encryption.
    """
    folders = sorted(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))
    initdb, server_program = (program(name, *folders) for name in ("initdb", "postgres"))
    who: dict[str, Any] = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = tempfile.mkdtemp(prefix="katydid_postgres_")
    if who:
        shutil.chown(folder, "nobody")
    data, port = f"{folder}/data", free_port()
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    try:
        subprocess.run([initdb, "-D", data, "-A", "trust", "-U", "tester"], check=True, **who, **quiet)
        options = ["-D", data, "-k", folder, "-h", "127.0.0.1", "-p", str(port), "-F"]
        if certificate:
            pem = Path(folder, "server.pem")
            pem.touch(0o600)
            pem.write_bytes(certificate.read_bytes())
            Path(data, "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
            if who:
                shutil.chown(pem, "nobody")
            options += ["-c", "ssl=on", "-c", f"ssl_cert_file={pem}", "-c", f"ssl_key_file={pem}"]
        server = subprocess.Popen([server_program, *options], **who, **quiet)
        try:
            state = Path(data, "postmaster.pid")
            eventually("the server is ready", lambda: state.exists() and "ready" in state.read_text())
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(_PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def socketio() -> Iterator[int]:
    """A server of python-socketio."""
    words = [sys.executable, PROGRAMS / "socketio_server.py"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.kill()


@contextmanager
def name_server() -> Iterator[int]:
    """A name server over UDP: the first label of a name says what it does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        threading.Thread(target=_serve_names, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def _serve_names(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            wire, client = listener.recvfrom(4096)
            query = dns.message.from_wire(wire)
            name = query.question[0].name
            kind = name.labels[0].decode()
            reply = dns.message.make_response(query)
            if kind == "answered":
                reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.1"))
            if kind == "unknown":
                reply.set_rcode(dns.rcode.NXDOMAIN)
            if kind != "silent":
                listener.sendto(reply.to_wire()[: 5 if kind == "cut" else None], client)


@contextmanager
def mongo() -> Iterator[tuple[int, list[tuple[str, str, Any]]]]:
    """What MongoDB says on the wire, as far as `find` needs it. Yields the port, and what was looked for.

    A collection has two batches of one document each; that called `forbidden` is refused.
    """
    looked_for: list[tuple[str, str, Any]] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept_mongo, args=(listener, looked_for), daemon=True).start()
        yield listener.getsockname()[1], looked_for


def _accept_mongo(listener: socket.socket, looked_for: list[tuple[str, str, Any]]) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve_mongo, args=(connection, looked_for), daemon=True).start()


def _serve_mongo(connection: socket.socket, looked_for: list[tuple[str, str, Any]]) -> None:
    with connection, suppress(OSError, struct.error), connection.makefile("rb") as stream:
        while True:
            length, request, _, code = struct.unpack("<iiii", stream.read(16))
            body = stream.read(length - 16)
            if code == _OP_QUERY:  # the greeting of old: flags, collection, two numbers, document
                reply = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(_greeting())
                kind = _OP_REPLY
            else:  # flags, one section of the kind 0
                reply = b"\0\0\0\0\0" + bson.encode(_command(bson.decode(body[5:]), looked_for))
                kind = _OP_MSG
            connection.sendall(struct.pack("<iiii", 16 + len(reply), 0, request, kind) + reply)


def _greeting() -> dict[str, Any]:
    return {"ok": 1.0, "ismaster": True, "helloOk": True, "minWireVersion": 0, "maxWireVersion": 21}


def _command(command: dict[str, Any], looked_for: list[tuple[str, str, Any]]) -> dict[str, Any]:
    collection = command.get("find")
    if collection is None:
        if "getMore" in command:
            namespace = f"{command['$db']}.{command['collection']}"
            looked_for.append((command["$db"], command["collection"], "more"))
            return {"ok": 1.0, "cursor": {"id": 0, "ns": namespace, "nextBatch": [{"b": 2}]}}
        return _greeting()
    looked_for.append((command["$db"], collection, command["filter"]))
    if collection == "forbidden":
        return {"ok": 0.0, "errmsg": "not allowed", "code": 13, "codeName": "Unauthorized"}
    cursor = {"id": bson.Int64(7), "ns": f"{command['$db']}.{collection}", "firstBatch": [{"a": 1}]}
    return {"ok": 1.0, "cursor": cursor}


_ANSWERS: dict[str, tuple[str, Any]] = {
    "tokens": ("200 OK", {"usage": {"output_tokens": 9}}),
    "completion": ("200 OK", {"usage": {"completion_tokens": 7, "prompt_tokens": 3}}),
    "list": ("200 OK", [1, 2]),
    "text": ("200 OK", "words"),
    "no-usage": ("200 OK", {"usage": None}),
    "missing": ("404 Not Found", {"error": {"message": "there is no such thing"}}),
    "broken": ("500 Internal Server Error", {"error": {"message": "broken"}}),
}


def openai_server() -> Server:
    """Answers by the last part of the path."""

    def script(request: Received, peer: Peer) -> bytes:
        status, body = _ANSWERS[request.path.rpartition("/")[2]]
        return answer(status, json.dumps(body).encode(), "Content-Type: application/json")

    return Server(script)
