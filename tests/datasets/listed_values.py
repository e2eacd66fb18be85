"""A small dataset of books on shelves, whose saved queries use every address and every list of values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

MANIFEST = """base = "http://example.org/"
title.en = "Shelves"
description.en = "Books on shelves."
[prefixes]
ex = "http://example.org/ns/"
[[graph]]
iri = "http://example.org/books"
title.en = "Books"
files = ["seed/books.ttl"]
"""

DATA = """@prefix ex: <http://example.org/ns/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<http://example.org/b/1> ex:title "One" ; ex:author "A/B & C" ; ex:genre "novel" ; ex:shelf ex:s1 ;
  ex:id "V.1" .
<http://example.org/b/2> ex:title "Two" ; ex:author "송 태은" ; ex:genre "essay" ; ex:shelf ex:s1 ;
  ex:id "2" .
<http://example.org/b/3> ex:title "Three" ; ex:author "송 태은" ; ex:genre "Korean novel" ; ex:shelf ex:s2 .
<http://example.org/b/4> ex:title "Four" ; ex:author "J. Doe" ; ex:genre 5 , "novel"@en , ex:s1 .
ex:s1 a ex:Shelf ; rdfs:label "첫째 서가"@ko , "First shelf"@en .
ex:s2 a ex:Shelf ; skos:prefLabel "Second shelf" .
ex:s3 a ex:Shelf .
"""

PREFIX = "PREFIX ex: <http://example.org/ns/>\n"
TITLES = f"{PREFIX}SELECT ?title {{ ?book ex:title ?title ; %s }} ORDER BY ?title\n"
DIGITS = " ".join(f"VALUES ?{name} {{ 0 1 2 3 4 5 6 7 8 9 }}" for name in "abcde")

FILES: Mapping[str, str] = {
    "books-by-author.rq": "#+ path: /books/by-author/{author}\n#+ params: {author: {example: J. Doe, "
    "values: {query: writers, count: books, label: {ko: ko, en: en}}}}\n" + TITLES % "ex:author ?_author",
    "book.rq": "#+ path: /books/{id}\n" + TITLES % "ex:id ?_id",
    "first-book.rq": "#+ path: /books/first\n" + TITLES % 'ex:id "V.1"',
    "paged.rq": f"#+ path: /shelves/{{shelf}}/서가\n#+ pagination: 1\n{TITLES % 'ex:shelf ?_shelf_iri'}",
    "책 목록.rq": TITLES % "ex:author ?__author",
    "by-genre.rq": "#+ enumerate: [genre]\n" + TITLES % "ex:genre ?_genre",
    "in-graph.rq": f"#+ enumerate: [genre]\n{PREFIX}ASK FROM ex:none {{ ?book ex:genre ?_genre }}",
    "in-books.rq": f"#+ enumerate: [genre]\n{PREFIX}ASK FROM <http://example.org/books> "
    "{ ?book ex:genre ?_genre }",
    "by-listed.rq": "#+ params: {genre: {values: listed}}\nASK { ?s ?p ?_genre }",
    "listed.rq": f"{PREFIX}SELECT ?genre FROM ex:none {{ ?book ex:genre ?genre }}",
    "by-condition.rq": "#+ enumerate: [x]\nASK { ?s ?p ?o FILTER(?o = ?_x) }",
    "by-shelf.rq": "#+ params: {shelf: {class: 'ex:Shelf'}}\n" + TITLES % "ex:shelf ?_shelf_iri",
    "by-kind.rq": "#+ params: {kind: {enum: {n: {ko: 소설, en: Novel}, "
    "e: {ko: 수필, en: Essay}, x: Other}}}\n"
    + TITLES % "ex:kind ?_kind",
    "by-word.rq": "#+ enumerate: [{word: [<b>, '\"x']}, {author: [nobody]}]\n"
    "#+ params: {author: {values: writers}}\nASK { ?s ?p ?_word , ?__author }",
    "by-flag.rq": "ASK { ?s ?p ?_flag_boolean }",
    "by-title.rq": TITLES % "ex:id ?_title",
    "by-year.rq": "#+ params: {year: {values: endless}}\nASK { ?s ?p ?_year }",
    "by-code.rq": "#+ params: {code: {values: codes}}\nASK { ?s ?p ?_code }",
    "by-colour.rq": "#+ params: {colour: {values: {query: writers, value: colour}}}\nASK { ?s ?p ?_colour }",
    "by-missing.rq": "#+ params: {x: {values: nobody}}\nASK { ?s ?p ?_x }",
    "by-broken.rq": "#+ params: {x: {values: not-sparql}}\nASK { ?s ?p ?_x }",
    "not-sparql.rq": "SELECT (<urn:f>(1) AS ?x) ?y { ?y ?p ?o } GROUP BY ?z",
    "writers.rq": f"""{PREFIX}SELECT ?name ?ko ?en (COUNT(?book) AS ?books) {{ ?book ex:author ?name
      BIND(IF(?name = "송 태은", "송태은 교수", ?none) AS ?ko)
      BIND(IF(?name = "송 태은", "Prof. Song", ?none) AS ?en) }}
      GROUP BY ?name ?ko ?en ORDER BY DESC(?books) ?name""",
    "codes.rq": f"SELECT (CONCAT(STR(?a), STR(?b), STR(?c), STR(?d), STR(?e)) AS ?code) {{ {DIGITS} }}",
    "endless.rq": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . "
    "?m ?o ?p . ?q ?r ?s . ?t ?u ?v }",
    "star.rq": f"{PREFIX}SELECT * {{ ?book ex:title ?title . ?book ex:author ?author }} ORDER BY ?title",
    "several.rq": f"{PREFIX}SELECT ?title {{ ?b ex:title ?title ; ex:genre ?_g_multi }} ORDER BY ?title",
    "defaulted.rq": "#+ defaults: [{n: 2}]\nSELECT ?s { ?s ?p ?o } LIMIT ?_n",
    "old.rq": "#+ deprecated: {since: 2026-01-31, sunset: 2027-01-31, successor: star, "
    "link: https://example.org/why, en: Ask star.}\nASK {}",
    "posted.rq": "#+ method: POST\nASK {}",
    "broken.rq": "#+ summary: x\nSELECT ?s {\n",
    "transformer.json": '{"proto": {"id": "?id", "title": "$ex:title$required"}, "$prefixes": '
    '{"ex": "http://example.org/ns/"}}',
    "examples.ttl": """@prefix sh: <http://www.w3.org/ns/shacl#> .
      <urn:e> a sh:SPARQLExecutable ; sh:select "SELECT ?s { ?s ?p ?o } LIMIT 1" .""",
    "urls.yml": "title: {ko: 서가, en: Shelves}\ncontact: {name: A. Person}\nlicence: https://example.org/l\n",
}  # fmt: skip


def make(folder: Path) -> Path:
    """Write the dataset into ``folder``."""
    for name in ("seed", "queries", "ontology"):
        (folder / name).mkdir(parents=True)
    (folder / "seed" / "dataset.toml").write_text(MANIFEST)
    (folder / "seed" / "books.ttl").write_text(DATA)
    for name, text in FILES.items():
        (folder / "queries" / name).write_text(text)
    return folder
