"""The metrics of writes over HTTP. ``docs/monitoring.md`` lists all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from endpoint.telemetry.metrics import Histogram

# Upper bounds in seconds, and of the writes that are committed together.
WRITE_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
GROUP_BUCKETS: Final = (1, 2, 5, 10, 20, 50, 100, 200)
KINDS: Final = ("update", "put", "post", "delete", "patch")
# Waiting for the writes before, being done, being made a generation, and until the server answers from it.
PHASES: Final = ("waiting", "evaluating", "publishing", "serving")


class WriteMetrics(Collector):
    """The counts of the writes of one server, in ``registry``. All series are there from the beginning."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._durations = Histogram(
            "endpoint_write_duration_seconds",
            "Duration of writes, from their arrival until they are on the disk or refused.",
            ("operation", "error_type"),
            WRITE_BUCKETS,
        )
        for kind in KINDS:
            self._durations.labels(kind, "")
        phases = Histogram(
            "endpoint_write_phase_seconds", "Phases of writes that were done.", ("phase",), WRITE_BUCKETS
        )
        self._phases = {phase: phases.labels(phase) for phase in PHASES}
        sizes = Histogram(
            "endpoint_write_group_size", "Writes that were committed together.", (), GROUP_BUCKETS
        )
        self._sizes = sizes.labels()
        self._histograms = self._durations, phases, sizes
        quads = Counter(
            "endpoint_write_quads",
            "Quads that writes changed, derived ones aside.",
            ("change",),
            registry=registry,
        )
        self._added, self._removed = quads.labels("added"), quads.labels("removed")
        registry.register(self)

    def done(self, kind: str, added: int, removed: int, phases: tuple[float, float, float]) -> None:
        """Count a write that is on the disk: its operation, quads, and seconds of the phases but the last."""
        self._durations.labels(kind, "").add(sum(phases))
        for phase, seconds in zip(PHASES, phases, strict=False):
            self._phases[phase].add(seconds)
        self._added.inc(added)
        self._removed.inc(removed)

    def refused(self, kind: str, code: str, seconds: float) -> None:
        """Count a write that was refused with the code of an error."""
        self._durations.labels(kind, code).add(seconds)

    def committed(self, size: int) -> None:
        """Count so many writes that were committed together."""
        self._sizes.add(size)

    def served(self, seconds: float) -> None:
        """Count a write that is answered, since the server answers from its generation."""
        self._phases["serving"].add(seconds)

    def collect(self) -> Iterator[Metric]:
        """Yield what is counted in plain numbers; the registry calls it."""
        return (histogram.family() for histogram in self._histograms)
