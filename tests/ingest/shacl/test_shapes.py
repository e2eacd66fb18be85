"""Shapes files, right and wrong, and terms for rdflib."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Store

from endpoint.errors import DataError
from endpoint.ingest.shacl import validate
from tests.ingest.shacl.shape_cases import (
    DATA,
    ex,
)
from tests.ingest.shacl.shape_files import KINDS, PEOPLE, shapes_file, store_with


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


def test_a_term_of_rdf_1_2_is_refused(tmp_path: Path) -> None:
    store = store_with("ex:a ex:says <<( ex:b ex:c ex:d )>> .")
    file = shapes_file(tmp_path, "ex:Shape a sh:NodeShape ; sh:targetNode ex:a ; sh:nodeKind sh:IRI .")
    with pytest.raises(DataError, match=r"RDF 1\.2"):
        validate(store, [DATA], file)


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
