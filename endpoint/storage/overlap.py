"""The overlap of the graphs of a store: triples that occur in two of them.

Where there is none, the engine's union default graph, which finds a triple once for each graph that has it
(:mod:`endpoint.engine.template`), is the set that RDF 1.1 Concepts section 4 requires, and needs no copy.

A triple can occur in two graphs only if both have its predicate. So the predicates of all graphs but the
largest are listed, and for each one that is in two graphs the engine counts the statements with and
without duplicates. That takes about 1 µs per quad of the store, against 25 µs and more for loading it.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Final, cast

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, QuerySolutions, Store, Triple

from endpoint.storage.delta import Delta

# Statements of one predicate that are compared at most; each takes about 130 bytes of memory.
MOST: Final = 10_000_000
# Statements that the first pass over a graph reads; each further pass reads eight times as many.
FIRST_LOOK: Final = 4096

Graph = NamedNode | DefaultGraph
Subject = NamedNode | BlankNode | Triple
Term = NamedNode | BlankNode | Literal | Triple


def find_overlap(store: Store) -> bool | None:
    """Return True when a triple is in two graphs, False when none is, None when that would take too long."""
    named = list(store.named_graphs())
    if any(isinstance(graph, BlankNode) for graph in named):
        # A query cannot name it.
        return None
    graphs: list[Graph] = [DefaultGraph(), *cast("list[NamedNode]", named)]
    for predicate, rows in sorted(_shared(store, graphs).items(), key=lambda row: row[1]):
        if rows > MOST:
            return None
        if _count(store, f"SELECT DISTINCT ?s ?o {{ ?s {predicate} ?o }}", union=True) != rows:
            return True
    return False


def overlap_after(store: Store, before: bool | None, delta: Delta) -> bool | None:
    """Return what :func:`find_overlap` does, of a store after ``delta``, where it was ``before``.

    Only triples that changed are looked at, except where one of two graphs went, or nothing was known.
    """
    if before is None or any(isinstance(quad.graph_name, BlankNode) for quad in delta.added):
        return find_overlap(store)
    if before:
        gone = Counter((quad.subject, quad.predicate, quad.object) for quad in delta.removed)
        # Others may be left of a triple that was in several graphs.
        ended = any(number > 1 or _graphs(store, triple) for triple, number in gone.items())
        return find_overlap(store) if ended else True
    came = {(quad.subject, quad.predicate, quad.object) for quad in delta.added}
    return any(_graphs(store, triple) > 1 for triple in came)


def _graphs(store: Store, triple: tuple[Subject, NamedNode, Term]) -> int:
    """Return how many graphs have the triple; counting ends with the second."""
    return sum(1 for _ in islice(store.quads_for_pattern(*triple, None), 2))


def _shared(store: Store, graphs: list[Graph]) -> dict[NamedNode, int]:
    """Return the predicates in more than one of the graphs, with the statements of each in all of them."""
    rows: Counter[NamedNode] = Counter()
    holders: Counter[NamedNode] = Counter()
    look = FIRST_LOOK
    while len(graphs) > 1:
        larger: list[Graph] = []
        for graph in graphs:
            counts = _first_predicates(store, graph, look)
            if counts.total() < look:
                rows += counts
                holders.update(counts.keys())
            else:
                larger.append(graph)
        graphs = larger
        look *= 8
    for graph in graphs:
        for predicate in list(rows):
            if count := _count(store, f"SELECT ?s {{ {_within(graph, f'?s {predicate} ?o')} }}"):
                rows[predicate] += count
                holders[predicate] += 1
    return {predicate: count for predicate, count in rows.items() if holders[predicate] > 1}


def _first_predicates(store: Store, graph: Graph, limit: int) -> Counter[NamedNode]:
    """Return the predicates of the first ``limit`` statements of the graph, with the number of each."""
    first = f"SELECT ?p {{ {_within(graph, '?s ?p ?o')} }} LIMIT {limit}"
    rows = cast(QuerySolutions, store.query(f"SELECT ?p (COUNT(*) AS ?n) {{ {first} }} GROUP BY ?p"))
    return Counter({cast(NamedNode, row[0]): _number(row[1]) for row in rows})


def _count(store: Store, select: str, union: bool = False) -> int:
    """Count the solutions of a query, on the ``union`` of all graphs if wanted."""
    rows = store.query(f"SELECT (COUNT(*) AS ?n) {{ {select} }}", use_default_graph_as_union=union)
    return _number(next(cast(QuerySolutions, rows))[0])


def _within(graph: Graph, pattern: str) -> str:
    return pattern if isinstance(graph, DefaultGraph) else f"GRAPH {graph} {{ {pattern} }}"


def _number(value: object) -> int:
    return int(cast(Literal, value).value)
