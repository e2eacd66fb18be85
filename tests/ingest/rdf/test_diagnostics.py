"""Errors of RDF files: their places, their sentences, and how many of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Store

from endpoint.errors import DataError, DataErrors
from endpoint.ingest.rdf import load_rdf
from endpoint.ingest.sources.discovery import discover
from tests.ingest.rdf.rdf_files import MORE, RDF, STATEMENT, Write, load


def error(path: Path) -> DataError:
    """The one error that loading ``path`` gives, and the same without a store."""
    found = []
    for store in (Store(), None):
        (source,), _ = discover([path])
        with pytest.raises(DataError) as caught:
            load_rdf(store, source, source.open)
        wrong = caught.value
        (only,) = wrong.errors if isinstance(wrong, DataErrors) else (wrong,)
        assert str(wrong) == str(only) and "\n" not in str(only)
        assert only.file == path
        found.append(only)
    assert str(found[0]) == str(found[1])
    return found[0]


def errors(path: Path) -> list[DataError]:
    (source,), _ = discover([path])
    with pytest.raises(DataErrors) as caught:
        load_rdf(Store(), source, source.open)
    return list(caught.value.errors)


@pytest.mark.parametrize("extension", [extension for extension in STATEMENT if extension != ".json"])
def test_an_error_behind_the_first_megabyte_is_reported(extension: str, write: Write) -> None:
    statement = STATEMENT[extension]
    content = (" " * 127 + "\n") * (MORE >> 7)
    if "rdf:RDF" in statement:
        wrong = error(write(f"a{extension}", statement.replace("</rdf:RDF>", f"{content}<wrong")))
    else:
        wrong = error(write(f"a{extension}", f"{content}\n{statement[:-2]}"))
    assert wrong.line is not None and wrong.line > MORE >> 7


def test_an_error_far_in_a_long_line_is_reported_without_the_line(write: Write) -> None:
    wrong = error(write("a.jsonld", "[" + " " * (1 << 17) + "}"))
    assert (wrong.line, wrong.column) == (1, (1 << 17) + 2)
    assert len(wrong.detail) < 200


HEAD = f"<rdf:RDF {RDF}>\n"
TRIPLE = '<http://example.org/a> <http://example.org/p> "x" .\n'
# name, content, line, column, what the message says
WRONG: dict[str, tuple[str, str | bytes, int | None, int | None, str]] = {
    "undeclared prefix": (
        "a.ttl",
        TRIPLE + "  :a :b 'y' .\n",
        2,
        3,
        'The prefix ":" is not declared; add "@prefix : <IRI> ." above this line. Found: :a',
    ),
    "column counts characters": (
        "a.ttl",
        "<http://example.org/a> <http://example.org/p> '한글😀' , 'p' 'q' .",
        1,
        59,
        "Found: 'q'",
    ),
    "missing dot": ("a.nt", TRIPLE[:-2] + "\n" + TRIPLE, 2, 1, "does not end with a dot"),
    "space in an IRI": (
        "a.nq",
        TRIPLE + "<http://example.org/a b> <http://example.org/p> 'x' .",
        2,
        1,
        'The IRI holds " "',
    ),
    "second fragment": ("a.nt", "<http://e.org/a#b#c> <http://e.org/p> 'x' .", 1, 1, 'holds "#" twice'),
    "relative IRI in N-Triples": ("a.nt", '<a> <http://example.org/p> "x" .', 1, 1, "The IRI is relative"),
    "literal subject": ("a.ttl", TRIPLE + '"s" <p> <o> .', 2, 1, "cannot be a subject"),
    "literal predicate": ("a.ttl", TRIPLE + '<s> "p" <o> .', 2, 5, "cannot be a predicate"),
    "cut off": ("a.ttl", TRIPLE + "<s> <p> ", 2, 9, "may have been cut off. Found: <s> <p>"),
    "cut off TriG": ("a.trig", "<http://example.org/g> {\n" + TRIPLE, 3, 1, "may have been cut off"),
    "not UTF-8": ("a.ttl", TRIPLE.encode() + "<s> <p> '한글' .".encode("euc-kr"), 2, 10, "not UTF-8"),
    "UTF-16": ("a.ttl", TRIPLE.encode("utf-16"), 1, 1, "not UTF-8"),
    "not UTF-8 XML": ("a.rdf", HEAD.encode() + b"<e:A e:p='\xff'/></rdf:RDF>", 2, 11, "not UTF-8"),
    "EUC-KR XML": ("a.rdf", '<?xml version="1.0" encoding="euc-kr"?>\n' + HEAD, 1, None, "not UTF-8"),
    "Latin 1 XML": (
        "a.rdf",
        ('<?xml version="1.0" encoding="latin1"?>\n' + HEAD + "<e:A e:p='é'/></rdf:RDF>").encode("latin1"),
        1,
        None,
        "not UTF-8",
    ),
    "XML cut off": ("a.rdf", HEAD + "<e:A>\n<e:p>x</e:p>\n", 4, 1, "not well-formed: no element found"),
    "XML tags crossed": ("a.owl", HEAD + "<e:A>\n<e:p>x</e:A>\n", 3, 9, "mismatched tag. Found: e:A>"),
    "XML entity": ("a.xml", HEAD + "<e:A>\n<e:p>&nbsp;</e:p></e:A></rdf:RDF>", 3, 6, "undefined entity"),
    "not RDF/XML": ("a.rdf", "<html>\n<p/></html>", 1, None, "The element has no namespace"),
    "XML prefix": (
        "a.rdf",
        HEAD + "<e:A>\n\n<f:p>x</f:p></e:A></rdf:RDF>",
        4,
        None,
        'The prefix "f" is not declared; add xmlns:f="IRI" to the root element. Found: <f:p>x</f:p></e:A>',
    ),
    "JSON": ("a.json", '{"@id": "http://example.org/a",\n "http://example.org/p": }', 2, 26, "Found: }"),
    "JSON-LD": ("a.jsonld", '[{},\n{"http://example.org/p": {"@value": {}}}]', 2, None, "@value value must"),
    "remote context": ("a.jsonld", '{"@context": "http://localhost/c"}', 1, None, "contexts are not fetched"),
    "N3 rule": (
        "a.n3",
        "@prefix : <http://example.org/> .\n{ :a :b :c } => { :d :e :f } .",
        2,
        None,
        "formulas",
    ),
    "N3 variable": (
        "a.n3",
        "@prefix : <http://example.org/> .\n\n:a :b ?c .",
        3,
        None,
        "Variables are not allowed",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_error_has_its_place_and_a_sentence(case: str, write: Write) -> None:
    name, content, line, column, said = WRONG[case]
    wrong = error(write(name, content))
    assert (wrong.line, wrong.column) == (line, column), wrong
    assert said in wrong.detail


def test_a_long_line_is_shown_in_part(write: Write) -> None:
    detail = error(write("a.nt", "x" * 5000)).detail
    assert detail.endswith("x…") and len(detail) < 200


def test_several_errors_of_a_file_are_reported_but_not_hundreds_of_one_cause(write: Write) -> None:
    lines = [f":x{n} <http://example.org/p> 1 .\n" for n in range(200)]
    path = write("a.ttl", "".join(lines) + "q:a <http://example.org/p> 1 .\n")
    found = errors(path)
    assert [wrong.line for wrong in found] == [1, 2, 3, 201, None]
    assert "more errors" in found[-1].detail


def test_no_more_than_ten_errors_of_a_file_are_reported(write: Write) -> None:
    path = write("a.ttl", "".join(f"p{n}:x <http://example.org/p> 1 .\n" for n in range(50)))
    assert [wrong.line for wrong in errors(path)] == [*range(1, 11), None]


def test_lenient_reading_passes_over_what_is_wrong_with_an_iri(write: Write) -> None:
    path = write("a.nt", "<http://example.org/a b> <http://example.org/p> <http://example.org/x> .\n")
    assert len(load(path, lenient=True)) == 1
    assert "percent-encode it" in error(path).detail
