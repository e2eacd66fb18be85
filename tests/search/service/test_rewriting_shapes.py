"""SERVICE text:search in every place of a query: the results are computed from the data alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from pyoxigraph import Literal

from endpoint.sparql.parameters import bind
from endpoint.vocabulary import TEXT
from tests.search.searched_store import BY_NAME, EX, FOUND, Catalogue, build

Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    folder: Path = tmp_path_factory.mktemp("shapes") / "text"
    build(folder)
    found = Catalogue(folder)
    yield found
    opened = found.evaluator.index()
    assert opened is not None
    opened.close()


def found(words: str) -> list[str]:
    return sorted(FOUND[words])


def per_row(words: str, *members: str) -> Rows:
    """The name of each publication found, and members of it."""
    return [(name, *(getattr(BY_NAME[name], member) for member in members)) for name in found(words)]


KOREA = 'SERVICE text:search { ?p text:query "한국" }'
WAR = 'SERVICE text:search { ?p text:query "war" }'
ECONOMY = 'SERVICE text:search { ?p text:query "경제" }'
NOTHING = 'SERVICE text:search { ?p text:query "없는말" }'

# Query, and the rows in any order.
SHAPES: dict[str, tuple[str, Rows]] = {
    "alone": (f"SELECT ?p {{ {KOREA} }}", [("p0",), ("p1",), ("p4",)]),
    "before a pattern": (f"SELECT ?p ?t {{ {KOREA} ?p ex:title ?t }}", per_row("한국", "title")),
    "after a pattern": (f"SELECT ?p ?t {{ ?p ex:title ?t . {KOREA} }}", per_row("한국", "title")),
    "between patterns": (
        f"SELECT ?p ?t ?y {{ ?p ex:title ?t . {KOREA} . ?p ex:year ?y }}",
        per_row("한국", "title", "year"),
    ),
    "inside OPTIONAL": (
        f"SELECT ?p ?m {{ ?p ex:year 2023 OPTIONAL {{ {KOREA} BIND(1 AS ?m) }} }}",
        [("p3", None), ("p4", 1), ("p5", None), ("p6", None)],
    ),
    "alone inside OPTIONAL": (
        "SELECT ?p ?n { ?p ex:year 2023 OPTIONAL { SERVICE text:search { "
        '?p text:query "한국" ; text:score ?s } } BIND(BOUND(?s) AS ?n) }',
        [("p3", False), ("p4", True), ("p5", False), ("p6", False)],
    ),
    "before OPTIONAL": (
        f"SELECT ?p ?s {{ {KOREA} OPTIONAL {{ ?p ex:series ?s }} }}",
        [("p0", "Focus"), ("p1", None), ("p4", "Brief")],
    ),
    "in both branches of UNION": (
        f"SELECT ?p {{ {{ {KOREA} }} UNION {{ {WAR} }} }}",
        [("p0",), ("p1",), ("p4",), ("p2",), ("p5",)],
    ),
    "UNION keeps duplicates": (
        f"SELECT ?p {{ {{ {KOREA} }} UNION {{ {ECONOMY} }} }}",
        [("p0",), ("p1",), ("p4",), ("p3",), ("p4",)],
    ),
    "in one branch of UNION": (
        f"SELECT ?p {{ {{ {WAR} }} UNION {{ ?p ex:country ex:CN }} }}",
        [("p2",), ("p5",), ("p1",)],
    ),
    "MINUS a search": (
        f"SELECT ?p {{ ?p ex:year 2023 MINUS {{ {KOREA} }} }}",
        [("p3",), ("p5",), ("p6",)],
    ),
    "a search MINUS a pattern": (f"SELECT ?p {{ {KOREA} MINUS {{ ?p ex:series ?s }} }}", [("p1",)]),
    "in a sub-SELECT with LIMIT": (
        'SELECT ?p ?y { { SELECT ?p { SERVICE text:search { ?p text:query "한국" ; text:score ?s } } '
        "ORDER BY DESC(?s) ?p LIMIT 2 } ?p ex:year ?y }",
        [("p0", 2021), ("p4", 2023)],
    ),
    "beside a sub-SELECT": (
        f"SELECT ?p ?n {{ {KOREA} {{ SELECT ?p (COUNT(*) AS ?n) {{ ?p ?any ?o }} GROUP BY ?p }} }}",
        [("p0", 4), ("p1", 3), ("p4", 4)],
    ),
    "COUNT": (f"SELECT (COUNT(*) AS ?n) {{ {KOREA} }}", [(3,)]),
    "COUNT of nothing": (
        'SELECT (COUNT(*) AS ?n) { SERVICE text:search { ?p text:query "없는말" } }',
        [(0,)],
    ),
    "GROUP BY": (
        f"SELECT ?y (COUNT(?p) AS ?n) {{ {KOREA} ?p ex:year ?y }} GROUP BY ?y",
        [(2021, 1), (2022, 1), (2023, 1)],
    ),
    "GROUP BY and HAVING": (
        'SELECT ?y (COUNT(?p) AS ?n) { SERVICE text:search { ?p text:query "한국 OR war" } ?p ex:year ?y } '
        "GROUP BY ?y HAVING (COUNT(?p) > 1)",
        [(2022, 2), (2023, 2)],
    ),
    "two searches of one variable": (f"SELECT ?p {{ {KOREA} {ECONOMY} }}", [("p4",)]),
    "two searches of two variables": (
        f'SELECT ?p ?q {{ {KOREA} SERVICE text:search {{ ?q text:query "war" }} }}',
        list(product(found("한국"), found("war"))),
    ),
    "two searches joined by a pattern": (
        'SELECT ?p ?q { SERVICE text:search { ?p text:query "경제" } ?p ex:country ?c . ?q ex:country ?c . '
        'SERVICE text:search { ?q text:query "한국" } }',
        [("p3", "p4"), ("p4", "p4")],
    ),
    "two subjects in one block": (
        'SELECT ?p ?q { SERVICE text:search { ?p text:query "외교" . ?q text:query "war" } }',
        list(product(found("외교"), found("war"))),
    ),
    "in GRAPH, with a pattern": (f"SELECT ?p {{ GRAPH ex:g1 {{ {ECONOMY} ?p ex:title ?t }} }}", [("p4",)]),
    "in GRAPH with a variable": (
        f"SELECT ?p ?g {{ GRAPH ?g {{ {ECONOMY} ?p ex:title ?t }} }}",
        [("p3", "g2"), ("p4", "g1")],
    ),
    "beside GRAPH": (
        f"SELECT ?p ?g {{ {KOREA} GRAPH ?g {{ ?p ex:title ?t }} }}",
        [("p0", "g1"), ("p1", "g1"), ("p4", "g1")],
    ),
    "FROM": (f"SELECT ?p FROM ex:g2 {{ {ECONOMY} ?p ex:title ?t }}", [("p3",)]),
    "FROM NAMED": (
        f"SELECT ?p FROM NAMED ex:g1 {{ {ECONOMY} GRAPH ?g {{ ?p ex:title ?t }} }}",
        [("p4",)],
    ),
    "VALUES beside": (f"SELECT ?p {{ {KOREA} VALUES ?p {{ ex:p1 ex:p3 ex:p4 }} }}", [("p1",), ("p4",)]),
    "VALUES after the query": (f"SELECT ?p {{ {KOREA} }} VALUES ?p {{ ex:p1 ex:p3 }}", [("p1",)]),
    "BIND before": (f"SELECT ?p {{ BIND(ex:p4 AS ?p) {KOREA} }}", [("p4",)]),
    "the subject is an IRI that matches": (
        f'SELECT ?t {{ SERVICE text:search {{ <{EX}p0> text:query "한국" }} ex:p0 ex:title ?t }}',
        [("한국 외교 정책",)],
    ),
    "the subject is an IRI that does not match": (
        'SELECT ?t { SERVICE text:search { ex:p3 text:query "한국" } ex:p3 ex:title ?t }',
        [],
    ),
    "the subject is an IRI relative to BASE": (
        f'BASE <{EX}> SELECT ?y {{ SERVICE text:search {{ <p0> text:query "한국" }} <p0> ex:year ?y }}',
        [(2021,)],
    ),
    "the subject is an IRI, and there is a score": (
        'SELECT (BOUND(?s) AS ?b) { SERVICE text:search { ex:p0 text:query "한국" ; text:score ?s } }',
        [(True,)],
    ),
    "limit 0": ('SELECT ?p { SERVICE text:search { ?p text:query "한국" ; text:limit 0 } }', []),
    "limit over all": (
        'SELECT ?p { SERVICE text:search { ?p text:limit 99999999999 ; text:query "war" } }',
        [("p2",), ("p5",)],
    ),
    "field title": (
        'SELECT ?p { SERVICE text:search { ?p text:query "한국" ; text:field "title" } }',
        [("p0",), ("p4",)],
    ),
    "field abstract": (
        'SELECT ?p { SERVICE text:search { ?p text:field "abstract" ; text:query "한국" } }',
        [("p0",), ("p1",)],
    ),
    "ASK, yes": (f"ASK {{ {KOREA} ?p ex:country ex:CN }}", [(True,)]),
    "ASK, no": (f"ASK {{ {KOREA} ?p ex:country ex:UA }}", [(False,)]),
    "CONSTRUCT": (
        f"CONSTRUCT {{ ?p ex:about ?c }} {{ {KOREA} ?p ex:country ?c }}",
        [("p0", "about", "US"), ("p1", "about", "CN"), ("p4", "about", "JP")],
    ),
    "DESCRIBE": (
        f"DESCRIBE ?p {{ {KOREA} ?p ex:country ex:CN }}",
        [("p1", "title", "중국의 외교"), ("p1", "year", 2022), ("p1", "country", "CN")],
    ),
    "SELECT *": (f"SELECT * {{ ?p ex:year ?y . {KOREA} }}", per_row("한국", "year")),
    "FILTER EXISTS": (
        f"SELECT ?p {{ ?p ex:year 2023 FILTER EXISTS {{ {KOREA} }} }}",
        [("p4",)],
    ),
    "FILTER NOT EXISTS": (
        f"SELECT ?p {{ ?p ex:year 2023 FILTER NOT EXISTS {{ {KOREA} }} }}",
        [("p3",), ("p5",), ("p6",)],
    ),
    "a filter beside": (f"SELECT ?p {{ {KOREA} ?p ex:year ?y FILTER(?y > 2021) }}", [("p1",), ("p4",)]),
    "a property path": (
        f"SELECT ?p ?q {{ {KOREA} ?p ex:country/^ex:country ?q }}",
        [("p0", "p0"), ("p0", "p6"), ("p1", "p1"), ("p4", "p3"), ("p4", "p4")],
    ),
    "another prefix": (
        f'PREFIX t: <{TEXT}> SELECT ?p {{ SERVICE t:search {{ ?p t:query "war" }} }}',
        [("p2",), ("p5",)],
    ),
    "no prefix": (
        f'SELECT ?p {{ SERVICE <{TEXT}search> {{ ?p <{TEXT}query> "war" }} }}',
        [("p2",), ("p5",)],
    ),
    "text: declared": (
        f'PREFIX text: <{TEXT}> SELECT ?p {{ SERVICE text:search {{ ?p text:query "war" }} }}',
        [("p2",), ("p5",)],
    ),
    "SILENT": ('SELECT ?p { SERVICE SILENT text:search { ?p text:query "war" } }', [("p2",), ("p5",)]),
    "lower case": ('select ?p { service silent text:search { ?p text:query "war" } }', [("p2",), ("p5",)]),
    "as little white space as possible": (
        'SELECT?p{SERVICE<urn:endpoint:text:search>{?p text:query"war";text:score?s}FILTER(?s>0)}',
        [("p2",), ("p5",)],
    ),
    "comments and lines": (
        'SELECT ?p {\r\n  SERVICE # { "\n    text:search\n  { # } text:query "x"\n    $p text:query\n'
        '      "war" ; # the end }\n  ; .\n  } # }\n}',
        [("p2",), ("p5",)],
    ),
    "no hits": (
        f"SELECT ?p ?t {{ {NOTHING} ?p ex:title ?t }}",
        [],
    ),
    "no hits inside OPTIONAL": (
        f"SELECT ?p ?m {{ ?p ex:year 2021 OPTIONAL {{ {NOTHING} BIND(1 AS ?m) }} }}",
        [("p0", None)],
    ),
    "escapes": (
        'SELECT ?p { SERVICE text:search { ?p text:query "\\uD55C\\U0000AD6D\\t\\u0020" } }',
        [("p0",), ("p1",), ("p4",)],
    ),
    "a phrase": (
        "SELECT ?p { SERVICE text:search { ?p text:query '\"외교 정책\"' } }",
        [("p0",)],
    ),
    "long quotes": (
        'SELECT ?p { SERVICE text:search { ?p text:query """"외교 정책"\n""" } }',
        [("p0",)],
    ),
    "a language tag": (
        'SELECT ?p { SERVICE text:search { ?p text:query "war"@en-GB } }',
        [("p2",), ("p5",)],
    ),
    "typed literals": (
        "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT (COUNT(?p) AS ?n) { SERVICE text:search { ?p "
        'text:query "war"^^xsd:string ; text:limit "1"^^<http://www.w3.org/2001/XMLSchema#integer> } }',
        [(1,)],
    ),
    "a parameter of a saved query": (
        bind(
            "SELECT ?p { SERVICE text:search { ?p text:query ?_q ; text:limit ?_n } ?p ex:year ?_y }",
            {"_q": Literal('war "peace"\n'), "_n": Literal(5), "_y": Literal(2022)},
        ),
        [("p2",)],
    ),
    "a name that holds the keyword": (
        'SELECT ?service { SERVICE text:search { ?service text:query "war" } '
        'FILTER("SERVICE <urn:x> {" != "") }',
        [("p2",), ("p5",)],
    ),
    "deep in a query": (
        f"SELECT ?p {{ {{ {{ SELECT ?p {{ {{ {KOREA} }} UNION {{ {{ SELECT ?p {{ {WAR} }} }} }} }} }} }} "
        "OPTIONAL { ?p ex:series ?s } FILTER(!BOUND(?s)) }",
        [("p1",), ("p5",)],
    ),
}


# Where a list of hits counts as long, it is written in another way.
LONG = pytest.mark.parametrize("long", [0, 1000], ids=["long", "short"])


@LONG
@pytest.mark.parametrize(("text", "expected"), SHAPES.values(), ids=SHAPES)
def test_the_rows_are_those_of_the_data(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, text: str, expected: Rows, long: int
) -> None:
    monkeypatch.setattr("endpoint.search.service.rewriting.LONG", long)
    assert sorted(catalogue.rows(text), key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("words", FOUND)
def test_what_the_words_are_in_was_read_right(catalogue: Catalogue, words: str) -> None:
    assert {hit.iri.removeprefix(EX) for hit in catalogue.hits(words)} == FOUND[words]


SCORED = 'SERVICE text:search { ?p text:query "한국" ; text:score ?s }'


def test_scores_are_those_of_the_index(catalogue: Catalogue) -> None:
    rows = catalogue.rows(f"SELECT ?p ?s {{ {SCORED} }} ORDER BY DESC(?s) ?p")
    assert rows == [(hit.iri.removeprefix(EX), hit.score) for hit in catalogue.hits("한국")]


def test_a_score_takes_part_in_expressions(catalogue: Catalogue) -> None:
    scores = sorted(hit.score for hit in catalogue.hits("한국"))
    text = f"SELECT (AVG(?s) AS ?a) (MAX(?s) AS ?m) (DATATYPE(SAMPLE(?s)) AS ?d) {{ {SCORED} }}"
    average, most, datatype = catalogue.rows(text)[0]
    assert (average, most) == (pytest.approx(sum(scores) / 3), scores[-1])
    assert datatype == "http://www.w3.org/2001/XMLSchema#double"
    doubled = catalogue.rows(f"SELECT ?d {{ {SCORED} BIND(?s * 2 AS ?d) FILTER(?s >= {scores[1]!r}) }}")
    assert sorted(value for (value,) in doubled if isinstance(value, float)) == [2 * scores[1], 2 * scores[2]]


def test_the_best_come_first_with_a_limit(catalogue: Catalogue) -> None:
    best = catalogue.rows('SELECT ?p { SERVICE text:search { ?p text:query "한국" ; text:limit 2 } }')
    assert [(hit.iri.removeprefix(EX),) for hit in catalogue.hits("한국", limit=2)] == best


def test_a_snippet_is_html(catalogue: Catalogue) -> None:
    text = (
        'SELECT ?x (DATATYPE(?x) AS ?d) { SERVICE text:search { ex:p5 text:query "war" ; text:snippet ?x } }'
    )
    ((snippet, datatype),) = catalogue.rows(text)
    assert snippet == "After the <mark>war</mark>: &lt;b&gt;arms&lt;/b&gt; &amp; allies"
    assert datatype == "http://www.w3.org/1999/02/22-rdf-syntax-ns#HTML"


def test_default_graph_uri_restricts_the_patterns_and_not_the_search(catalogue: Catalogue) -> None:
    text = f"SELECT ?p ?t {{ {ECONOMY} OPTIONAL {{ ?p ex:title ?t }} }}"
    assert sorted(catalogue.rows(text, default=(f"{EX}g2",)), key=str) == [("p3", "일본 경제"), ("p4", None)]


STARS: list[tuple[str, list[str]]] = [
    (
        'SELECT * { SERVICE text:search { ?z text:query "war" ; text:snippet ?y ; text:score ?x } '
        "?z ex:title ?a }",
        ["z", "y", "x", "a"],
    ),
    ('SELECT DISTINCT * { ?p ex:year ?b . SERVICE text:search { ?p text:query "war" } }', ["p", "b"]),
    ('SELECT * { SERVICE text:search { ?a text:query "war" ; text:score ?b } }', ["a", "b"]),
    ('SELECT * { { SELECT * { SERVICE text:search { ?z text:query "war" ; text:score ?b } } } }', ["z", "b"]),
]


@pytest.mark.parametrize(("text", "expected"), STARS)
def test_the_variables_of_a_star_come_as_they_were_written(
    catalogue: Catalogue, text: str, expected: list[str]
) -> None:
    assert catalogue.names(text) == expected
    assert len(catalogue.rows(text)) == 2


JOINS: dict[str, Callable[[str, str], str]] = {
    "joined": lambda service, rest: f"{service} {rest}",
    "optional": lambda service, rest: f"{rest} OPTIONAL {{ {service} }}",
    "minus": lambda service, rest: f"{rest} MINUS {{ {service} }}",
    "exists": lambda service, rest: f"{rest} FILTER EXISTS {{ {service} }}",
    "union": lambda service, rest: f"{{ {service} }} UNION {{ {rest} }}",
    "graph": lambda service, rest: f"GRAPH ?g {{ {service} {rest} }}",
}


@pytest.mark.parametrize("shape", JOINS.values(), ids=JOINS)
@LONG
def test_a_long_list_of_hits_means_what_a_short_one_means(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, shape: Callable[[str, str], str], long: int
) -> None:
    """The same rows as inline data that somebody writes by hand."""
    monkeypatch.setattr("endpoint.search.service.rewriting.LONG", long)
    data = "".join(f"(<{hit.iri}> {hit.score!r})" for hit in catalogue.hits("한국"))
    rest = "?p ex:country ?c"
    by_hand = catalogue.rows(f"SELECT ?p ?c {{ {shape(f'VALUES (?p ?s) {{ {data} }}', rest)} }}")
    found = catalogue.rows(f"SELECT ?p ?c {{ {shape(SCORED, rest)} }}")
    assert sorted(found, key=str) == sorted(by_hand, key=str)
    assert found
