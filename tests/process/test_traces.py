"""Traces of a real server, as a collector gets them over OTLP/HTTP."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.datasets.listed_values import make
from tests.live import Server, serving
from tests.process.test_metrics import ENDLESS
from tests.waiting import until

HIDDEN = "c2VjcmV0"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector(ThreadingHTTPServer):
    """A receiver of traces; ``spans`` are those that came, ``services`` the names of who sent them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Any] = []
        self.services: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services.add(attributes(resource.resource)["service.name"])
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    def named(self, name: str) -> Any:
        """The span with this name, once it has come."""
        until(lambda: any(span.name == name for span in self.spans))
        return next(span for span in self.spans if span.name == name)

    def below(self, parent: Any) -> list[str]:
        return [span.name for span in self.spans if span.parent_span_id == parent.span_id]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path == "/v1/traces" and isinstance(self.server, Collector):
            self.server.take(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


def attributes(holder: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in holder.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()


@contextmanager
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Collector]]:
    """A server that sends its traces to a collector."""
    dataset = make(tmp_path / "dataset")
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        flags = ("--dataset", str(dataset), "--workers", "1", "--timeout", "1")
        with serving(tmp_path / "data", *flags) as server:
            yield server, collector


def test_a_request_and_its_query_are_spans_of_the_callers_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with traced(tmp_path, monkeypatch) as (server, collector):
        answer = server.get("/sparql?query=ASK%20%7B%7D", Traceparent=f"00-{TRACE}-{PARENT}-01")
        request = collector.named("GET /sparql")
        assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
        found = attributes(request)
        assert found["http.request.method"] == "GET"
        assert (found["http.route"], found["url.path"]) == ("/sparql", "/sparql")
        assert found["http.response.status_code"] == 200
        assert found["endpoint.request"] == answer.headers["x-request-id"]
        query = collector.named("ASK")
        assert (query.trace_id, query.parent_span_id) == (request.trace_id, request.span_id)
        assert attributes(query)["db.system.name"] == "oxigraph"
        until(lambda: {"waiting", "planning", "evaluating"} <= {*collector.below(query)})
        # The phases follow one another within the query, and the query lies within its request.
        phases = [span for span in collector.spans if span.parent_span_id == query.span_id]
        phases.sort(key=lambda span: span.start_time_unix_nano)
        assert [span.name for span in phases][:3] == ["waiting", "planning", "evaluating"]
        assert phases[0].start_time_unix_nano == query.start_time_unix_nano
        for before, after in pairwise(phases):
            assert abs(before.end_time_unix_nano - after.start_time_unix_nano) < 1000
        assert query.end_time_unix_nano <= request.end_time_unix_nano + 10**6
        assert collector.services == {"endpoint"}
        until(lambda: f" trace={TRACE}" in server.log.read_text())


def test_what_fails_is_an_error_and_no_secret_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "catalogue")
    with traced(tmp_path, monkeypatch) as (server, collector):
        assert server.query(ENDLESS, secret=HIDDEN).status == 504
        request, query = collector.named("GET /sparql"), collector.named("SELECT")
        assert request.status.code == query.status.code == 2
        assert attributes(request)["error.type"] == attributes(query)["error.type"] == "deadline-exceeded"
        assert attributes(query)["endpoint.query.digest"]
        # A mistake of the client is none of the server.
        server.get("/nothing", Traceparent="00-nonsense", Authorization=f"Bearer {HIDDEN}")
        nothing = collector.named("GET /{path:path}")
        assert (nothing.status.code, nothing.parent_span_id) == (0, b"")
        assert collector.services == {"catalogue"}
        assert HIDDEN not in str(collector.spans)


def test_a_collector_that_is_gone_delays_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with traced(tmp_path, monkeypatch) as (server, collector):
        server.query("ASK {}")
        collector.named("ASK")
        collector.server_close()
        collector.shutdown()
        assert server.query("ASK {}").status == 200
        assert server.stop() == 0
