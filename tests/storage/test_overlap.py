"""Triples in two graphs: the exact answer, or none."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from endpoint.storage import overlap
from endpoint.storage.delta import Delta
from endpoint.storage.overlap import find_overlap, overlap_after

G1, G2, G3 = (NamedNode(f"urn:g{n}") for n in (1, 2, 3))
Graph = NamedNode | BlankNode | DefaultGraph
GRAPHS: list[Graph] = [G1, G2, G3, DefaultGraph()]


def quad(subject: str, predicate: str, value: str | int, graph: Graph) -> Quad:
    return Quad(NamedNode(f"urn:{subject}"), NamedNode(f"urn:{predicate}"), Literal(value), graph)


CASES: list[tuple[str, list[Quad], bool | None]] = [
    ("nothing", [], False),
    ("one graph", [quad("s", "p", 1, G1), quad("s", "p", 2, G1)], False),
    ("only the default graph", [quad("s", "p", 1, DefaultGraph())], False),
    ("no shared predicate", [quad("s", "p", 1, G1), quad("s", "q", 1, G2)], False),
    ("a shared predicate", [quad("s", "p", 1, G1), quad("s", "p", 2, G2), quad("t", "p", 1, G3)], False),
    ("two graphs", [quad("s", "p", 1, G1), quad("s", "p", 1, G2)], True),
    ("two of three graphs", [quad("s", "p", 2, G2), quad("s", "p", 1, G1), quad("s", "p", 1, G3)], True),
    ("a named and the default graph", [quad("s", "p", 1, G1), quad("s", "p", 1, DefaultGraph())], True),
    ("the same spelling, two types", [quad("s", "p", 1, G1), quad("s", "p", "1", G2)], False),
    ("a graph without a name", [quad("s", "p", 1, BlankNode("g")), quad("s", "p", 1, G2)], None),
]


@pytest.mark.parametrize(("quads", "found"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_cases(quads: list[Quad], found: bool | None) -> None:
    store = Store()
    store.extend(quads)
    assert find_overlap(store) is found


@pytest.mark.parametrize("sizes", [*itertools.permutations((3, 5000, 40_000)), (40_000, 40_000, 1)], ids=str)
def test_graphs_of_all_sizes(sizes: tuple[int, int, int]) -> None:
    store = Store()
    store.bulk_extend(
        quad(f"s{n}", f"p{n % 7}", f"{graph}{n}", graph)
        for graph, size in zip((G1, G2, G3), sizes, strict=True)
        for n in range(size)
    )
    assert find_overlap(store) is False
    first, last = sizes.index(max(sizes)), sizes.index(min(sizes))
    twin = next(store.quads_for_pattern(None, None, None, (G1, G2, G3)[last]))
    store.add(Quad(twin.subject, twin.predicate, twin.object, (G1, G2, G3)[first]))
    assert find_overlap(store) is True


def test_it_agrees_with_counting_all_triples() -> None:
    answers = set()
    for seed in range(60):
        rng = random.Random(seed)
        store = Store()
        store.extend(
            quad(
                rng.choice("ab"),
                rng.choice("pq"),
                rng.randrange(40),
                rng.choice(GRAPHS),
            )
            for _ in range(rng.randrange(2, 12))
        )
        expected = len({found.triple for found in store}) < len(store)
        assert find_overlap(store) is expected, seed
        answers.add(expected)
    assert answers == {True, False}


def test_on_disk_as_in_memory(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    store.extend([quad("s", "p", 1, G1), quad("s", "p", 2, G2)])
    assert find_overlap(store) is False
    store.add(quad("s", "p", 2, G1))
    assert find_overlap(store) is True


def test_it_does_not_compare_more_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    store.extend(quad("s", "p", n, graph) for graph, n in ((G1, 1), (G1, 2), (G2, 3)))
    monkeypatch.setattr(overlap, "MOST", 2)
    assert find_overlap(store) is None


@pytest.mark.parametrize("seed", range(40))
def test_after_a_change_it_is_what_would_be_found_anew(seed: int) -> None:
    choose = random.Random(seed)
    graphs = [*GRAPHS, BlankNode("g")] if seed % 4 == 0 else GRAPHS
    every = [quad(s, p, 1, graph) for s in "abcd" for p in "pq" for graph in graphs]
    store = Store()
    store.extend(choose.sample(every, 4))
    found = find_overlap(store)
    for _ in range(30):
        chosen = choose.sample(every, choose.randrange(3))
        delta = Delta(
            frozenset(one for one in chosen if one not in store),
            frozenset(one for one in chosen if one in store),
        )
        store.extend(delta.added)
        for one in delta.removed:
            store.remove(one)
        found = overlap_after(store, found, delta)
        assert found is find_overlap(store)


def test_only_what_changed_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    store.extend([quad("s", "p", 1, G1), quad("s", "p", 2, G2)])
    came = quad("s", "p", 3, G2)
    store.add(came)
    monkeypatch.delattr(overlap, "find_overlap")
    assert overlap_after(store, False, Delta(frozenset([came]))) is False
    assert overlap_after(store, True, Delta(frozenset([came]), frozenset([quad("t", "p", 1, G1)]))) is True
