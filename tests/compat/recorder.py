"""A small HTTP server on the loopback that remembers what it was asked."""

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class RecordingServer:
    """Answers every path with 200 and `ok`, `/status/<code>` with that code, `/slow?ms=` late,
    `/redirect` with a redirect to `/`."""

    def __init__(self) -> None:
        self.paths: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "RecordingServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        paths = self.paths

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                parts = urlsplit(self.path)
                paths[f"{self.command} {self.path}"] += 1
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if parts.path == "/slow":
                    time.sleep(int(parse_qs(parts.query)["ms"][0]) / 1000)
                self.send_response(_code(parts.path))
                if parts.path == "/redirect":
                    self.send_header("Location", "/")
                body = b"ok"
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler


def _code(path: str) -> int:
    if path == "/redirect":
        return 302
    head, _, code = path.rpartition("/")
    return int(code) if head == "/status" else 200
