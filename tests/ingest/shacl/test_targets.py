"""Targets of shapes, and their focus nodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, Store

from endpoint.ingest.shacl import validate
from tests.ingest.shacl.shape_cases import (
    DATA,
    HIERARCHY,
    rows_of,
)
from tests.ingest.shacl.shape_files import OTHER_DATA, add, rows_of_whole, shapes_file, store_with

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
