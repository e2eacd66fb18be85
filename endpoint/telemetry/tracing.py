"""Traces by OpenTelemetry: a span for each request, and below it one for each query with its phases.

This module needs the extra ``otel``. The SDK reads where spans go, which are kept and how the service is
called from its own variables of the environment (OpenTelemetry specification, environment variables).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from endpoint import __version__
from endpoint.telemetry import Exchange
from endpoint.telemetry.metrics import ENGINE, METHODS, OTHER
from endpoint.telemetry.query_record import QueryRecord

# The name of the service where the environment has none.
NAME: Final = "endpoint"
# The headers of the W3C Trace Context.
_PROPAGATED: Final = (b"traceparent", b"tracestate")
# Bytes of such a header that are read; the specification wants 512 of the longer one.
_LONGEST: Final = 1024
_UNKNOWN: Final = "unknown_service"


class Tracing:
    """The spans of one server, sent by a thread of the SDK. A listener of the queries that run."""

    def __init__(self) -> None:
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("endpoint", __version__)
        self._propagator = TraceContextTextMapPropagator()
        # By the identifier of the request.
        self._requests: dict[str, Span] = {}

    def request_begun(self, exchange: Exchange, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Begin the span of a request, in the trace that its ``traceparent`` names."""
        carrier = {
            name.decode(): value.decode("latin-1")
            for name, value in headers
            if name in _PROPAGATED and len(value) <= _LONGEST
        }
        method = exchange.method if exchange.method in METHODS else OTHER
        span = self._requests[exchange.identifier] = self._tracer.start_span(
            method,
            context=self._propagator.extract(carrier),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                "url.path": exchange.path,
                "client.address": exchange.client,
                "endpoint.request": exchange.identifier,
            },
        )
        if span.is_recording():
            exchange.trace = format_trace_id(span.get_span_context().trace_id)

    def request_ended(self, exchange: Exchange) -> None:
        """End the span of a request with its outcome."""
        span = self._requests.pop(exchange.identifier, None)
        if span is None:
            return
        if exchange.route:
            method = exchange.method if exchange.method in METHODS else OTHER
            span.update_name(f"{method} {exchange.route}")
            span.set_attribute("http.route", exchange.route)
        if exchange.status:
            span.set_attribute("http.response.status_code", exchange.status)
        span.set_attribute("http.response.body.size", exchange.sent)
        if exchange.status >= 500 or exchange.aborted:
            span.set_attribute("error.type", exchange.code or "aborted")
            span.set_status(StatusCode.ERROR)
        span.end()

    def begun(self, query: QueryRecord) -> None:
        """Do nothing: the spans of a query are made when it has ended."""

    def ended(self, query: QueryRecord) -> None:
        """Add the span of a query and those of its phases to that of its request."""
        request = self._requests.get(query.request)
        if request is None or not request.is_recording():
            return
        attributes: dict[str, str | int] = {
            "db.system.name": ENGINE,
            "db.operation.name": query.form or OTHER,
            "db.response.returned_rows": query.rows,
            "endpoint.query": query.identifier,
            "endpoint.query.digest": query.digest,
            "endpoint.generation": query.generation,
        }
        began = _nanoseconds(query.begun)
        span = self._tracer.start_span(
            query.form or OTHER,
            context=set_span_in_context(request),
            kind=SpanKind.INTERNAL,
            attributes=attributes,
            start_time=began,
        )
        self._phases(span, query)
        if query.outcome != "ok":
            span.set_attribute("error.type", query.outcome)
            span.set_status(StatusCode.ERROR)
        span.end(began + _nanoseconds(query.duration))

    def _phases(self, query_span: Span, query: QueryRecord) -> None:
        context = set_span_in_context(query_span)
        moment = query.begun
        for name, seconds in query.times._asdict().items():
            if seconds > 0:
                span = self._tracer.start_span(name, context=context, start_time=_nanoseconds(moment))
                moment += seconds
                span.end(_nanoseconds(moment))

    def close(self, timeout: float = 5.0) -> None:
        """Send what waits, for at most ``timeout`` seconds: the collector may be gone."""
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(timeout)


def _resource() -> Resource:
    found = Resource.create({SERVICE_VERSION: __version__})
    if str(found.attributes.get(SERVICE_NAME, _UNKNOWN)).startswith(_UNKNOWN):
        return found.merge(Resource({SERVICE_NAME: NAME}))
    return found


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
