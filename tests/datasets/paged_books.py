"""A small dataset of books, made for pages: every number of it is known by counting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

COUNT = 237

MANIFEST = """base = "http://example.org/"
title.en = "Books"
description.en = "Some books."
[prefixes]
ex = "http://example.org/ns/"
geo = "http://www.opengis.net/ont/geosparql#"
xsd = "http://www.w3.org/2001/XMLSchema#"
[[graph]]
iri = "http://example.org/books"
title.en = "Books"
files = ["seed/books.ttl"]
[[graph]]
iri = "http://example.org/other"
title.en = "Other"
files = ["seed/other.ttl"]
"""

PREFIXES = """PREFIX ex: <http://example.org/ns/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""

QUERIES: Mapping[str, str] = {
    "ordered": "SELECT ?book ?n { ?book ex:number ?n } ORDER BY ?n",
    "descending": "SELECT ?n { ?book ex:number ?n } ORDER BY DESC(?n)",
    "unordered": "SELECT ?book ?n { ?book ex:number ?n }",
    "in-graph": "SELECT ?book ?n { GRAPH <http://example.org/books> { ?book ex:number ?n } }",
    "ordered-in-graph": "SELECT ?n { GRAPH ?g { ?book ex:number ?n } } ORDER BY ?n ?g",
    "ties": "SELECT ?book ?shelf { ?book ex:shelf ?shelf } ORDER BY ?shelf",
    "few-values": "SELECT ?shelf { ?book ex:shelf ?shelf }",
    "inner-limit": "SELECT ?n { { SELECT ?n { ?book ex:number ?n } ORDER BY ?n LIMIT 10 } } ORDER BY ?n",
    "outer-limit": "SELECT ?n { ?book ex:number ?n } ORDER BY ?n LIMIT 25 OFFSET 5",
    "limit-by-parameter": "SELECT ?n { ?book ex:number ?n } ORDER BY ?n LIMIT ?_most_integer",
    "from": "SELECT ?book ?n FROM <http://example.org/other> { ?book ex:number ?n } ORDER BY ?n",
    "grouped": "SELECT ?shelf (COUNT(*) AS ?books) { ?book ex:shelf ?shelf } GROUP BY ?shelf ORDER BY ?shelf",
    "distinct": "SELECT DISTINCT ?shelf { ?book ex:shelf ?shelf } ORDER BY ?shelf",
    "none": "SELECT ?book { ?book ex:nothing ?n }",
    "word-in-text": 'SELECT ?n ("LIMIT 1 OFFSET 2 ORDER BY" AS ?text) { ?book ex:number ?n } ORDER BY ?n',
    "volatile": "SELECT ?n (RAND() AS ?chance) { ?book ex:number ?n } ORDER BY ?n",
    "values": """SELECT ?iri ?text ?ko ?whole ?real ?yes ?day ?moment ?year ?nothing {
      VALUES (?iri ?text ?ko ?whole ?real ?yes ?day ?moment ?year) {
        (<http://example.org/a?b=1&c=2> "a \\"b\\" | <c>\\nd" "책"@ko -7 1.5 true "2023-05-22"^^xsd:date
         "2023-05-22T12:30:00"^^xsd:dateTime "2023"^^xsd:gYear)
        (<urn:x> "=1+1" "+82"@ko 123456789012345678 1e0 false "0001-01-01"^^xsd:date
         "2023-05-22T12:30:00Z"^^xsd:dateTime "1999"^^xsd:gYear) } }""",
    "formulas": """SELECT ?text { VALUES ?text { "=cmd()" "+1" "-1" "@x" "\\tx" "\\rx" "＝1" "safe" -5 } }""",
    "points": 'SELECT ?name ?lat ?long { VALUES (?name ?lat ?long) { ("a" 37.5 127.0) ("?" UNDEF 1) } }',
    "shapes": """SELECT ?name ?where { VALUES (?name ?where) {
      ("a" "POINT(127 37.5)"^^geo:wktLiteral)
      ("b" "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(37.5 127)"^^geo:wktLiteral)
      ("c" UNDEF) } }""",
    "projected-elsewhere": """SELECT ?where { VALUES ?where {
      "<http://www.opengis.net/def/crs/EPSG/0/5179> POINT(1 2)"^^geo:wktLiteral } }""",
    "is-there": "ASK { ?book ex:number ?_n_integer }",
    "graph": "CONSTRUCT { ?book ex:n ?n } { ?book ex:number ?n }",
    "endless": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
    "long": "SELECT ?a ?b ?c { ?a ex:number ?x . ?b ex:number ?y . ?c ex:number ?z }",
    "named-twice": "SELECT (1 AS ?twice) (2 AS ?twice) {}",
}


# Headers of queries that say how they are to be served.
OPTIONS: Mapping[str, str] = {
    "in-pages": "#+ pagination: 20\n",
    '책 "목록"': "#+ pagination: 2\n",
    "few-formats": "#+ formats: [csv, json]\n#+ mime: text/csv\n",
    "kept": "#+ cache: 3600\n",
    "old": "#+ deprecated: true\n",
}


def make(folder: Path) -> Path:
    """Write the dataset into ``folder``."""
    for name in ("seed", "queries", "ontology"):
        (folder / name).mkdir(parents=True)
    (folder / "seed" / "dataset.toml").write_text(MANIFEST)
    prefix = "@prefix ex: <http://example.org/ns/> .\n"
    books = "".join(f"<http://example.org/b/{n}> ex:number {n} ; ex:shelf {n % 3} .\n" for n in range(COUNT))
    (folder / "seed" / "books.ttl").write_text(prefix + books)
    other = "".join(f"<http://example.org/b/{n}> ex:number {n} .\n" for n in range(7))
    (folder / "seed" / "other.ttl").write_text(prefix + other)
    for name, text in QUERIES.items():
        (folder / "queries" / f"{name}.rq").write_text(f"#+ summary: {name}\n{PREFIXES}{text}\n")
    for name, header in OPTIONS.items():
        text = f"#+ summary: {name}\n{header}{PREFIXES}{QUERIES['ordered']}\n"
        (folder / "queries" / f"{name}.rq").write_text(text)
    return folder
