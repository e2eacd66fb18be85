"""SHACL executables in Turtle files are saved queries."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint.catalog import Catalog
from endpoint.catalog.reading import read_catalog
from endpoint.formats import QueryForm

HEAD = """@prefix : <http://e/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""


def read(folder: Path, **files: str) -> Catalog:
    for name, content in files.items():
        (folder / f"{name}.ttl").write_text(HEAD + content)
    return read_catalog(folder, 64)


@pytest.mark.parametrize(
    ("kind", "predicate", "text", "form"),
    [
        ("Select", "select", "SELECT * { ?s ?p ?_o }", QueryForm.SELECT),
        ("Ask", "ask", "ASK { ?s ?p ?_o }", QueryForm.ASK),
        ("Construct", "construct", "CONSTRUCT WHERE { ?s ?p ?_o }", QueryForm.CONSTRUCT),
        ("Describe", "describe", "DESCRIBE ?s { ?s ?p ?_o }", QueryForm.DESCRIBE),
    ],
)
def test_every_form(tmp_path: Path, kind: str, predicate: str, text: str, form: QueryForm) -> None:
    catalog = read(tmp_path, one=f"[] a sh:SPARQL{kind}Executable ; sh:{predicate} '{text}' .")
    assert catalog.problems == ()
    query = catalog.queries["one"]
    assert (query.form, query.text, query.parameters[0].name) == (form, text, "o")


def test_what_is_told_of_a_query(tmp_path: Path) -> None:
    catalog = read(
        tmp_path,
        one=""":x a sh:SPARQLExecutable ; sh:ask "ASK {}" ; rdfs:label "Label"@en ;
          rdfs:comment "<p>In <b>bold</b></p>"^^rdf:HTML ;
          schema:keywords "b" , "a" ; dcterms:license <http://l/> .""",
    )
    query = catalog.queries["one"]
    assert (query.summary, query.description) == ({"en": "Label"}, {"": "In bold"})
    assert (query.tags, query.options.licence) == (("a", "b"), "http://l/")
    assert catalog.notices == ()


def test_several_in_one_file_have_the_names_of_their_iris(tmp_path: Path) -> None:
    one = "a sh:SPARQLExecutable ; sh:ask 'ASK {}'"
    catalog = read(tmp_path, many=f":x {one} . <http://e/f#y> {one} . [] {one} .")
    assert list(catalog.queries) == ["many-3", "x", "y"]


def test_prefixes_of_another_file_and_of_the_query_itself(tmp_path: Path) -> None:
    declare = '[ sh:prefix "p" ; sh:namespace "{}" ]'
    catalog = read(
        tmp_path,
        prefixes=f"_:all sh:declare {declare.format('http://shared/')} .",
        a="[] a sh:SPARQLExecutable ; sh:ask 'ASK { ?s p:x ?o }' .",
        b=f"[] a sh:SPARQLExecutable ; sh:prefixes [ sh:declare {declare.format('http://own/')} ] ;"
        " sh:ask 'ASK { ?s p:x ?o }' .",
    )
    assert (catalog.problems, catalog.notices) == ((), ())
    assert catalog.queries["a"].text.startswith("PREFIX p: <http://shared/>\n")
    assert catalog.queries["b"].text.startswith("PREFIX p: <http://own/>\n")


def test_a_problem_costs_no_other_query_of_its_file(tmp_path: Path) -> None:
    catalog = read(
        tmp_path,
        many=":x a sh:SPARQLExecutable ; sh:ask 'ASK { ?s }' . :y a sh:SPARQLExecutable ; sh:ask 'ASK {}' .",
    )
    assert list(catalog.queries) == ["y"]
    (problem,) = catalog.problems
    assert problem.detail.startswith("In the SPARQL text of x: Line 1, column 10:")
    assert problem.file == tmp_path / "many.ttl"


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (":x :y .", 7, "The file is not Turtle"),
        (":x a sh:SPARQLExecutable .", None, "The executable x has 0 texts"),
        ("[] a sh:SPARQLExecutable ; sh:ask 'ASK {}' , 'ASK { }' .", None, "has 2 texts"),
        ("[] a sh:SPARQLUpdateExecutable ; sh:update 'CLEAR ALL' .", None, "has 0 texts"),
        ("[] a sh:SPARQLExecutable ; sh:select 'CLEAR ALL' .", None, "holds an update"),
        ("<x?y> a sh:SPARQLExecutable ; sh:ask 'ASK {}' . :y a sh:SPARQLExecutable ; sh:ask 'ASK {}' .",
         None, "Rename"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong(tmp_path: Path, content: str, line: int | None, sentence: str) -> None:
    catalog = read(tmp_path, bad=content)
    (problem,) = catalog.problems
    assert sentence in problem.detail
    assert (problem.file, problem.line) == (tmp_path / "bad.ttl", line)


def test_other_turtle_is_left_out_with_a_notice(tmp_path: Path) -> None:
    catalog = read(tmp_path, data=":x sh:select 'SELECT * {}' .")
    assert (catalog.queries, catalog.problems) == ({}, ())
    assert "holds no sh:SPARQLExecutable" in catalog.notices[0].detail


def test_terms_nested_without_end_are_a_mistake(tmp_path: Path) -> None:
    terms = "<<( :a :b " * 30_000 + ":c" + " )>>" * 30_000
    catalog = read(tmp_path, deep=f":a :b {terms} .", one="[] a sh:SPARQLAskExecutable ; sh:ask 'ASK {}' .")
    assert "one" in catalog.queries
    assert ["levels deep" in problem.detail for problem in catalog.problems] == [True]
