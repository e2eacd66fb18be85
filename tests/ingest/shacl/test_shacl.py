"""Validation in batches: the results of pySHACL on the whole graph, all of them counted."""

from __future__ import annotations

import logging
import random
from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store
from pyoxigraph import parse as parse_rdf

from endpoint.ingest.shacl import validate
from endpoint.ingest.shacl.report import Severity
from tests.ingest.shacl.shape_cases import (
    DATA,
    DATASET,
    OTHERS,
    SHAPES,
    Row,
    bad_records,
    ex,
    good_records,
    named,
    rows_of,
    store_of,
    turtle,
)
from tests.ingest.shacl.shape_files import (
    KINDS,
    KINDS_TEXT,
    OTHER_DATA,
    PEOPLE,
    rows_of_whole,
    shapes_file,
    store_with,
)


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


@pytest.mark.parametrize("nodes", [10, 50, 10_000])
def test_batches_find_what_the_whole_graph_shows(everything: Store, whole: Counter[Row], nodes: int) -> None:
    report = validate(everything, [DATA, OTHER_DATA], SHAPES, nodes=nodes, keep=10_000)
    assert sum(whole.values()) > 190
    assert rows_of(report) == whole
    assert sum(kind.count for kind in report.kinds) == sum(whole.values())


def test_the_store_is_left_as_it_is(everything: Store) -> None:
    before = set(everything)
    validate(everything, [DATA], SHAPES)
    assert set(everything) == before


@pytest.mark.parametrize("shape", KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize("nodes", [1, 100])
def test_a_batch_holds_what_a_shape_looks_at(tmp_path: Path, shape: str, nodes: int) -> None:
    store, file = store_with(PEOPLE), shapes_file(tmp_path, shape)
    found = named(rows_of(validate(store, [DATA], file, nodes=nodes)))
    assert found == named(rows_of_whole(store, [DATA], file))
    assert found


def test_each_kind_of_shape_was_read() -> None:
    assert len(KINDS) == KINDS_TEXT.count("\n# ") == 12


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


def test_progress_is_reported_after_each_batch(nameless: tuple[Store, Path]) -> None:
    store, file = nameless
    steps: list[tuple[int, int]] = []
    validate(store, [DATA], file, nodes=10, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(10, 23), (20, 23), (23, 23)]


def test_kinds_stand_worst_first_then_most_frequent_first(everything: Store) -> None:
    kinds = validate(everything, [DATA], SHAPES).kinds
    order = [(list(Severity).index(kind.severity), -kind.count) for kind in kinds]
    assert order == sorted(order)
    assert {kind.severity for kind in kinds} == set(Severity)
