"""The servers of a case: one that answers by a script, and on request others behind TLS or in the middle."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Any

from scripted import Peer, Received, Server

CERTIFICATES = Path(sys.modules["scripted"].__file__ or "").parent / "certificates"
AUTHORITY = str(CERTIFICATES / "authority.pem")
CLIENT = str(CERTIFICATES / "client.pem")


class Kept(list[Received]):
    """A server's requests, which also go into the common record."""

    def __init__(self, place: str, record: list[tuple[str, Received]]) -> None:
        super().__init__()
        self._place = place
        self._record = record

    def append(self, request: Received) -> None:
        """Keep a request."""
        super().append(request)
        self._record.append((self._place, request))


class Places:
    """The servers, and what they received in order."""

    def __init__(self) -> None:
        self.received: list[tuple[str, Received]] = []
        self._servers: dict[str, Server] = {}
        self._proxies: list[Proxy] = []
        self.server = self.open("SERVER")

    def open(self, place: str, context: ssl.SSLContext | None = None) -> Server:
        """Start a server."""
        server = Secure(context) if context else Server()
        server.requests = Kept(place, self.received)
        self._servers[place] = server
        return server

    def secure(self, certificate: str = "good.pem", asks_for_client: bool = False) -> Server:
        """Start a server behind TLS."""
        return self.open("SECURE", server_context(certificate, asks_for_client))

    def proxy(self, is_secure: bool = False, password: bool = False) -> Proxy:
        """Start a proxy for tunnels and plain requests."""
        proxy = Proxy(self.received, server_context() if is_secure else None, password)
        self._proxies.append(proxy)
        return proxy

    def close(self) -> dict[str, str]:
        """Close everything; what each port was."""
        for server in (*self._servers.values(), *self._proxies):
            server.close()
        known = {str(server.port): place for place, server in self._servers.items()}
        return known | {str(proxy.port): "PROXY" for proxy in self._proxies}


def server_context(certificate: str = "good.pem", asks_for_client: bool = False) -> ssl.SSLContext:
    """The context of a server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / certificate)
    if asks_for_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(AUTHORITY)
    return context


class Secure(Server):
    """A scripted server behind TLS."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()
        self.url = f"https://127.0.0.1:{self.port}"

    def _serve(self, peer: Peer) -> None:
        try:
            peer.socket = self._context.wrap_socket(peer.socket, server_side=True)
        except (OSError, ssl.SSLError):
            peer.socket.close()
            return
        super()._serve(peer)


class Proxy:
    """A proxy: passes requests and tunnels on to wherever they are for, on this machine."""

    def __init__(self, record: list[tuple[str, Any]], context: ssl.SSLContext | None, password: bool) -> None:
        self._record = record
        self._context = context
        self._password = password
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        scheme = "https" if context else "http"
        self.url = f"{scheme}://{'me:word@' if password else ''}127.0.0.1:{self.port}"
        self.refuses = ""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._pass_on(connection)
        except OSError:
            return

    def _pass_on(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        first, _, _ = head.partition(b"\r\n\r\n")
        self._record.append(("PROXY", Received(first.decode("latin-1"), b"", 0)))
        if self.refuses:
            connection.sendall(f"HTTP/1.1 {self.refuses}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        method, target, _ = first.split(b"\r\n")[0].split(b" ")
        is_tunnel = method == b"CONNECT"
        place = target if is_tunnel else target.split(b"/")[2]
        port = int(place.rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as other:
            if is_tunnel:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = b"/" + b"/".join(target.split(b"/")[3:])
                other.sendall(head.replace(target, path, 1))
            pump = threading.Thread(target=_pump, args=(other, connection), daemon=True)
            pump.start()
            _pump(connection, other)
            pump.join(1)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
