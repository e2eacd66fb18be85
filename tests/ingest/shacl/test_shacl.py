"""Validation in batches: the results of pySHACL on the whole graph, all of them counted."""

from __future__ import annotations

import logging
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store
from pyoxigraph import parse as parse_rdf
from pyshacl import validate as validate_graph
from rdflib import SH, Graph

from endpoint.errors import DataError
from endpoint.ingest.shacl import validate
from endpoint.ingest.shacl.report import Severity
from endpoint.ingest.shacl.shapes import to_rdflib
from endpoint.ingest.shacl.targets import GraphName
from tests.ingest.shacl.shape_cases import (
    DATA,
    DATASET,
    FOLDER,
    HIERARCHY,
    OTHERS,
    PREFIXES,
    SHAPES,
    Row,
    bad_records,
    ex,
    good_records,
    named,
    row_of,
    rows_of,
    store_of,
    turtle,
)

OTHER_DATA = NamedNode("http://example.org/more")
SUBCLASS_OF = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")


def rows_of_whole(store: Store, graphs: list[GraphName], shapes: Path) -> Counter[Row]:
    """pySHACL's results on one rdflib graph of everything, targets and all."""
    data = Graph()
    hierarchy = (quad for quad in store.quads_for_pattern(None, SUBCLASS_OF, None))
    own = (quad for graph in graphs for quad in store.quads_for_pattern(None, None, None, graph))
    for quad in (*own, *hierarchy):
        data.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
    _, found, _ = validate_graph(data, shacl_graph=Graph().parse(shapes), advanced=True)
    assert isinstance(found, Graph)
    return Counter(row_of(found, node) for node in found.objects(None, SH.result))


def shapes_file(folder: Path, text: str) -> Path:
    path = folder / "shapes.ttl"
    path.write_text(PREFIXES + text, encoding="utf-8")
    return path


def store_with(text: str, graph: GraphName = DATA) -> Store:
    store = Store()
    add(store, text, graph)
    return store


def add(store: Store, text: str, graph: GraphName) -> None:
    store.extend(
        Quad(q.subject, q.predicate, q.object, graph)
        for q in parse_rdf(PREFIXES + text, format=RdfFormat.TURTLE)
    )


# Batches against the whole.


@pytest.fixture(scope="module")
def everything() -> Store:
    """Good and bad records, and the seed."""
    quads = [*good_records(), *turtle(OTHERS), *(quad for bad in bad_records() for quad in bad.quads)]
    seed = [file for graph in DATASET.graphs if graph.name for file in graph.files]
    quads += [quad for file in seed for quad in parse_rdf(path=file)]
    random.Random(7).shuffle(quads)
    store = store_of(quads)
    # Some statements stand in two graphs, some only in the other one.
    store.extend(Quad(q.subject, q.predicate, q.object, OTHER_DATA) for q in quads[::3])
    for q in quads[::6]:
        store.remove(Quad(q.subject, q.predicate, q.object, DATA))
    return store


@pytest.fixture(scope="module")
def whole(everything: Store) -> Counter[Row]:
    return rows_of_whole(everything, [DATA, OTHER_DATA], SHAPES)


@pytest.mark.parametrize("nodes", [3, 50, 10_000])
def test_batches_find_what_the_whole_graph_shows(everything: Store, whole: Counter[Row], nodes: int) -> None:
    report = validate(everything, [DATA, OTHER_DATA], SHAPES, nodes=nodes, keep=10_000)
    assert sum(whole.values()) > 190
    assert rows_of(report) == whole
    assert sum(kind.count for kind in report.kinds) == sum(whole.values())


def test_the_store_is_left_as_it_is(everything: Store) -> None:
    before = set(everything)
    validate(everything, [DATA], SHAPES)
    assert set(everything) == before


# Targets, one shape each; the store holds two data graphs and a class hierarchy.

