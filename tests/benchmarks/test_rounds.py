"""What is reported and what is refused: servers that agree, that differ, and that fail."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks.reading_room import Query
from benchmarks.rounds import Bench, Refused, measure_each, measure_mix
from benchmarks.sides import Ours, OxigraphInMemory, OxigraphOnDisk, Running, Side
from tests.benchmarks.small_servers import Behaviour, answering

QUERIES = {name: Query(name, f"SELECT ?{name} {{}}") for name in ("first", "second")}
MIX = [Query("mixed", f"SELECT ?mixed {{}} LIMIT {number}") for number in range(20)]


def right(path: str) -> tuple[int, bytes]:
    """An answer that depends on the query, and not on its mark."""
    text = parse_qs(urlsplit(path).query)["query"][0].partition("\n")[0]
    row = {"x": {"type": "literal", "value": text}}
    return 200, json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": [row]}}).encode()


def wrong(path: str) -> tuple[int, bytes]:
    return right(path.replace("second", "third").replace("mixed", "other"))


def failing(path: str) -> tuple[int, bytes]:
    return (503, b"not now") if "second" in path or "mixed" in path else right(path)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def bench(stack: ExitStack, ours: Behaviour, others: Sequence[Behaviour], folder: Path) -> Bench:
    servers = [Ours(folder), OxigraphOnDisk(folder, "oxigraph"), OxigraphInMemory(folder, "oxigraph")]
    running = {
        Side(server.name, server): Running(os.getpid(), stack.enter_context(answering(behaviour)), 0.0)
        for server, behaviour in zip(servers, (ours, *others), strict=False)
    }
    return Bench(running, 60.0)


def test_servers_that_agree_are_measured(stack: ExitStack, tmp_path: Path) -> None:
    trial = bench(stack, right, [right, right], tmp_path)
    found = measure_each(trial, QUERIES, 2)
    assert {name: len(sides) for name, sides in found.items()} == {"first": 3, "second": 3}
    assert all(taken > 0 for sides in found.values() for taken, _ in sides.values())
    assert all(processor > 0 for sides in found.values() for _, processor in sides.values())
    mixed = measure_mix(trial, "mix", MIX, 2, 2, 60)
    assert [(one.requests, one.compared) for one in mixed.values()] == [(20, 20)] * 3
    assert trial.refusals == {}


@pytest.mark.parametrize("other", [wrong, failing])
def test_another_server_that_differs_or_fails_has_no_figure(
    stack: ExitStack, tmp_path: Path, other: Behaviour
) -> None:
    trial = bench(stack, right, [right, other], tmp_path)
    found = measure_each(trial, QUERIES, 2)
    assert [side.name for side in found["first"]] == ["this server", "oxigraph, disk", "oxigraph, memory"]
    assert [side.name for side in found["second"]] == ["this server", "oxigraph, disk"]
    assert [side.name for side in measure_mix(trial, "mix", MIX, 1, 2, 60)] == [
        "this server",
        "oxigraph, disk",
    ]
    assert [*trial.refusals] == [("second", "oxigraph, memory"), ("mix", "oxigraph, memory")]
    for why in trial.refusals.values():
        assert ("not now" if other is failing else "another answer than oxigraph, disk") in why


@pytest.mark.parametrize("ours", [wrong, failing])
def test_nothing_is_reported_where_this_server_differs_or_fails(
    stack: ExitStack, tmp_path: Path, ours: Behaviour
) -> None:
    with pytest.raises(Refused, match="refused: this server on 'second'"):
        measure_each(bench(stack, ours, [right], tmp_path), QUERIES, 1)
    with pytest.raises(Refused, match="refused: this server on 'mix'"):
        measure_mix(bench(stack, ours, [right], tmp_path), "mix", MIX, 1, 2, 60)


def test_nothing_is_reported_where_this_server_fails_under_load(stack: ExitStack, tmp_path: Path) -> None:
    def tired(path: str) -> tuple[int, bytes]:
        return right(path) if "compared" in path else (429, b"enough")

    with pytest.raises(Refused, match="requests failed under load"):
        measure_mix(bench(stack, tired, [right], tmp_path), "mix", MIX, 1, 2, 60)
