"""What is counted of requests and queries, under which names, and with which labels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from endpoint.engine import Caller
from endpoint.engine.running import RunningQuery
from endpoint.telemetry import Exchange
from endpoint.telemetry.metrics import HTTP_BUCKETS, QUERY_BUCKETS, Metrics
from endpoint.telemetry.query_record import Times
from endpoint.telemetry.readings import State, readings

EXCHANGE = Exchange(
    "a-1", "GET", "/api/x", "127.0.0.1", "/api/{path:path}", status=200, sent=7, duration=0.03
)


def query(**members: object) -> RunningQuery:
    made = RunningQuery.of(Caller("127.0.0.1", "a-1"), "q1", "ASK {}", "ASK", "text/csv")
    for name, value in members.items():
        setattr(made, name, value)
    return made


def values(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The samples called ``name``, by the values of their labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == name
    }


def count(metrics: Metrics, *exchanges: Exchange) -> None:
    for exchange in exchanges:
        metrics.request_begun(exchange.method)
        metrics.request_ended(exchange)


def test_a_request_is_counted_by_method_status_and_route() -> None:
    metrics = Metrics()
    count(metrics, EXCHANGE, EXCHANGE, replace(EXCHANGE, status=404), replace(EXCHANGE, route=""))
    name = "http_server_request_duration_seconds"
    assert values(metrics, f"{name}_count") == {
        ("GET", "200", "/api/{path:path}"): 2,
        ("GET", "404", "/api/{path:path}"): 1,
        ("GET", "200", ""): 1,
    }
    buckets = values(metrics, f"{name}_bucket")
    bounds = [float(labels[3]) for labels in buckets if labels[:3] == ("GET", "404", "/api/{path:path}")]
    assert bounds == [*HTTP_BUCKETS, float("inf")]
    assert buckets["GET", "200", "/api/{path:path}", "0.025"] == 0
    assert buckets["GET", "200", "/api/{path:path}", "0.05"] == 2
    assert values(metrics, "endpoint_http_sent_bytes_total") == {(): 28}


def test_requests_that_are_answered_now_are_a_gauge() -> None:
    metrics = Metrics()
    for method in ("GET", "GET", "BREW", "SPLASH"):
        metrics.request_begun(method)
    active = "http_server_active_requests"
    assert values(metrics, active) == {("GET",): 2, ("POST",): 0, ("_OTHER",): 2}
    metrics.request_ended(EXCHANGE)
    metrics.request_ended(replace(EXCHANGE, method="BREW"))
    assert values(metrics, active) == {("GET",): 1, ("POST",): 0, ("_OTHER",): 1}


def test_clients_cannot_make_series() -> None:
    metrics = Metrics()
    for number in range(100):
        made = replace(EXCHANGE, method=f"M{number}", path=f"/{number}", client=str(number))
        count(metrics, replace(made, identifier=str(number), media_type=str(number)))
        metrics.ended(query(text=str(number), media_type=str(number), outcome="ok"))
    samples = [sample for family in metrics.registry.collect() for sample in family.samples]
    count(metrics, replace(EXCHANGE, method="M100"))
    metrics.ended(query(text="another", outcome="ok"))
    assert len([sample for family in metrics.registry.collect() for sample in family.samples]) == len(samples)


def test_refusals_and_cuts_are_counted_apart() -> None:
    metrics = Metrics()
    busy = replace(EXCHANGE, status=503, code="overloaded")
    count(metrics, busy, busy, replace(busy, status=413, code="payload-too-large"))
    count(metrics, replace(EXCHANGE, status=404, code="not-found"), replace(EXCHANGE, aborted=True))
    refusals = values(metrics, "endpoint_refusals_total")
    assert {labels: number for labels, number in refusals.items() if number} == {
        ("overloaded",): 2,
        ("payload-too-large",): 1,
    }
    # What refuses nothing because of a limit is not among them; what has not come up yet is.
    assert ("not-found",) not in refusals
    assert refusals["memory-limit-exceeded",] == 0
    assert values(metrics, "endpoint_http_cut_total") == {(): 1}


def test_a_query_is_counted_by_form_and_error() -> None:
    metrics = Metrics()
    worked = query(pid=9, queued=0.02, planned=0.01, evaluated=0.2, duration=0.3, rows=5, outcome="ok")
    metrics.ended(worked)
    metrics.ended(query(form="search", duration=0.001, outcome="overloaded"))
    name = "db_client_operation_duration_seconds"
    assert values(metrics, f"{name}_count") == {
        ("oxigraph", "ASK", ""): 1,
        ("oxigraph", "search", "overloaded"): 1,
    }
    bounds = [float(labels[3]) for labels in values(metrics, f"{name}_bucket") if labels[1] == "ASK"]
    assert bounds == [*QUERY_BUCKETS, float("inf")]
    assert values(metrics, "endpoint_query_rows_total") == {(): 5}
    # What never got a worker has waited, and was not evaluated.
    assert values(metrics, "endpoint_query_wait_seconds_count") == {(): 2}
    assert values(metrics, "endpoint_query_evaluation_seconds_count") == {(): 1}
    assert values(metrics, "endpoint_query_evaluation_seconds_sum")[()] == pytest.approx(0.21)


def test_kills_are_counted_by_cause() -> None:
    metrics = Metrics()
    for outcome in ("deadline-exceeded", "memory-limit-exceeded", "aborted", "aborted", "query-too-complex"):
        metrics.ended(query(pid=9, outcome=outcome))
    metrics.ended(query(pid=9, outcome="memory-limit-exceeded", died=True))
    for outcome in ("worker-died", "query-too-complex"):
        metrics.ended(query(pid=9, outcome=outcome, died=True))
    for outcome in ("aborted", "overloaded"):
        metrics.ended(query(outcome=outcome))  # no worker was there to be killed
    metrics.ended(query(pid=9, outcome="malformed-query"))
    kills = {labels[0]: value for labels, value in values(metrics, "endpoint_query_kills_total").items()}
    assert {cause: number for cause, number in kills.items() if number} == {
        "deadline": 1,
        "memory": 2,
        "client": 2,
        "crash": 2,
    }
    # A cause that has not come up is there with 0, so that its first time is seen as an increase.
    assert kills["operator"] == 0


@pytest.mark.parametrize(
    ("members", "times"),
    [
        ({"duration": 4.0, "outcome": "overloaded"}, Times(4, 0, 0, 0)),
        (
            {"pid": 9, "duration": 8.0, "queued": 1.0, "planned": 0.5, "evaluated": 2.0, "answered": 3.0},
            Times(1, 0.5, 2, 4.5),
        ),
        ({"pid": 9, "duration": 8.0, "queued": 1.0, "outcome": "deadline-exceeded"}, Times(1, 0, 7, 0)),
        (
            {"pid": 9, "duration": 8.0, "queued": 1.0, "answered": 3.0, "outcome": "aborted"},
            Times(1, 0, 2, 5),
        ),
        # The worker's clock and ours differ a little.
        (
            {"pid": 9, "duration": 1.0, "queued": 0.5, "planned": 0.25, "evaluated": 9.0},
            Times(0.5, 0.25, 0.25, 0),
        ),
    ],
)
def test_the_time_of_a_query_is_divided(members: dict[str, object], times: Times) -> None:
    assert query(**members).times == times


def test_both_formats_can_be_read() -> None:
    metrics = Metrics()
    count(metrics, replace(EXCHANGE, route='/a"b\\c'))
    metrics.ended(query(pid=9, outcome="worker-died"))
    state = State("1.0", workers={"idle": 2, "slow": 1}, dropped={"query-log": 1})
    text = metrics.exposition(readings(state), openmetrics=False).decode()
    other = metrics.exposition(readings(state), openmetrics=True).decode()
    assert other.endswith("# EOF\n")

    def samples(families: object) -> dict[tuple[str, str], float]:
        return {
            (sample.name, str(sorted(sample.labels.items()))): sample.value
            for family in families  # type: ignore[attr-defined]
            for sample in family.samples
            if not sample.name.startswith(("process_", "endpoint_generation_age"))
        }

    assert samples(read_text(text)) == samples(read_openmetrics(other))  # type: ignore[no-untyped-call]
    assert "_created" not in text + other


def test_every_metric_is_described_and_named_by_the_rules() -> None:
    metrics = Metrics()
    families = [*metrics.registry.collect(), *readings(State("1.0"))]
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert family.documentation.endswith("."), family.name
        assert family.name.startswith(("endpoint_", "http_server_", "db_client_", "process_")), family.name