TARGETED = """
ex:a a ex:Small ; ex:name "a" ; ex:friend ex:b .
ex:b a ex:Big , ex:Small ; ex:friend ex:c , "nobody" .
_:blank a ex:Big ; ex:friend ex:a .
ex:d ex:name "d" , "dd" .
"""
MORE = 'ex:a a ex:Small ; ex:name "a" , "alias" . ex:e ex:friend ex:b . ex:b a ex:Big .'
# Classes in a circle are the same class.
ABOVE = """ex:Small rdfs:subClassOf ex:Medium . ex:Medium rdfs:subClassOf ex:Big .
ex:Big rdfs:subClassOf ex:Small ."""
SELECT = """sh:target [ a sh:SPARQLTarget ; sh:prefixes ex:prefixes ;
    sh:select "SELECT ?this WHERE { ?x e:friend ?this FILTER(!isLiteral(?this)) }" ] .
ex:prefixes sh:declare [ sh:prefix "e" ; sh:namespace "http://example.org/"^^xsd:anyURI ]"""
TARGETS = {
    "class, and those below it": ("sh:targetClass ex:Big", 3),
    "class in the middle": ("sh:targetClass ex:Medium", 3),
    "no such class": ("sh:targetClass ex:Huge", 0),
    "subjects": ("sh:targetSubjectsOf ex:name", 2),
    "objects, literals too": ("sh:targetObjectsOf ex:friend", 4),
    "a node": ("sh:targetNode ex:a", 1),
    "a node of which nothing is said": ("sh:targetNode ex:nothing", 1),
    "a literal": ('sh:targetNode "a"', 1),
    "query": (SELECT, 3),
    "several": ('sh:targetClass ex:Small ; sh:targetSubjectsOf ex:friend ; sh:targetNode ex:d, "a"', 6),
    "class and query": (f"sh:targetClass ex:Big ; {SELECT}", 4),
    "a node and two queries": (
        "sh:targetNode ex:c, ex:d ; "
        f'sh:target [ sh:select "SELECT ?this WHERE {{ ?this a <http://example.org/Big> }}" ] ; {SELECT}',
        5,
    ),
    "objects and nodes": ("sh:targetObjectsOf ex:friend ; sh:targetNode ex:a , ex:d", 5),
    "subjects and objects": ("sh:targetSubjectsOf ex:friend ; sh:targetObjectsOf ex:friend", 6),
    "implicit class": ("a rdfs:Class", 1),
}


@pytest.fixture
def targeted() -> Store:
    store = store_with(TARGETED)
    add(store, MORE, OTHER_DATA)
    add(store, "ex:f a ex:Shape .", DATA)
    add(store, ABOVE, HIERARCHY)
    return store


@pytest.mark.parametrize(("targets", "count"), TARGETS.values(), ids=list(TARGETS))
def test_a_target_finds_each_of_its_nodes_once(
    targeted: Store, tmp_path: Path, targets: str, count: int
) -> None:
    file = shapes_file(tmp_path, f"ex:Shape a sh:NodeShape ; sh:in () ; {targets} .")
    report = validate(targeted, [DATA, OTHER_DATA], file, nodes=2)
    assert report.checked == count
    assert rows_of(report) == rows_of_whole(targeted, [DATA, OTHER_DATA], file)
    assert sum(kind.count for kind in report.kinds) == count


def test_only_the_named_graphs_are_validated(targeted: Store, tmp_path: Path) -> None:
    file = shapes_file(tmp_path, "ex:Shape a sh:NodeShape ; sh:in () ; sh:targetSubjectsOf ex:friend .")
    assert validate(targeted, [OTHER_DATA], file).checked == 1
    assert validate(targeted, [], file).checked == 0
    assert validate(targeted, [DefaultGraph()], file).checked == 0


# Shapes of every kind that a batch can follow.

