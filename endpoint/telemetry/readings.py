"""Readings of the server, taken when somebody asks for its metrics: sizes, states, memory."""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class ClientState:
    """One client at one moment: ``seconds`` of evaluation that it used lately, and that are ``left`` to it.

    ``left`` is infinite without a budget.
    """

    client: str
    seconds: float
    left: float
    connections: int
    running: int
    waiting: int


@dataclass(frozen=True, slots=True)
class CacheState:
    """The cache of answers at one moment: ``size`` of at most ``most`` bytes; ``uses`` counts answers."""

    most: int = 0
    size: int = 0
    entries: int = 0
    evictions: int = 0
    uses: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """The state of a server at one moment; times are seconds, ``published`` since the epoch.

    ``workers`` counts the workers by their state, ``processes`` has the ids of each kind of process,
    ``dropped`` counts the entries that were not written, by file, and ``clients`` are a few.
    """

    version: str
    ready: bool = False
    generation: int = 0
    quads: int = 0
    published: float = 0.0
    queue: int = 0
    queue_limit: int = 0
    workers: Mapping[str, int] = field(default_factory=dict)
    processes: Mapping[str, Collection[int]] = field(default_factory=dict)
    connections: int = 0
    longest_pause: float = 0.0
    pauses: int = 0
    saved_queries: int = 0
    problems: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    clients: Sequence[ClientState] = ()
    cache: CacheState = CacheState()


def readings(state: State) -> Iterator[Metric]:
    """Yield the metrics of ``state``, and of the processes that it names."""
    yield from _of_data(state)
    yield from _of_work(state)
    yield from _of_cache(state.cache)
    yield from _of_clients(state.clients)
    yield from _of_server(state)
    yield from _of_processes(state.processes)


def _of_data(state: State) -> Iterator[Metric]:
    yield _gauge("endpoint_ready", "1 where queries can be evaluated, as /-/ready says.", float(state.ready))
    yield _gauge("endpoint_generation", "Number of the generation that is served.", state.generation)
    yield _gauge("endpoint_generation_quads", "Quads of the generation that is served.", state.quads)
    yield _gauge(
        "endpoint_generation_published_timestamp_seconds",
        "When the generation that is served was published, since the epoch.",
        state.published,
    )
    age = max(time.time() - state.published, 0.0) if state.published else 0.0
    yield _gauge(
        "endpoint_generation_age_seconds", "Time since the generation that is served was published.", age
    )
    yield _gauge("endpoint_saved_queries", "Saved queries that are served.", state.saved_queries)
    yield _gauge(
        "endpoint_saved_query_problems", "Problems for which saved queries were left out.", state.problems
    )


def _of_work(state: State) -> Iterator[Metric]:
    yield _gauge("endpoint_queue_length", "Queries that wait for a worker.", state.queue)
    yield _gauge("endpoint_queue_limit", "Queries that may wait for a worker.", state.queue_limit)
    yield _gauges("endpoint_workers", "Worker processes, by what they do.", "state", state.workers)


def _of_cache(cache: CacheState) -> Iterator[Metric]:
    yield _counters(
        "endpoint_cache_answers", "Answers to queries, by what the cache did for them.", "result", cache.uses
    )
    yield _gauge("endpoint_cache_bytes", "Bytes that the cache keeps.", cache.size)
    yield _gauge("endpoint_cache_limit_bytes", "Bytes that the cache may keep.", cache.most)
    yield _gauge("endpoint_cache_entries", "Answers and other values that the cache keeps.", cache.entries)
    yield CounterMetricFamily(
        "endpoint_cache_evictions", "Values that the cache gave up for others.", value=cache.evictions
    )


def _of_clients(clients: Sequence[ClientState]) -> Iterator[Metric]:
    yield _gauges(
        "endpoint_client_evaluation_seconds",
        "Evaluation in the last five minutes, by those clients that used most.",
        "client",
        {each.client: each.seconds for each in clients},
    )
    yield _gauges(
        "endpoint_client_budget_left_seconds",
        "What is left of the budget of each of these clients; below zero where it owes some.",
        "client",
        {each.client: each.left for each in clients if each.left != math.inf},
    )
    yield _gauges(
        "endpoint_client_connections",
        "Connections of each of these clients.",
        "client",
        {each.client: each.connections for each in clients},
    )
    queries = GaugeMetricFamily(
        "endpoint_client_queries", "Queries of each of these clients.", labels=["client", "state"]
    )
    for each in clients:
        queries.add_metric([each.client, "running"], each.running)
        queries.add_metric([each.client, "waiting"], each.waiting)
    yield queries


def _of_server(state: State) -> Iterator[Metric]:
    yield _gauge("endpoint_connections_open", "Connections that are open.", state.connections)
    yield _gauge(
        "endpoint_event_loop_longest_pause_seconds",
        "Longest time for which the server could do nothing else, since it started.",
        state.longest_pause,
    )
    yield CounterMetricFamily(
        "endpoint_event_loop_pauses",
        "Times for which the server could do nothing else for a tenth of a second or more.",
        value=state.pauses,
    )
    yield _counters(
        "endpoint_log_dropped", "Lines and entries that were never written.", "file", state.dropped
    )
    build = {
        "version": state.version,
        "python": platform.python_version(),
    }
    family = GaugeMetricFamily("endpoint_build_info", "Versions of the server.", labels=list(build))
    family.add_metric(list(build.values()), 1)
    yield family


def _of_processes(processes: Mapping[str, Collection[int]]) -> Iterator[Metric]:
    yield _gauges(
        "endpoint_processes",
        "Processes of the server.",
        "process",
        {kind: len(pids) for kind, pids in processes.items()},
    )
    yield _gauges(
        "endpoint_process_memory_bytes",
        "Resident memory; workers count the pages that they share with the template.",
        "process",
        {kind: sum(map(_resident, pids)) for kind, pids in processes.items()},
    )
    yield _gauges(
        "endpoint_process_open_descriptors",
        "Open file descriptors, as far as the server may see them.",
        "process",
        {kind: sum(map(_descriptors, pids)) for kind, pids in processes.items()},
    )


def _resident(pid: int) -> int:
    # Any of them may end while we look.
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0


def _descriptors(pid: int) -> int:
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - faster than iterdir, for many
    return 0


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(GaugeMetricFamily(name, text, labels=[label]), values)


def _counters(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(CounterMetricFamily(name, text, labels=[label]), values)


def _labelled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, float]
) -> GaugeMetricFamily | CounterMetricFamily:
    for value, number in values.items():
        family.add_metric([value], number)
    return family
