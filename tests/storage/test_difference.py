"""The difference of two stores equals that of two sets of statements, and is RDF Patch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse

from endpoint.columns import FOLDER
from endpoint.ingest.columns import build_columns
from endpoint.storage.difference import Changed, Sign, between, difference
from tests.columns import every_kind
from tests.storage.publishing import publish_quads

E = "http://example.org/"
NODES = st.sampled_from([NamedNode(f"{E}{name}") for name in "abc"] + [BlankNode("b1"), BlankNode("b2")])
PREDICATES = st.sampled_from([NamedNode(f"{E}p"), NamedNode(f"{E}q")])
LITERALS = st.sampled_from(
    [Literal(1), Literal("1"), Literal("x", language="ko"), Literal('long "text"\n' * 20), Literal(2.5)]
)
TRIPLES = st.builds(Triple, NODES, PREDICATES, LITERALS)
GRAPHS = st.sampled_from([NamedNode(f"{E}g"), BlankNode("g"), None])
QUADS = st.builds(Quad, NODES, PREDICATES, NODES | LITERALS | TRIPLES, GRAPHS)


def store_of(quads: set[Quad]) -> Store:
    store = Store()
    store.extend(quads)
    return store


@given(st.sets(QUADS), st.sets(QUADS), st.sets(QUADS))
def test_the_difference_is_that_of_sets(both: set[Quad], before: set[Quad], after: set[Quad]) -> None:
    old, new = both | before, both | after
    found = list(between(store_of(old), store_of(new)))
    assert len(found) == len(set(found))
    assert {text for sign, text in found if sign is Sign.REMOVED} == set(map(str, old - new))
    assert {text for sign, text in found if sign is Sign.ADDED} == set(map(str, new - old))


class Unordered(list[Quad]):
    """Statements in an order of their own, as no store has them."""


@given(st.lists(QUADS, unique=True), st.lists(QUADS, unique=True))
def test_the_order_decides_nothing_but_the_time(old: list[Quad], new: list[Quad]) -> None:
    found = list(between(Unordered(old), Unordered(new)))  # type: ignore[arg-type]
    assert len(found) == len(set(found))
    assert {text for sign, text in found if sign is Sign.REMOVED} == set(map(str, set(old) - set(new)))
    assert {text for sign, text in found if sign is Sign.ADDED} == set(map(str, set(new) - set(old)))


def test_each_change_is_looked_up_and_nothing_else() -> None:
    old = {Quad(NamedNode(f"{E}{n}"), NamedNode(f"{E}p"), Literal(n)) for n in range(500)}
    new = {quad for quad in old if not str(quad.subject).endswith("7>")}
    new |= {Quad(NamedNode(f"{E}new"), NamedNode(f"{E}p"), Literal(n)) for n in range(5)}
    looked = 0

    class Counting:
        def __init__(self, quads: set[Quad]) -> None:
            self._store = store_of(quads)

        def __iter__(self) -> Iterator[Quad]:
            return iter(self._store)

        def __contains__(self, quad: Quad) -> bool:
            nonlocal looked
            looked += 1
            return quad in self._store

    found = list(between(Counting(old), Counting(new)))  # type: ignore[arg-type]
    assert len(found) == 50 + 5
    # Where one stands alone, it and its neighbour are looked up, for as long as they differ.
    assert looked <= 3 * len(found)


def test_generations_on_the_disk_are_compared_in_the_same_order(tmp_path: Path) -> None:
    quads = [Quad(NamedNode(f"{E}{n}"), NamedNode(f"{E}p"), Literal(str(n) * 9)) for n in range(3000)]
    first = publish_quads(tmp_path, reversed(quads))
    second = publish_quads(tmp_path, quads[1:])
    assert list(difference(first, second)) == [Changed(Sign.REMOVED, str(quads[0]))]
    assert list(difference(second, first)) == [Changed(Sign.ADDED, str(quads[0]))]


def test_a_change_is_a_line_of_rdf_patch_that_reads_back() -> None:
    text = Literal('a "text"\n\\', language="ko")
    quad = Quad(BlankNode("b"), NamedNode(f"{E}p"), text, NamedNode(f"{E}g"))
    line = str(Changed(Sign.ADDED, str(quad)))
    assert line.startswith("A _:b <") and line.endswith(" .") and "\n" not in line
    (again,) = parse(line[2:], RdfFormat.N_QUADS)
    assert (again.predicate, again.object, again.graph_name) == (quad.predicate, quad.object, quad.graph_name)


def test_columns_say_what_stores_say_in_the_same_words(tmp_path: Path) -> None:
    before, after = set(every_kind.quads(1)), set(every_kind.quads(2))
    first, second = publish_quads(tmp_path, before), publish_quads(tmp_path, after)
    from_stores = list(difference(first, second))
    for generation, quads in ((first, before), (second, after)):
        build_columns(store_of(quads), generation.path / FOLDER)
    from_columns = list(difference(first, second))
    assert from_columns != from_stores  # the order tells that they were used
    assert sorted(map(str, from_columns)) == sorted(map(str, from_stores))