PEOPLE = """
ex:a a ex:Person ; ex:name "Ann" , "안나"@ko ; ex:born 1970 ; ex:died 1960 ; ex:knows ex:b , ex:c , _:x ;
    ex:address [ ex:city ex:seoul ; ex:lines [ ex:text "line" ] ] ; ex:nick "Ann" ; ex:extra true .
ex:b a ex:Person ; ex:name "Bob" , "Rob"@en , "Robert"@en ; ex:knows ex:seoul ; ex:home ex:seoul .
ex:c a ex:Robot ; ex:name "C" .
ex:seoul a ex:City ; ex:in ex:korea ; ex:name "Seoul" .
ex:korea a ex:Country .
_:x ex:name "hidden" .
"""
KINDS_TEXT = (FOLDER / "kinds.ttl").read_text(encoding="utf-8")
KINDS = {found[1]: found[2] for found in re.finditer(r"^# (.+)\n((?:ex:|[ ]).+(?:\n.+)*)", KINDS_TEXT, re.M)}


@pytest.mark.parametrize("shape", KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize("nodes", [1, 100])
def test_a_batch_holds_what_a_shape_looks_at(tmp_path: Path, shape: str, nodes: int) -> None:
    store, file = store_with(PEOPLE), shapes_file(tmp_path, shape)
    found = named(rows_of(validate(store, [DATA], file, nodes=nodes)))
    assert found == named(rows_of_whole(store, [DATA], file))
    assert found


def test_each_kind_of_shape_was_read() -> None:
    assert len(KINDS) == KINDS_TEXT.count("\n# ") == 12


def test_a_deactivated_shape_has_no_focus_nodes(tmp_path: Path) -> None:
    file = shapes_file(tmp_path, "ex:Shape sh:targetClass ex:Person ; sh:deactivated true ; sh:in () .")
    report = validate(store_with(PEOPLE), [DATA], file)
    assert (report.checked, report.kinds) == (0, ())


def test_messages_are_those_of_the_shape_or_of_its_query(tmp_path: Path) -> None:
    file = shapes_file(
        tmp_path,
        KINDS["a query with a message of its own"] + "ex:Shape sh:property ex:Names , ex:Nick . "
        'ex:Names sh:path ex:name ; sh:maxCount 1 ; sh:message "Names." . '
        "ex:Nick sh:path ex:nick ; sh:minCount 1 .",
    )
    messages = {str(kind.path): kind.messages for kind in validate(store_with(PEOPLE), [DATA], file).kinds}
    assert messages["()"] == {"en": "Born after death.", "ko": "죽은 뒤에 태어남."}
    assert messages[str((ex("name"),))] == {"": "Names."}
    # pySHACL's own words, where the shapes have none.
    (generic,) = messages[str((ex("nick"),))].values()
    assert "Less than 1" in generic


def test_ill_typed_values_are_found_without_a_word_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = store_with('ex:a ex:born "2023-05-22"^^xsd:integer , 7 ; ex:site "ex ample"^^xsd:anyURI .')
    file = shapes_file(
        tmp_path,
        "ex:Shape a sh:NodeShape ; sh:targetSubjectsOf ex:born ; "
        "sh:property [ sh:path ex:born ; sh:datatype xsd:integer ] .",
    )
    with caplog.at_level(logging.DEBUG):
        report = validate(store, [DATA], file)
    ((row, count),) = rows_of(report).items()
    wrong = Literal("2023-05-22", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer"))
    assert (row[0], row[2], count) == (ex("a"), wrong, 1)
    assert [record.name for record in caplog.records if record.name == "rdflib.term"] == []
    assert not logging.getLogger("rdflib.term").disabled


def test_a_term_of_rdf_1_2_is_refused(tmp_path: Path) -> None:
    store = store_with("ex:a ex:says <<( ex:b ex:c ex:d )>> .")
    file = shapes_file(tmp_path, "ex:Shape a sh:NodeShape ; sh:targetNode ex:a ; sh:nodeKind sh:IRI .")
    with pytest.raises(DataError, match=r"RDF 1\.2"):
        validate(store, [DATA], file)


# Shapes that cannot be used.

WRONG = {
    "not Turtle": ("ex:Shape a", r"shapes\.ttl:\d+:\d+: the shapes are not Turtle"),
    "inverse path": ("sh:property [ sh:path [ sh:inversePath ex:knows ] ]", "cannot follow it"),
    "sequence path": ("sh:property [ sh:path ( ex:knows ex:name ) ]", "cannot follow it"),
    "path of choices of paths": (
        "sh:property [ sh:path [ sh:alternativePath ( ex:name [ sh:inversePath ex:knows ] ) ] ]",
        "cannot follow it",
    ),
    "recursion": ("sh:property [ sh:path ex:knows ; sh:node ex:Shape ]", "refers to itself"),
    "a severity of one's own": ("sh:severity ex:Fatal", "use sh:Violation, sh:Warning or sh:Info"),
    "closed values": (
        "sh:property [ sh:path ex:knows ; sh:node [ sh:closed true ; sh:property [ sh:path ex:name ] ] ]",
        "only shapes with targets can be closed",
    ),
    "a target without a query": ("sh:target [ a ex:Target ]", "only SPARQL targets are known"),
    "a target with a wrong query": (
        'sh:target [ a sh:SPARQLTarget ; sh:select "SELECT nothing" ]',
        "not a SELECT query",
    ),
    "a query that SHACL does not allow": (
        'sh:sparql [ sh:select "SELECT $this WHERE { $this ?p ?o MINUS { ?x ?p 1 } }" ]',
        "the data could not be validated",
    ),
    "a class that is text": ('sh:targetClass "Person"', "where an IRI is needed"),
    "two severities of count": ("sh:property [ sh:path ex:name ; sh:minCount 1 , 2 ]", "not well-formed"),
}


@pytest.mark.parametrize(("shape", "expected"), WRONG.values(), ids=list(WRONG))
def test_wrong_shapes_are_one_sentence_that_names_the_file(tmp_path: Path, shape: str, expected: str) -> None:
    file = shapes_file(tmp_path, f"ex:Shape a sh:NodeShape ; sh:targetClass ex:Person ; {shape} .")
    with pytest.raises(DataError, match=expected) as raised:
        validate(store_with(PEOPLE), [DATA], file)
    assert str(raised.value).startswith(str(file))


def test_shapes_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the shapes cannot be read: No such file"):
        validate(Store(), [DATA], tmp_path / "none.ttl")


# Counting and progress.

NAMELESS = """ex:Shape a sh:NodeShape ; sh:targetClass ex:Person ; sh:property ex:Name .
ex:Name sh:path ex:name ; sh:minCount 1 ; sh:message "이름이 없다."@ko , "There is no name."@en ."""


@pytest.fixture
def nameless(tmp_path: Path) -> tuple[Store, Path]:
    return store_with("".join(f"ex:p{n} a ex:Person ." for n in range(1000, 1023))), shapes_file(
        tmp_path, NAMELESS
    )


def test_all_results_are_counted_and_the_first_are_kept(nameless: tuple[Store, Path]) -> None:
    store, file = nameless
    report = validate(store, [DATA], file, nodes=5, keep=7)
    (kind,) = report.kinds
    assert (report.checked, kind.count, len(kind.results)) == (23, 23, 7)
    assert report.counts == {Severity.VIOLATION: 23, Severity.WARNING: 0, Severity.INFO: 0}
    assert not report.conforms
    assert validate(store, [DATA], file, keep=0).kinds[0].count == 23


def test_progress_is_told_after_each_batch(nameless: tuple[Store, Path]) -> None:
    store, file = nameless
    told: list[tuple[int, int]] = []
    validate(store, [DATA], file, nodes=10, progress=lambda done, total: told.append((done, total)))
    assert told == [(10, 23), (20, 23), (23, 23)]


def test_kinds_stand_worst_first_then_most_frequent_first(everything: Store) -> None:
    kinds = validate(everything, [DATA], SHAPES).kinds
    order = [(list(Severity).index(kind.severity), -kind.count) for kind in kinds]
    assert order == sorted(order)
    assert {kind.severity for kind in kinds} == set(Severity)
