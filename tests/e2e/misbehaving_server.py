"""A server that misbehaves on request: each path is one way in which servers go wrong.

usage: misbehaving_server.py DIRECTORY

Prints one line of JSON with its ports (`http`, `tls`, `refused`) when it is ready, and serves until its
standard input closes. DIRECTORY holds `expired.pem`, a certificate with its key, for the TLS port.
"""

import asyncio
import gzip
import json
import socket
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def reset(writer: asyncio.StreamWriter) -> None:
    """Closes with a TCP reset instead of an orderly end."""
    peer = writer.get_extra_info("socket")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def says(*pieces: bytes) -> Behaviour:
    """Sends `pieces` and closes."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return behave


def then_resets(*pieces: bytes) -> Behaviour:
    """Sends `pieces`, gives them time to arrive, and resets."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        await says(*pieces)(writer)
        await asyncio.sleep(0.05)
        reset(writer)

    return behave


def then_stalls(*pieces: bytes) -> Behaviour:
    """Sends `pieces` and then nothing, for longer than any client of these tests waits."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        await says(*pieces)(writer)
        await asyncio.sleep(30)

    return behave


async def half_close(writer: asyncio.StreamWriter) -> None:
    """Ends its sending side without an answer and keeps reading."""
    writer.write_eof()
    await asyncio.sleep(0.2)


async def endless_head(writer: asyncio.StreamWriter) -> None:
    """Header fields without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        writer.write(b"X-%d: %s\r\n" % (number, b"v" * 100))
        await writer.drain()


async def trickle(writer: asyncio.StreamWriter) -> None:
    """A body that comes a byte at a time, more slowly than the client's patience between two bytes."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(10)


BEHAVIOURS: dict[str, Behaviour] = {
    "/ok": says(OK),
    "/reset-in-head": then_resets(b"HTTP/1.1 200 OK\r\nContent-"),
    "/reset-before-head": then_resets(),
    "/reset-in-body": then_resets(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "/close-before-head": says(),
    "/half-close": half_close,
    "/garbage": says(b"this is not HTTP\r\n\r\n"),
    "/endless-head": endless_head,
    "/too-short": says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "/bad-chunk": says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
    "/cut-chunk": says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhello"),
    "/bad-gzip": says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"),
    "/cut-gzip": says(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n",
        gzip.compress(b"x" * 9000)[:-12],
    ),
    "/silent": then_stalls(),
    "/slow-body": trickle,
    "/redirect-loop": says(b"HTTP/1.1 302 Found\r\nLocation: /redirect-loop\r\nContent-Length: 0\r\n\r\n"),
    "/status-500": says(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops"),
    "/status-404": says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
}
# A server may close a connection between two requests without saying so.
KEEPS_OPEN = {"/redirect-loop", "/status-500", "/status-404"}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers requests until a behaviour ends the connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1").split("?")[0]
            await BEHAVIOURS.get(path, BEHAVIOURS["/status-404"])(writer)
            if path not in KEEPS_OPEN:
                break
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
        pass
    finally:
        if not writer.is_closing():
            writer.close()


async def main(directory: Path) -> None:
    """Serves until the standard input closes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "expired.pem")
    plain = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    secure = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, backlog=1024)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        refused = unused.getsockname()[1]
    ports = {
        "http": plain.sockets[0].getsockname()[1],
        "tls": secure.sockets[0].getsockname()[1],
        "refused": refused,
    }
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    # A client that gives up in the middle is what these tests are about, not worth a traceback each.
    asyncio.run(main(Path(sys.argv[1])))
