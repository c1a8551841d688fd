"""A small HTTP server on the loopback that remembers what it was asked, byte for byte.

Every path is answered with 200 and `ok`, but `/status/<code>` with that code, `/slow?ms=` late, `/redirect`
with a redirect to `/` and `/redirect/<code>` with one of that code, `/loop` with one to itself, `/cookie`
with a cookie, `/gzip` compressed, `/json` with JSON, `/bytes/<n>` with that many, `/lines` with three lines,
`/echo` with the body it was sent, `/close` by closing the connection, `/half` by closing it in the body.
"""

import gzip
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE", "get"]
_BOUNDARY = re.compile(rb"[0-9a-f]{32}")


@dataclass(frozen=True)
class Asked:
    """One request as it came; what differs from run to run is replaced."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __str__(self) -> str:
        headers = "".join(f"\n  {name}: {value}" for name, value in self.headers)
        return f"{self.method} {self.target}{headers}\n  {self.body!r}"


class RecordingServer:
    """The server, while it is entered."""

    def __init__(self) -> None:
        self.paths: Counter[str] = Counter()
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "RecordingServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def remember(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """Note one request."""
        self.paths[f"{handler.command} {self._same(handler.path)}"] += 1
        headers = tuple((name, self._same(value)) for name, value in handler.headers.items())
        body = _BOUNDARY.sub(b"BOUNDARY", body)
        self.asked.append(Asked(handler.command, self._same(handler.path), headers, body))

    def _same(self, text: str) -> str:
        text = text.replace(f":{self.port}", ":PORT")
        text = re.sub(r"(boundary=)[0-9a-f]{32}", r"\1BOUNDARY", text)
        return re.sub(r"(?<=[?&]_=)\d{13}\b", "NOW", text)


def _handler(server: RecordingServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            parts = urlsplit(self.path)
            body = self._body()
            server.remember(self, body)
            if parts.path == "/slow":
                time.sleep(int(parse_qs(parts.query)["ms"][0]) / 1000)
            if parts.path == "/close":
                self.close_connection = True
                return
            headers, content = _answer(parts.path, body)
            self.send_response(_code(parts.path))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) * (2 if parts.path == "/half" else 1)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            self.close_connection |= parts.path == "/half"

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def log_message(self, *arguments: object) -> None:
            pass

    for method in _METHODS:
        setattr(Handler, f"do_{method}", Handler.answer)
    return Handler


def _answer(path: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body for a path."""
    match path.split("/")[1:]:
        case ["redirect", *_]:
            return {"Location": "/"}, b"ok"
        case ["loop"]:
            return {"Location": "/loop"}, b"ok"
        case ["cookie"]:
            return {"Set-Cookie": "crumb=1; Path=/"}, b"ok"
        case ["gzip"]:
            return {"Content-Encoding": "gzip"}, gzip.compress(b"unpacked", mtime=0)
        case ["json"]:
            return {"Content-Type": "application/json"}, b'{"a": [1, 2], "b": "\xc3\xa4"}'
        case ["bytes", count]:
            return {"Content-Type": "application/octet-stream"}, b"x" * int(count)
        case ["lines"]:
            return {"Content-Type": "text/plain; charset=utf-8"}, b"one\ntwo\nthree\n"
        case ["echo"]:
            return {"Content-Type": "text/plain"}, body
        case _:
            return {}, b"ok"


def _code(path: str) -> int:
    if path in ("/redirect", "/loop"):
        return 302
    head, _, code = path.rpartition("/")
    return int(code) if head in ("/status", "/redirect") else 200
