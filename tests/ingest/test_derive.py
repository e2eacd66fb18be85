"""The derived graph follows the data: whole, or subject by subject."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store

from endpoint.ingest.columns import Feed, build_columns
from endpoint.ingest.derive import changed_subjects, derive
from endpoint.ingest.rules import Rule, read_rules
from tests.ingest.rule_files import PREFIXES, RDFS, RULES, E, written

DERIVED, DATA, OTHER, ONTOLOGY = (NamedNode(E + name) for name in ("derived", "data", "other", "ontology"))
ONTOLOGY_TEXT = (
    "e:Book rdfs:subClassOf e:Work . e:Series rdfs:subClassOf e:Thing . e:Work rdfs:subClassOf e:Thing ."
)


@pytest.fixture
def rules(tmp_path: Path) -> tuple[Rule, ...]:
    return read_rules(written(tmp_path, RULES))


def load(store: Store, graph: NamedNode | DefaultGraph, turtle: str) -> None:
    store.load(PREFIXES + turtle, RdfFormat.TURTLE, to_graph=graph)


def graph_of(store: Store, graph: NamedNode = DERIVED) -> set[str]:
    return {
        str(quad.triple).replace(E, "").replace(RDFS, "")
        for quad in store.quads_for_pattern(None, None, None, graph)
    }


def fresh(store: Store, rules: tuple[Rule, ...]) -> set[str]:
    """Return the derived statements on a copy of all other graphs."""
    copy = Store()
    copy.extend(quad for quad in store if quad.graph_name != DERIVED)
    derive(copy, DERIVED, rules)
    return graph_of(copy)


@pytest.fixture
def store() -> Store:
    store = Store()
    load(store, ONTOLOGY, ONTOLOGY_TEXT)
    load(store, DATA, "e:a a e:Book ; rdfs:label 'A' ; e:in 'x' . e:b rdfs:label 'B' ; e:in 'x' .")
    return store


def test_stages_see_what_earlier_ones_derived(store: Store, rules: tuple[Rule, ...]) -> None:
    number = derive(store, DERIVED, rules)
    derived = graph_of(store)
    assert number == len(derived)
    assert derived == {
        '<a> <title> "A"',
        '<b> <title> "B"',
        "<a> <partOf> <s/x>",
        "<b> <partOf> <s/x>",
        '<s/x> <size> "2"^^<http://www.w3.org/2001/XMLSchema#integer>',
        "<s/x> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <Series>",
        "<s/x> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <Thing>",
        "<a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <Work>",
        "<a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <Thing>",
        '<a> <is> "a thing"',
        '<s/x> <is> "a thing"',
    }


def test_rules_of_one_stage_do_not_see_each_other(store: Store, tmp_path: Path) -> None:
    files = {
        "10-a.rq": "CONSTRUCT { ?this e:a ?o } WHERE { ?this rdfs:label ?o }",
        "10-b.rq": "CONSTRUCT { ?this e:b ?o } WHERE { ?this e:a ?o }",
        "20-c.rq": "CONSTRUCT { ?this e:c ?o } WHERE { ?this e:a ?o }",
    }
    derive(store, DERIVED, read_rules(written(tmp_path, files)))
    assert graph_of(store) == {'<a> <a> "A"', '<b> <a> "B"', '<a> <c> "A"', '<b> <c> "B"'}


@pytest.mark.parametrize("elsewhere", [DATA, OTHER, DefaultGraph()], ids=str)
@pytest.mark.parametrize("whole", [True, False])
def test_what_another_graph_states_is_not_repeated(
    store: Store,
    rules: tuple[Rule, ...],
    elsewhere: NamedNode | DefaultGraph,
    whole: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("endpoint.ingest.derive._STATEMENTS_PER_SUBJECT", 0)
    derive(store, DERIVED, rules)
    before = graph_of(store)
    load(store, elsewhere, "e:a e:title 'A' .")
    derive(store, DERIVED, rules, None if whole else {NamedNode(E + "a")})
    assert graph_of(store) == before - {'<a> <title> "A"'}
    store.remove(Quad(NamedNode(E + "a"), NamedNode(E + "title"), Literal("A"), elsewhere))
    derive(store, DERIVED, rules, None if whole else {NamedNode(E + "a")})
    assert graph_of(store) == before


@pytest.mark.parametrize("whole", [True, False])
def test_no_blank_node_is_derived_and_no_text_is_taken_for_one(
    store: Store, rules: tuple[Rule, ...], whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.ingest.derive._STATEMENTS_PER_SUBJECT", 0)
    load(
        store, DATA, "_:x a e:Book ; rdfs:label 'X' . e:c a e:Odd ; rdfs:label 'C', ' _:b', 'a> _:b .', [] ."
    )
    load(store, ONTOLOGY, "e:Odd rdfs:subClassOf [ rdfs:subClassOf e:Wide ] .")
    derive(store, DERIVED, rules, None if whole else {NamedNode(E + name) for name in "abc"})
    quads = list(store.quads_for_pattern(None, None, None, DERIVED))
    assert not any(isinstance(term, BlankNode) for quad in quads for term in (quad.subject, quad.object))
    derived = {line for line in graph_of(store) if line.startswith("<c>")}
    assert derived == {
        '<c> <title> "C"',
        '<c> <title> " _:b"',
        '<c> <title> "a> _:b ."',
        "<c> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <Wide>",
    }


def test_without_rules_the_graph_becomes_empty(store: Store, rules: tuple[Rule, ...]) -> None:
    derive(store, DERIVED, rules)
    assert derive(store, DERIVED, ()) == 0
    assert graph_of(store) == set()
    assert store.contains_named_graph(DERIVED)


def test_old_statements_are_replaced_as_a_whole(store: Store, rules: tuple[Rule, ...]) -> None:
    load(store, DERIVED, "e:a e:title 'made up' . e:gone e:title 'gone' .")
    expected = fresh(store, rules)
    derive(store, DERIVED, rules)
    assert graph_of(store) == expected


def test_a_store_on_disk_gives_the_same(store: Store, rules: tuple[Rule, ...], tmp_path: Path) -> None:
    on_disk = Store(str(tmp_path / "store"))
    on_disk.extend(store)
    files = tmp_path / "temporary"
    files.mkdir()
    derive(on_disk, DERIVED, rules, folder=files)
    assert graph_of(on_disk) == fresh(store, rules)
    assert list(files.iterdir()) == []


# Rules of which columns evaluate some only: what is left to the engine sees the others of its stage as
# little as these see it.
LEFT = "CONSTRUCT { ?this e:left ?n } WHERE { ?this rdfs:label|e:title ?n ; (e:in|e:partOf)+ ?x }"


@pytest.mark.parametrize("left", [(), ("10",), ("20",), ("50",), ("10", "20", "30", "40", "50")])
def test_columns_and_the_engine_derive_together(store: Store, tmp_path: Path, left: tuple[str, ...]) -> None:
    load(store, OTHER, "_:x a e:Book ; rdfs:label 'X' . e:Odd rdfs:subClassOf [] . e:o a e:Odd .")
    load(store, OTHER, "e:a e:title 'A' . e:b rdfs:label 'B2' , 'e:title' , '_:b', ' _:b .', 'a> _:b .' .")
    load(store, DefaultGraph(), "e:b e:title 'B' . e:d rdfs:label 'D' ; e:in 'x' , 'y' .")
    files = RULES | {f"{stage}-left.rq": LEFT.replace("e:left", f"e:left{stage}") for stage in left}
    rules = read_rules(written(tmp_path, files))
    fed = Store()
    with Feed(tmp_path / "columns", 0, 10**6) as feed:
        fed.extend(feed.passing(store))
        number = derive(fed, DERIVED, rules, folder=tmp_path, feed=feed)
        assert feed.finish(fed, DERIVED)
    assert graph_of(fed) == fresh(store, rules)
    assert number == len(graph_of(fed))
    build_columns(fed, tmp_path / "again")
    assert files_of(tmp_path / "columns") == files_of(tmp_path / "again")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


CHANGES = [
    ("a publication comes", "", "e:c a e:Book ; rdfs:label 'C' ; e:in 'x' ."),
    ("a publication goes", "e:a a e:Book ; rdfs:label 'A' ; e:in 'x' .", ""),
    ("a new series", "e:b e:in 'x' .", "e:b e:in 'y' ."),
    ("the last of a series goes", "e:a e:in 'x' . e:b e:in 'x' .", ""),
    ("a series gets a title", "", "<http://e/s/x> rdfs:label 'X' ."),
    (
        "a series goes while it has a title",
        "e:a e:in 'x' . e:b e:in 'x' .",
        "<http://e/s/x> rdfs:label 'X' .",
    ),
    ("another class", "e:a a e:Book .", "e:a a e:Series ."),
    ("the hierarchy loses a step", "e:Work rdfs:subClassOf e:Thing .", ""),
    ("the hierarchy gains a step", "", "e:Thing rdfs:subClassOf e:All ."),
]


def quads_of(turtle: str, graph: NamedNode) -> list[Quad]:
    store = Store()
    load(store, graph, turtle)
    return list(store)


@pytest.mark.parametrize(("removed", "added"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_after_a_change_the_graph_is_what_a_fresh_derivation_gives(
    store: Store, rules: tuple[Rule, ...], removed: str, added: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.ingest.derive._STATEMENTS_PER_SUBJECT", 0)
    derive(store, DERIVED, rules)
    before = graph_of(store)
    old = [quad for graph in (DATA, ONTOLOGY) for quad in quads_of(removed, graph) if quad in store]
    new = quads_of(added, DATA)
    for quad in old:
        store.remove(quad)
    store.extend(new)
    assert old or new
    derive(store, DERIVED, rules, changed_subjects([*old, *new]))
    assert graph_of(store) == fresh(store, rules) != before


@pytest.mark.parametrize("batch", [2, 500])
def test_many_changes_one_after_another(
    rules: tuple[Rule, ...], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.ingest.derive._STATEMENTS_PER_SUBJECT", 0)
    monkeypatch.setattr("endpoint.ingest.derive._BATCH", batch)
    choose = random.Random(7)
    store = Store()
    load(store, ONTOLOGY, ONTOLOGY_TEXT)
    derive(store, DERIVED, rules)
    for _ in range(30):
        old = [quad for quad in store if quad.graph_name == DATA and choose.random() < 0.2]
        new: list[Quad] = []
        for _ in range(choose.randint(1, 5)):
            subject = choose.choice(["e:a", "e:b", "e:c", "<http://e/s/x>"])
            statement = choose.choice(
                ["rdfs:label 'A'", "e:in 'x'", "e:in 'y'", "a e:Book", "e:title 'A'", "a e:Thing"]
            )
            new += quads_of(f"{subject} {statement} .", DATA)
        for quad in old:
            store.remove(quad)
        store.extend(new)
        derive(store, DERIVED, rules, changed_subjects([*old, *new]))
        assert graph_of(store) == fresh(store, rules)


def test_many_changed_subjects_are_derived_as_a_whole(store: Store, rules: tuple[Rule, ...]) -> None:
    load(store, DERIVED, "e:stale e:title 'stale' .")
    derive(store, DERIVED, rules, {NamedNode(E + "a")})  # 55 statements would be worth it, and there is one
    assert graph_of(store) == fresh(store, rules)


def test_changed_subjects() -> None:
    quads = quads_of("e:a e:p 1, 2 . e:b e:p 3 . _:c e:p 4 .", DATA)
    assert changed_subjects(quads) == frozenset({NamedNode(E + "a"), NamedNode(E + "b")})
    assert changed_subjects(quads, limit=1) is None
    assert changed_subjects(quads_of("e:a rdfs:subPropertyOf e:b .", DATA)) is None
    assert changed_subjects([]) == frozenset()
