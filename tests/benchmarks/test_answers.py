"""The comparison of answers: it finds what was planted, and blames nothing that servers may do."""

from __future__ import annotations

import json

import pytest

from benchmarks.answers import difference

XSD = "http://www.w3.org/2001/XMLSchema#"


def term(text: str) -> dict[str, str]:
    """A number where the text is one, else a string."""
    if text.lstrip("-").isdigit():
        return {"type": "literal", "value": text, "datatype": f"{XSD}integer"}
    return {"type": "literal", "value": text}


def answer(*rows: str) -> bytes:
    """Rows of the variables a, b, c, written as ``x y z``; a ``-`` is unbound."""
    bindings = [
        {name: term(text) for name, text in zip("abc", row.split(), strict=False) if text != "-"}
        for row in rows
    ]
    return json.dumps({"head": {"vars": ["a", "b", "c"]}, "results": {"bindings": bindings}}).encode()


def one(**kinds: str) -> bytes:
    """One row with one term."""
    found = {key.replace("_", ":"): value for key, value in kinds.items()}
    return json.dumps({"head": {"vars": ["a"]}, "results": {"bindings": [{"a": found}]}}).encode()


@pytest.mark.parametrize(
    ("mine", "other", "keys"),
    [
        (answer("x 1", "y 2"), answer("x 1"), ()),
        (answer("x 1", "y 2"), answer("x 1", "y 3"), ()),
        (answer("x 1", "x 1", "y 2"), answer("x 1", "y 2", "y 2"), ()),
        (answer("x -"), answer("x 1"), ()),
        (answer("x 1", "y 2"), answer("y 2", "x 1"), ("a",)),
        (answer("x 1", "y 2", "y 3", "z 4"), answer("x 1", "y 2", "y 9", "z 4"), ("a",)),
        (answer("x 1", "y 2"), answer("x 1", "z 2"), ("a",)),
        (one(type="literal", value="x"), one(type="uri", value="x"), ()),
        (one(type="literal", value="x"), one(type="literal", value="x", xml_lang="en"), ()),
        (one(type="literal", value="1"), answer("1"), ()),
        (b'{"head": {}, "boolean": true}', b'{"head": {}, "boolean": false}', ()),
        (b'{"head": {}, "boolean": true}', answer("x"), ()),
    ],
)
def test_a_planted_difference_is_found(mine: bytes, other: bytes, keys: tuple[str, ...]) -> None:
    assert difference(mine, other, keys)
    assert difference(other, mine, keys)
    assert difference(mine, mine, keys) is None


@pytest.mark.parametrize(
    ("mine", "other", "keys"),
    [
        (answer("x 1", "y 2"), answer("y 2", "x 1"), ()),
        (answer("x 1", "y 2", "y 3", "z 4"), answer("x 1", "y 3", "y 2", "z 4"), ("a",)),
        # LIMIT may cut the last run of rows that tie at other rows, and OFFSET the first.
        (answer("x 1", "y 2", "z 3"), answer("x 1", "y 2", "z 4"), ("a",)),
        (answer("x 1", "y 2"), answer("x 9", "y 2"), ("a",)),
        (one(type="bnode", value="b0"), one(type="bnode", value="nodeID1"), ()),
        (
            one(type="literal", value="1", datatype=f"{XSD}integer"),
            one(type="typed-literal", value="1", datatype=f"{XSD}integer"),
            (),
        ),
        (one(type="literal", value="x"), one(type="literal", value="x", datatype=f"{XSD}string"), ()),
        (
            one(type="literal", value="17.625985138482324", datatype=f"{XSD}decimal"),
            one(type="literal", value="17.6259851384823251", datatype=f"{XSD}decimal"),
            (),
        ),
    ],
)
def test_what_servers_may_do_is_no_difference(mine: bytes, other: bytes, keys: tuple[str, ...]) -> None:
    assert difference(mine, other, keys) is None


def test_triples_are_compared_as_a_set() -> None:
    mine = b"<urn:a> <urn:p> 1 , 2 ; <urn:q> [] ."
    assert difference(mine, b"<urn:a> <urn:q> _:x ; <urn:p> 2 , 1 .", turtle=True) is None
    assert (
        difference(mine, b"<urn:a> <urn:q> _:x ; <urn:p> 2 , 3 .", turtle=True) == "other triples (3 and 3)"
    )
    assert difference(mine, b"<urn:a> <urn:p> 2 , 1 .", turtle=True) == "3 and 2 triples"


def test_what_is_no_answer_is_an_error() -> None:
    with pytest.raises(ValueError, match="no SPARQL JSON"):
        difference(b'{"error": "none"}', answer("x"))
    with pytest.raises(ValueError, match="Expecting value"):
        difference(answer("x"), b"<html>")
    with pytest.raises(SyntaxError):
        difference(b"<urn:a>", b"<urn:a>", turtle=True)
