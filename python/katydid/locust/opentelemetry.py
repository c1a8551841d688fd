"""How do the metrics, traces and log of a run reach OpenTelemetry? What `--otel` sets up.

OpenTelemetry's own variables choose the exporters: `OTEL_METRICS_EXPORTER`, `OTEL_TRACES_EXPORTER` and
`OTEL_LOGS_EXPORTER` each name some of `otlp`, `console` and `none`, separated by commas; `otlp` goes by
`OTEL_EXPORTER_OTLP_PROTOCOL`, which is `grpc` or `http/protobuf`. Traces are of the requests of `HttpUser`
and `FastHttpUser`, and of what libraries send by `requests` or `urllib3`; each carries `traceparent` to the
server. While they are on, users take their slow path.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from inspect import signature
from typing import Any
from urllib.parse import urlsplit

from katydid import locust

from ._version import version

logger = logging.getLogger("locust.opentelemetry")

MAX_REQUEST_NAMES = 20
"""How many names of requests are told apart in metrics."""

OTHER_NAMES = "Too many unique request names"
"""What all further ones are called."""

_NONE = "none"
_PROTOCOLS = {"grpc": "grpc", "http/protobuf": "http", "http": "http"}


@dataclass(frozen=True)
class _Signal:
    """One kind of thing that is exported, and where its exporters are."""

    name: str
    otlp: tuple[str, str]
    """Module below the package of the protocol, and class."""
    console: tuple[str, tuple[str, ...]]
    """Module, and the class by its names in older and newer releases."""

    @property
    def chosen(self) -> list[str]:
        """The kinds of exporters that the environment names, each once."""
        words = os.environ.get(f"OTEL_{self.name.upper()}_EXPORTER", "otlp").split(",")
        return list(dict.fromkeys(word.strip().lower() for word in words if word.strip()))

    @property
    def is_wanted(self) -> bool:
        """Does any exporter get this?"""
        return any(kind != _NONE for kind in self.chosen)

    def exporters(self) -> Iterator[tuple[Any, bool]]:
        """The exporters that can be had, each with whether it writes at once; a warning for any other."""
        for kind in self.chosen:
            if kind == "otlp":
                yield from ((exporter, False) for exporter in self._otlp())
            elif kind == "console":
                module, names = self.console
                found = import_module(module)
                yield next(getattr(found, name) for name in names if hasattr(found, name))(), True
            elif kind != _NONE:
                logger.warning("OTEL_%s_EXPORTER: there is no exporter %r here", self.name.upper(), kind)

    def _otlp(self) -> Iterator[Any]:
        general = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        said = os.environ.get(f"OTEL_EXPORTER_OTLP_{self.name.upper()}_PROTOCOL", general).strip().lower()
        protocol = _PROTOCOLS.get(said)
        if protocol is None:
            logger.warning("OTLP has no protocol %r: it is grpc or http/protobuf", said)
            return
        module, name = self.otlp
        try:
            if protocol == "grpc":
                _make_grpc_cooperative()
            found = import_module(f"opentelemetry.exporter.otlp.proto.{protocol}.{module}")
        except ImportError:
            package = f"opentelemetry-exporter-otlp-proto-{protocol}"
            logger.warning("no %s by OTLP over %s: pip install %s", self.name, said, package)
            return
        yield getattr(found, name)()


_SDK = "opentelemetry.sdk"
_TRACES = _Signal(
    "traces", ("trace_exporter", "OTLPSpanExporter"), (f"{_SDK}.trace.export", ("ConsoleSpanExporter",))
)
_METRICS = _Signal(
    "metrics",
    ("metric_exporter", "OTLPMetricExporter"),
    (f"{_SDK}.metrics.export", ("ConsoleMetricExporter",)),
)
_LOGS = _Signal(
    "logs",
    ("_log_exporter", "OTLPLogExporter"),
    (f"{_SDK}._logs.export", ("ConsoleLogRecordExporter", "ConsoleLogExporter")),
)


def setup_opentelemetry(locustfile: str, profile: str | None) -> bool:
    """Export metrics, traces and the log from now on, as OpenTelemetry's variables say.

    Args:
        locustfile: a name of the run, as an attribute of all that is exported.
        profile: another one.

    Returns:
        Whether anything is exported.
    """
    try:
        from opentelemetry.sdk.resources import Resource
    except ImportError:
        logger.error('--otel exports nothing without the SDK: pip install "katydid[otel]"')
        return False
    if not any(signal.is_wanted for signal in (_TRACES, _METRICS, _LOGS)):
        logger.info("OpenTelemetry's variables name no exporter, so --otel exports nothing")
        return False
    resource = Resource.create(
        {
            "service.name": os.environ.get("OTEL_SERVICE_NAME", "locust"),
            "service.version": version,
            "host.name": socket.gethostname(),
            "filename": locustfile,
            "profile": profile or "",
        }
    )
    if _TRACES.is_wanted:
        _trace(resource)
    if _METRICS.is_wanted:
        _measure(resource)
    if _LOGS.is_wanted:
        _log(resource)
    return True


def _make_grpc_cooperative() -> None:
    """An export must not stop the users' thread for as long as the network takes."""
    from grpc.experimental.gevent import init_gevent

    init_gevent()


