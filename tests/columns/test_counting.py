"""Counts from columns against those of the engine: instances of several classes in several graphs."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, Store

from endpoint.columns.counting import Counting
from tests.columns.every_kind import NS, XSD, literals
from tests.columns.test_columns import made

TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
ALL = 10**6


def typed(seed: int) -> Store:
    """Instances of none to four classes, not the same in each graph, with links among them and literals."""
    rng = random.Random(seed)
    found = list(literals())
    instances: list[NamedNode | BlankNode] = [NamedNode(f"{NS}i{number}") for number in range(40)]
    instances += [BlankNode(f"b{number}") for number in range(5)]
    classes = [NamedNode(f"{NS}C{number}") for number in range(6)]
    properties = [NamedNode(f"{NS}p{number}") for number in range(8)]
    graphs: list[NamedNode | BlankNode | DefaultGraph] = [
        DefaultGraph(),
        *(NamedNode(f"{NS}g{number}") for number in range(3)),
        BlankNode("graph"),
    ]
    store = Store()
    for _ in range(400):
        subject, graph = rng.choice(instances), rng.choice(graphs)
        for held in rng.sample(classes, rng.choice((0, 1, 2, 4))):
            store.add(Quad(subject, TYPE, held, graph))
        value = rng.choice([*found, *instances, *classes])
        store.add(Quad(subject, rng.choice(properties), value, graph))
    # What cannot be a class stands in its place.
    store.add(Quad(instances[0], TYPE, Literal("no class"), graphs[1]))
    store.add(Quad(instances[1], TYPE, BlankNode("class"), graphs[1]))
    return store


def by_engine(store: Store, graph: str | None, union: bool) -> dict[str, Any]:
    """The same part as the engine counts it."""

    pattern = "?s ?p ?o" if graph is None else f"GRAPH <{graph}> {{ ?s ?p ?o }}"
    found = store.query(f"SELECT DISTINCT ?s ?p ?o {{ {pattern} }}", use_default_graph_as_union=graph is None)
    assert isinstance(found, QuerySolutions)
    triples: list[Any] = list(found)
    types: defaultdict[Any, set[str]] = defaultdict(set)
    for row in triples:
        if row["p"] == TYPE and isinstance(row["o"], NamedNode):
            types[row["s"]].add(row["o"].value)
    anywhere: defaultdict[Any, set[str]] = defaultdict(set)
    for quad in store:
        counts = union or not isinstance(quad.graph_name, DefaultGraph)
        if counts and quad.predicate == TYPE and isinstance(quad.object, NamedNode):
            anywhere[quad.subject].add(quad.object.value)
    properties: defaultdict[str, int] = defaultdict(int)
    classes: defaultdict[str, int] = defaultdict(int)
    details: dict[str, dict[str, list[Any]]] = {}
    for row in triples:
        name = row["p"].value
        properties[name] += 1
        if row["p"] == TYPE and isinstance(row["o"], NamedNode):
            classes[row["o"].value] += 1
        for of in types[row["s"]]:
            known = details.setdefault(of, {}).setdefault(name, [0, set(), set()])
            known[0] += 1
            known[1] |= anywhere[row["o"]]
            known[2] |= {row["o"].datatype.value} if isinstance(row["o"], Literal) else set()
    return {
        "graph": graph,
        "triples": len(triples),
        "subjects": len({row["s"] for row in triples}),
        "objects": len({row["o"] for row in triples}),
        "properties": properties,
        "classes": classes,
        "details": {
            of: {
                name: [number, sorted(of_them), sorted(kinds)]
                for name, (number, of_them, kinds) in known.items()
            }
            for of, known in details.items()
        },
    }


@pytest.mark.parametrize("union", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_part_is_counted_as_the_engine_sees_it(seed: int, union: bool, tmp_path: Path) -> None:
    store = typed(seed)
    parts = Counting(made(store, tmp_path / "columns"), union, ALL).parts()
    names = sorted(graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode))
    assert parts[0]["graph"] is None
    assert sorted(part["graph"] for part in parts[1:]) == names
    for part in parts:
        assert part == by_engine(store, part["graph"], union)


def test_only_the_largest_classes_are_counted_in_detail(tmp_path: Path) -> None:
    columns = made(typed(1), tmp_path / "columns")
    part = Counting(columns, True, 2).parts()[0]
    largest = sorted(part["classes"], key=lambda iri: (-part["classes"][iri], iri))[:2]
    assert sorted(part["details"]) == sorted(largest)
    whole = Counting(columns, True, ALL).parts()[0]["details"]
    assert part["details"] == {iri: whole[iri] for iri in largest}


def test_data_without_classes_is_counted(tmp_path: Path) -> None:
    store = Store()
    store.add(
        Quad(NamedNode(f"{NS}a"), NamedNode(f"{NS}p"), Literal("1", datatype=NamedNode(f"{XSD}integer")))
    )
    (part,) = Counting(made(store, tmp_path / "columns"), True, ALL).parts()
    assert (part["triples"], part["classes"], part["details"]) == (1, {}, {})
    (empty,) = Counting(made(Store(), tmp_path / "empty"), True, ALL).parts()
    assert (empty["triples"], empty["subjects"], empty["properties"]) == (0, 0, {})
