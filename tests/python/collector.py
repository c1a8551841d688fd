"""A stand-in for an OpenTelemetry collector: takes what OTLP sends by HTTP and decodes it independently."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest


@dataclass
class Collector:
    """What has arrived."""

    url: str = ""
    status: int = 200
    """What it answers."""
    requests: list[ExportMetricsServiceRequest] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def metrics(self) -> dict[str, Any]:
        """The metrics of the newest request, by name."""
        (of_resource,) = self.requests[-1].resource_metrics
        (scope,) = of_resource.scope_metrics
        return {metric.name: metric for metric in scope.metrics}

    def resource(self) -> dict[str, str]:
        """What the newest request says of its sender."""
        return attributes(self.requests[-1].resource_metrics[0].resource)


def attributes(thing: Any) -> dict[str, str]:
    """The attributes of a point or a resource."""
    return {pair.key: pair.value.string_value for pair in thing.attributes}


@contextmanager
def collecting(status: int = 200) -> Iterator[Collector]:
    """A collector on a free port."""
    collector = Collector(status=status)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.requests.append(ExportMetricsServiceRequest.FromString(body))
            collector.headers.append({name.lower(): value for name, value in self.headers.items()})
            collector.paths.append(self.path)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