def _trace(resource: Any) -> None:
    """Make a span of each request that `requests` or `urllib3` send."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    provider = TracerProvider(resource=resource)
    for exporter, is_immediate in _TRACES.exporters():
        provider.add_span_processor((SimpleSpanProcessor if is_immediate else BatchSpanProcessor)(exporter))
    trace.set_tracer_provider(provider)
    for library, name, settings in (
        ("requests", "RequestsInstrumentor", {"request_hook": _name_span}),
        ("urllib3", "URLLib3Instrumentor", {}),
    ):
        try:
            found = import_module(f"opentelemetry.instrumentation.{library}")
        except ImportError:
            package = f"opentelemetry-instrumentation-{library}"
            logger.info("requests of %s leave no traces: pip install %s", library, package)
        else:
            getattr(found, name)().instrument(**settings)
    _trace_fast_clients(trace.get_tracer("locust"))


def _trace_fast_clients(tracer: Any) -> None:
    """Make a span of each request of `FastHttpUser`, from its start until its answer is there."""
    from opentelemetry.propagate import inject
    from opentelemetry.trace import SpanKind, StatusCode

    from .contrib.fasthttp import _ABSOLUTE_URL, FastHttpSession

    send: Any = FastHttpSession.request
    parameters = signature(FastHttpSession._request)

    @wraps(send)
    def request(session: Any, *positional: Any, **named: Any) -> Any:
        call = parameters.bind(session, *positional, **named)
        asked = call.arguments
        url = asked["url"] if _ABSOLUTE_URL.match(asked["url"]) else f"{session.base_url}{asked['url']}"
        title = f"{asked['method']} {asked.get('name') or urlsplit(url).path or '/'}"
        with tracer.start_as_current_span(title, kind=SpanKind.CLIENT) as span:
            span.set_attributes({"http.request.method": asked["method"], "url.full": url})
            asked["headers"] = dict(asked.get("headers") or {})
            inject(asked["headers"])
            response = send(*call.args, **call.kwargs)
            if response.status_code:
                span.set_attribute("http.response.status_code", response.status_code)
            if response.error or response.status_code >= 400:
                span.set_status(StatusCode.ERROR, str(response.error or ""))
        return response

    FastHttpSession.request = request  # type: ignore[method-assign, assignment]


def _name_span(span: Any, request: Any) -> None:
    """A span is called as the request is in the statistics, or after its path."""
    from .clients import explicit_name

    span.update_name(f"{request.method} {explicit_name.get() or urlsplit(request.url).path or '/'}")


def _measure(resource: Any) -> None:
    """Measure how long requests take, and count users."""
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    readers = [PeriodicExportingMetricReader(exporter) for exporter, _ in _METRICS.exporters()]
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=readers))
    meter = metrics.get_meter("locust")
    durations = meter.create_histogram(
        "locust.client.duration", unit="s", description="How long requests took, to the last byte"
    )
    locust.events.request.add_listener(_Durations(durations))

    def count_users(runner: Any, **_event: Any) -> None:
        if runner is None:
            return

        def counts(_options: Any) -> Iterable[Any]:
            for name, count in runner.user_classes_count.items():
                yield metrics.Observation(count, {"user_class": name})

        meter.create_observable_gauge(
            "locust.users.count",
            callbacks=[counts],
            unit="{user}",
            description="Users that are running",
        )

    locust.events.init.add_listener(count_users)


class _Durations:
    """Listens to requests, and keeps the number of names within bounds."""

    def __init__(self, histogram: Any) -> None:
        self._histogram = histogram
        self._names: set[str] = set()

    def __call__(
        self, name: str, response_time: float | None, exception: BaseException | None = None, **_event: Any
    ) -> None:
        if response_time is None:
            return
        if name not in self._names:
            if len(self._names) >= MAX_REQUEST_NAMES:
                name = OTHER_NAMES
            else:
                self._names.add(name)
        attributes = {"name": name}
        if exception:
            attributes["error.type"] = type(exception).__name__
        self._histogram.record(response_time / 1000, attributes)


def _log(resource: Any) -> None:
    """Export what is logged, but for the tables of the statistics."""
    from opentelemetry import _logs
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, SimpleLogRecordProcessor

    provider = LoggerProvider(resource=resource)
    for exporter, is_immediate in _LOGS.exporters():
        processor: Any = SimpleLogRecordProcessor if is_immediate else BatchLogRecordProcessor
        provider.add_log_record_processor(processor(exporter))
    _logs.set_logger_provider(provider)
    handler = LoggingHandler(logger_provider=provider)
    handler.name = "opentelemetry"
    for name in (None, "locust"):  # the second hands nothing on to the root
        logging.getLogger(name).addHandler(handler)
