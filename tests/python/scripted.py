"""A server for tests of clients: it keeps what it receives and answers by a script."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Received:
    """One request as it came off the wire."""

    head: str
    body: bytes
    connection: int

    @property
    def line(self) -> str:
        """The request line."""
        return self.head.split("\r\n", 1)[0]

    @property
    def path(self) -> str:
        """The request target."""
        return self.line.split(" ")[1]

    @property
    def headers(self) -> list[str]:
        """The header lines in order."""
        return self.head.split("\r\n")[1:]


@dataclass
class Peer:
    """The server's end of one connection, for scripts that need more than an answer."""

    socket: socket.socket
    number: int
    served: int = 0

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def reset(self) -> None:
        """Close with a reset in place of an ordinary end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Script = Callable[[Received, Peer], "bytes | None"]
"""Gets a request; returns the answer, or None when it has said all itself; the connection closes then."""


@dataclass
class Server:
    """Answers every request with what `script` returns."""

    script: Script = lambda request, peer: OK
    requests: list[Received] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.is_open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.is_open = False
        self._listener.close()

    @property
    def last(self) -> Received:
        """The latest request."""
        return self.requests[-1]

    def _accept(self) -> None:
        while self.is_open:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            peer = Peer(connection, self.connections)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: Peer) -> None:
        with peer.socket:
            rest = b""
            try:
                while True:
                    request, rest = _receive(peer, rest)
                    if request is None:
                        return
                    self.requests.append(request)
                    peer.served += 1
                    answer = self.script(request, peer)
                    if answer is None:
                        return
                    peer.send(answer)
            except OSError:
                return


def _receive(peer: Peer, rest: bytes) -> tuple[Received | None, bytes]:
    while b"\r\n\r\n" not in rest:
        piece = peer.socket.recv(65536)
        if not piece:
            return None, b""
        rest += piece
    head, _, rest = rest.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    lines = [line.partition(":") for line in text.split("\r\n")[1:]]
    headers = {name.lower(): value.strip() for name, _, value in lines}
    is_chunked = "chunked" in headers.get("transfer-encoding", "")
    length = int(headers.get("content-length", 0))
    while len(rest) < length or (is_chunked and not rest.endswith(b"0\r\n\r\n")):
        piece = peer.socket.recv(65536)
        if not piece:
            break
        rest += piece
    size = len(rest) if is_chunked else length
    return Received(text, rest[:size], peer.number), rest[size:]


def answer(status: str = "200 OK", body: bytes = b"", *headers: str) -> bytes:
    """A complete answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


client_has_seen = threading.Event()
"""Whom `in_pieces` waits for."""


def in_pieces(request: Received, peer: Peer) -> bytes:
    """A script: a part of the body, and the rest when the client has seen that."""
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nab\ncd\n\r\n")
    client_has_seen.wait(5)
    client_has_seen.clear()
    return b"5\r\nef\ngh\r\n0\r\n\r\n"


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server of the standard library's, whose requests a class of its kind handles."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
