"""What is counted of writes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from endpoint.telemetry.write_metrics import KINDS, PHASES, WriteMetrics


def values(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    """The samples called ``name``, by the values of their labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == name
    }


def test_all_series_are_there_before_the_first_write() -> None:
    registry = CollectorRegistry()
    WriteMetrics(registry)
    assert values(registry, "endpoint_write_duration_seconds_count") == {(kind, ""): 0 for kind in KINDS}
    assert values(registry, "endpoint_write_phase_seconds_count") == {(phase,): 0 for phase in PHASES}
    assert values(registry, "endpoint_write_quads_total") == {("added",): 0, ("removed",): 0}
    assert values(registry, "endpoint_write_group_size_count") == {(): 0}


def test_a_write_is_counted_by_operation_outcome_and_phase() -> None:
    registry = CollectorRegistry()
    metrics = WriteMetrics(registry)
    metrics.done("put", 3, 1, (1.0, 2.0, 0.5))
    metrics.refused("put", "conflict", 0.25)
    metrics.committed(2)
    metrics.served(0.125)
    durations = values(registry, "endpoint_write_duration_seconds_sum")
    assert (durations["put", ""], durations["put", "conflict"]) == (3.5, 0.25)
    phases = values(registry, "endpoint_write_phase_seconds_sum")
    assert list(phases.values()) == [1.0, 2.0, 0.5, 0.125]
    assert values(registry, "endpoint_write_quads_total") == {("added",): 3, ("removed",): 1}
    sizes = values(registry, "endpoint_write_group_size_bucket")
    assert (sizes["1.0",], sizes["2.0",], sizes["+Inf",]) == (0, 1, 1)
