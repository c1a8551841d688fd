"""A server for hard locustfiles: slow answers, answers that never end, huge ones."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

BIG = 20_000_000
_STALL = 10


class HardServer:
    """Answers `ok`; `/slow?s=` late, `/drip` with half a body and silence, `/big` with 20 MB, `/length` with
    the length of the body that it was sent."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "HardServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave in the middle are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        parts = urlsplit(self.path)
        try:
            self._answer(parts.path, parse_qs(parts.query))
        except OSError:
            self.close_connection = True  # the client left in the middle, as it should in these tests

    def _answer(self, path: str, query: dict[str, list[str]]) -> None:
        if path == "/slow":
            time.sleep(float(query["s"][0]))
        body = b"x" * BIG if path == "/big" else b"ok"
        if path == "/length":
            body = str(self._received()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) * (2 if path == "/drip" else 1)))
        self.end_headers()
        self.wfile.write(body)
        if path == "/drip":
            time.sleep(_STALL)
            self.close_connection = True

    def _received(self) -> int:
        """Read the body to its end, or to where the client gave up."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return len(self.rfile.read(int(self.headers["Content-Length"])))
        length = 0
        while size := int(self.rfile.readline() or b"0", 16):
            length += len(self.rfile.read(size))
            self.rfile.readline()
        return length

    do_GET = do_POST = answer

    def log_message(self, *arguments: object) -> None:
        pass
