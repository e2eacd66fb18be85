"""Queries from columns against the engine, over data with every kind of term; what is left to the engine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    Store,
    Triple,
)

from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.terms import TermClass, read_term
from endpoint.engine.scratch import evaluate_alone
from tests.columns.differential.by_columns import written
from tests.columns.every_kind import NS, XSD, quads
from tests.columns.test_columns import made

PROLOGUE = f"PREFIX : <{NS}> PREFIX xsd: <{XSD}> "
CELLS = 2**22
WORKS = """
:w1 a :Work ; :year 2020 ; :title "One" , "Eins"@de ; :by :ann , :bob ; :date "2020-03-01"^^xsd:date .
:w2 a :Work ; :year 2020.0 ; :title "Two" ; :by :ann ; :cites :w1 , :w2 ; :date "2019-12-31"^^xsd:date .
:w3 a :Work , :Note ; :year 2021 ; :title "10" ; :by :cho ; :cites :w1 ; :pages 3e0 .
:w4 a :Note ; :year 2019 ; :title "9" ; :by :bob ; :pages 3 .
:ann :name "Ann"@en . :bob :name "Bob"@en ; :knows :ann . :cho :name "조" ; :knows :bob , :ann .
"""

Row = tuple[object, ...]


class Both:
    """The same statements in columns and in the default graph of a store."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.store = Store()
        for quad in quads(seed):
            # Triple terms and directions are not written from columns.
            if not isinstance(quad.object, Triple) and not getattr(quad.object, "direction", None):
                self.store.add(Quad(quad.subject, quad.predicate, quad.object))
        self.store.update(f"{PROLOGUE} INSERT DATA {{ {WORKS} }}")
        columns = made(self.store, folder / "columns")
        self.queries = ColumnQueries(columns, {"": NS, "xsd": XSD}, CELLS, evaluate_alone)

    def answers(self, text: str) -> tuple[list[Row], list[Row]]:
        """The rows of columns, then of the engine."""
        answer = self.queries.answer(text)
        again = written(answer)
        wanted = self.store.query(PROLOGUE + text)
        if isinstance(wanted, QueryBoolean):
            assert isinstance(again, QueryBoolean)
            return [(bool(again),)], [(bool(wanted),)]
        assert isinstance(again, QuerySolutions)
        assert isinstance(wanted, QuerySolutions)
        assert again.variables == wanted.variables
        return [tuple(row) for row in again], [tuple(row) for row in wanted]


@pytest.fixture(scope="module", params=[1, 2])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(request.param, tmp_path_factory.mktemp("both"))


@pytest.mark.parametrize(
    "text",
    [
        # Basic graph patterns in any shape.
        "SELECT * { }",
        "SELECT * { ?s ?p ?o }",
        "SELECT * { ?s :p ?o }",
        "SELECT * { ?w a :Work ; :year ?y ; :title ?t ; :by ?b }",
        "SELECT * { ?a :p ?o . ?b :q ?o }",
        "SELECT * { ?w :by ?b . ?b :name ?n . ?c :knows ?b }",
        "SELECT * { ?w :cites/:by ?b ; ^:cites ?x }",
        "SELECT * { ?w :cites ?w }",
        "SELECT * { ?w :by ?b . ?w :cites ?w }",
        "SELECT * { :w1 ?p ?o . ?w :cites :w1 }",
        "SELECT * { ?w :by :ann . ?w ?p ?o }",
        "SELECT * { ?s ?p 7 }",
        'SELECT * { ?s ?p "01"^^xsd:integer }',
        "SELECT * { ?s ?p :ann . ?s :year ?y }",
        "SELECT * { :w1 :by :ann }",
        "SELECT * { :w1 :by :cho . ?s :p ?o }",
        "SELECT * { ?s :nowhere ?o ; :p ?x }",
        "SELECT * { ?s :p [] ; :q _:b . _:b :p ?z }",
        "SELECT * { ?a :knows ?b . ?c :cites ?d }",
        "ASK { :w1 :by :ann }",
        "ASK { :w1 :by :cho }",
        # Predicates that another pattern binds, and paths of alternatives, which are sets of pairs.
        "SELECT * { :w1 ?p ?o . ?w ?p ?o }",
        "SELECT * { ?w ?p ?o ; :cites :w1 . ?x ?p ?o FILTER(?p IN (:by, :year)) }",
        "SELECT * { VALUES ?p { :by :none :year 7 } ?s ?p ?o }",
        "SELECT * { VALUES ?p { :knows } ?s ?p ?s }",
        "SELECT * { ?p a ?c . ?s ?p ?o }",
        "SELECT * { ?w :by|:cites ?o }",
        "SELECT * { ?w :title|:year|:pages ?o ; :by ?b }",
        "SELECT * { ?w :title|^:knows|:title ?o }",
        "SELECT * { ?w :cites|:cites ?w }",
        "SELECT * { VALUES ?w { :w1 :w1 UNDEF } ?w :by|:cites ?o }",
        "SELECT * { ?w a :Work OPTIONAL { ?w :pages|:year ?n } OPTIONAL { ?w :by|:cites ?b . ?b :name ?x } }",
        "SELECT * { ?w a :Work OPTIONAL { ?w :title ?t BIND(STRLEN(?t) AS ?n) } }",
        "SELECT * { ?w a :Work { ?w :title ?t FILTER(STRLEN(?t) > 2) } UNION { ?w :pages|:year ?n } }",
        # Paths of one property, once or more.
        "SELECT * { ?w :cites+ ?o }",
        "SELECT * { ?w :knows+ ?o . ?o :name ?n }",
        "SELECT * { ?w :cites+ ?w }",
        "SELECT * { ?w a :Work ; :cites+ :w1 }",
        "SELECT * { :cho :knows+ ?o }",
        "SELECT * { :cho :knows+ :ann . ?w :year ?y }",
        "SELECT * { :ann :knows+ :cho . ?w :year ?y }",
        "SELECT * { ?o ^:knows+ ?w OPTIONAL { ?w :knows+ ?x } }",
        "SELECT * { ?w :by ?b . ?b :knows+ _:b . _:b :name ?n }",
        "SELECT * { ?s :nowhere+ ?o }",
        "SELECT * { VALUES ?w { :cho :none 7 UNDEF } ?w :knows+ ?o }",
        "SELECT ?b (COUNT(*) AS ?n) { ?w :by ?b { SELECT DISTINCT ?b ?o { ?b :knows+ ?o } } } GROUP BY ?b",
        "ASK { :cho :knows+ :ann }",
        # Groups.
        "SELECT * { ?w :year ?y OPTIONAL { ?w :pages ?n } OPTIONAL { ?w :cites ?c . ?c :year ?z } }",
        "SELECT * { ?w :year ?y OPTIONAL { ?w :pages ?n FILTER(?y > 2019) } }",
        "SELECT * { ?w :year ?y OPTIONAL { ?w :pages ?n } OPTIONAL { ?x :pages ?n } }",
        "SELECT * { OPTIONAL { ?w :pages ?n } OPTIONAL { ?w :year ?y } }",
        "SELECT * { { ?w :year ?y } UNION { ?w :pages ?n } ?w :by ?b }",
        "SELECT * { ?w :by ?b { ?w :year ?y } UNION { ?w :pages ?n } UNION { ?b :name ?n } }",
        "SELECT * { ?w :by ?b MINUS { ?w :cites ?c } }",
        "SELECT * { ?w :by ?b MINUS { ?x :cites ?c } }",
        "SELECT * { ?w :by ?b OPTIONAL { ?w :pages ?n } MINUS { ?x :pages ?n } }",
        "SELECT * { VALUES (?w ?y) { (:w1 2020) (:w2 UNDEF) (UNDEF 2019) } ?w :year ?y }",
        "SELECT * { VALUES ?w { :w1 :w1 :none 7 } OPTIONAL { ?w :year ?y } }",
        "SELECT * { VALUES ?w { UNDEF } { ?w :by ?b } UNION { } FILTER(?w != 7) }",
        "SELECT * { ?w :by ?b { SELECT ?b (COUNT(*) AS ?n) { ?x :by ?b } GROUP BY ?b } }",
        "SELECT * { ?w :by ?b } VALUES ?b { :ann :cho }",
        "SELECT * { ?w :by ?b FILTER EXISTS { ?w :cites ?c } }",
        "SELECT * { ?w :by ?b FILTER NOT EXISTS { ?w :pages ?n FILTER(?b = :cho) } FILTER(?b != :ann) }",
        "SELECT * { ?w :by ?b FILTER NOT EXISTS { ?x :cites ?w ; :by ?b } }",
        # What nothing binds, and texts that are computed and in the data, too.
        "SELECT ?w (IF(?y > 2019, ?y, ?none) AS ?new) (IF(?y < 2020, ?y, ?none) AS ?old) { ?w :year ?y }",
        'SELECT * { ?s :title ?o BIND(CONCAT(?o, "") AS ?x) FILTER(?x = ?o) }',
        'SELECT * { ?s :title ?o BIND(SUBSTR(?o, 1, 2) AS ?x) BIND(CONCAT(?x, "e") AS ?y) ?z :title ?y }',
        'SELECT DISTINCT ?x { { ?s :title ?x } UNION { ?s :title ?o BIND(CONCAT(?o, "") AS ?x) } }',
        "SELECT ?x (COUNT(DISTINCT ?s) AS ?n) { { ?s :title ?x } UNION "
        '{ ?s :title ?o BIND(CONCAT(?o, "") AS ?x) } } GROUP BY ?x',
        'SELECT * { ?s :title ?x MINUS { ?s :by ?b . ?t :title ?o BIND(CONCAT("O", SUBSTR(?o, 2)) AS ?x) } }',
        'SELECT * { ?s :title ?x { SELECT (CONCAT(?o, "") AS ?x) ?t { ?t :title ?o } } }',
        'SELECT * { ?s :title ?o BIND(CONCAT(?o, "") AS ?x) FILTER(?x IN ("One", "9", "none")) }',
        "SELECT * { ?s :title ?o BIND(STR(?o) AS ?x) BIND(UCASE(?x) AS ?y) BIND(STRLEN(?y) AS ?n) }",
        "SELECT ?n { ?s :title ?o BIND(STR(?o) AS ?x) BIND(UCASE(?x) AS ?y) BIND(CONCAT(?y, ?_i) AS ?n) }",
        'SELECT * { ?s :title ?_i BIND(CONCAT(?_i, "a") AS ?x) BIND(CONCAT(?x, "b") AS ?y) }',
        "SELECT * { ?s :year ?y BIND(COALESCE(?none, ?y + 1) AS ?x) BIND(ABS(?x) + ?none AS ?z) }",
        'SELECT * { ?s :title ?o BIND(IRI(CONCAT("http://example.org/", ?o)) AS ?x) OPTIONAL { ?x ?p ?z } }',
        'SELECT * { ?s :name ?o BIND(IRI(STR(?o)) AS ?x) BIND(IRI("http://example.org/ann") AS ?z) }',
        # Pieces of texts, of literals or of whatever term.
        *(
            f"SELECT * {{ {pattern} BIND({expression} AS ?x) }}"
            for pattern in (
                "?s :year ?o",
                "?s :title ?o",
                "?s ?p ?o",
                "?s ?piece ?o OPTIONAL { ?s :none ?piece_ }",
            )
            for expression in (
                "SUBSTR(STR(?o), 1, 2)",
                "SUBSTR(STR(?o), 3)",
                "SUBSTR(STR(?o), 0, 3)",
                "SUBSTR(STR(?o), 1.5)",
                "SUBSTR(STR(?o), 2, 0)",
                "xsd:integer(SUBSTR(STR(?o), 1, 4)) + STRLEN(SUBSTR(STR(?o), 2))",
                "CONCAT(SUBSTR(STR(?o), 2, 3), STR(?piece_), ?none)",
            )
        ),
        # Conditions, on whatever term.
        *(
            f"SELECT * {{ ?s ?p ?o FILTER({condition}) }}"
            for condition in (
                "?o = 7",
                "?o != 7",
                "!(?o = 7)",
                "?o < 8",
                "!(?o >= 8)",
                'STR(?o) = "a"',
                '?o = "a"',
                '?o > "a" || BOUND(?x)',
                '?o <= "a"@en',
                "?o = ?o",
                "?o <= ?o",
                "!(?o < ?o)",
                "?s = :a && ?o != :a",
                '?o IN (7, "a", :a, 0.1)',
                '?o NOT IN (7, "a"@ko)',
                "?x NOT IN ()",
                "?o",
                "!?o",
                'CONTAINS(LCASE(STR(?o)), "a")',
                '?o > "2020-01-01"^^xsd:date',
                '?o < "2020-01-01T00:00:00Z"^^xsd:dateTime',
                "sameTerm(?s, ?o)",
                'LANG(?o) = ""',
                'LANG(?o) = "en" || !(LANG(?o) != "de")',
                "isLiteral(?o) && YEAR(?o) > 2000",
            )
        ),
        "SELECT * { ?a :p ?o . ?a :q ?x FILTER(?o = ?x) }",
        "SELECT * { ?a :p ?o . ?a :q ?x FILTER(!(?o < ?x)) }",
        # Computed terms.
        "SELECT ?o (STR(?o) AS ?t) (STRLEN(STR(?o)) AS ?n) (LANG(?o) AS ?l) { ?s :p ?o }",
        "SELECT ?o ?x { ?s :p ?o BIND(?o + 1 AS ?x) FILTER(?x > 3) }",
        "SELECT ?t (STRLEN(?t) AS ?n) { ?w :title ?t }",
        "SELECT ?o (xsd:date(?o) AS ?d) (xsd:dateTime(?o) AS ?t) (xsd:date(STR(?o)) AS ?x) { ?s ?p ?o }",
        "SELECT ?o (STRLEN(?o) AS ?n) { ?s ?p ?o FILTER(LANG(?o) != '' || DATATYPE(?o) = xsd:string) }",
        "SELECT ?y (AVG(STRLEN(?t)) AS ?n) { ?w :year ?y ; :title ?t } GROUP BY ?y",
        *(
            f"SELECT * {{ ?w :by ?a , ?b FILTER({condition}) }}"
            for condition in (
                "STR(?a) < STR(?b)",
                "STR(?a) >= STR(?b)",
                "!(STR(?a) = STR(?b))",
                "STR(?a) != STR(?b)",
                "sameTerm(STR(?a), STR(?b))",
                "STR(?a) < STR(?none)",
            )
        ),
        "SELECT ?b { ?w :by ?x BIND(?x AS ?b) ?b :knows ?c }",
        # Groups and counts.
        "SELECT (COUNT(*) AS ?n) { ?s :nowhere ?o }",
        "SELECT ?o (COUNT(*) AS ?n) { ?s :nowhere ?o } GROUP BY ?o",
        "SELECT ?p (COUNT(*) AS ?n) (COUNT(?o) AS ?m) (COUNT(DISTINCT ?o) AS ?d) { ?s ?p ?o } GROUP BY ?p",
        "SELECT ?y (COUNT(?n) AS ?c) { ?w :year ?y OPTIONAL { ?w :pages ?n } } GROUP BY ?y",
        "SELECT ?b ?n { ?w :by ?b OPTIONAL { ?w :pages ?n } } GROUP BY ?b ?n",
        "SELECT ?b { ?w :by ?b } GROUP BY ?b HAVING(COUNT(*) > 1)",
        "SELECT ?d (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY (DATATYPE(?o) AS ?d)",
        "SELECT DISTINCT ?b { ?w :by ?b }",
        "SELECT DISTINCT * { ?w :by ?b OPTIONAL { ?w :pages ?n } }",
        "SELECT ?b ?b2 { ?w :by ?b }",
    ],
)
def test_a_query_has_the_rows_of_the_engine(both: Both, text: str) -> None:
    found, wanted = both.answers(text)
    assert Counter(found) == Counter(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?t { ?w a :Work ; :title ?t FILTER(LANG(?t) = '') } ORDER BY ?t",
        "SELECT ?y ?w { ?w :year ?y } ORDER BY DESC(?y) ?w",
        "SELECT ?d ?w { ?w :year ?y OPTIONAL { ?w :date ?d } } ORDER BY ?d DESC(?w)",
        "SELECT ?n ?w { ?w :year ?y OPTIONAL { ?w :pages ?n } } ORDER BY DESC(?n) ?w LIMIT 3",
        "SELECT ?b (COUNT(*) AS ?n) { ?w :by ?b } GROUP BY ?b ORDER BY DESC(?n) ?b LIMIT 1 OFFSET 1",
        "SELECT DISTINCT ?s { ?s ?p ?o } ORDER BY ?s LIMIT 5 OFFSET 3",
        "SELECT ?o { ?s :p ?o FILTER(isIRI(?o) || isBlank(?o)) } ORDER BY DESC(?o)",
        "SELECT ?w { ?w :title ?t } ORDER BY STRLEN(?t) ?w",
        "SELECT ?w { ?w :year ?y } ORDER BY (?y = 2020) ?w",
        "SELECT * { { SELECT ?w { ?w :year ?y } ORDER BY DESC(?y) ?w LIMIT 2 } ?w :title ?t } ORDER BY ?w ?t",
        "SELECT ?w { ?w :year ?y } ORDER BY ?w LIMIT 0",
    ],
)
def test_an_order_is_that_of_the_engine(both: Both, text: str) -> None:
    found, wanted = both.answers(text)
    assert found == wanted


def test_rows_that_tie_are_in_the_order_of_their_terms(both: Both) -> None:
    found, _ = both.answers("SELECT ?n ?w { ?w :year ?y ; :by ?n } ORDER BY ?y")
    # 2020 and 2020.0 are the same value.
    names = [tuple(str(term).rpartition("/")[2][:-1] for term in row) for row in found]
    assert names == [("bob", "w4"), ("ann", "w1"), ("ann", "w2"), ("bob", "w1"), ("cho", "w3")]


def test_a_page_is_a_part_of_the_whole(both: Both) -> None:
    whole, _ = both.answers("SELECT ?s ?o { ?s :by ?o } ORDER BY ?o")
    for offset in range(len(whole)):
        page, _ = both.answers(f"SELECT ?s ?o {{ ?s :by ?o }} ORDER BY ?o LIMIT 1 OFFSET {offset}")
        assert page == whole[offset : offset + 1]


def test_prefixes_and_a_base_need_no_declaration(both: Both) -> None:
    answer = both.queries.answer("SELECT ?y { <w1> :year ?y }", NS)
    assert [str(Literal(2020)).encode()] == [term for (term,) in answer.rows()]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?w :cites* ?o }",
        "SELECT * { ?w (:cites|:by)+ ?o }",
        "SELECT * { 7 :cites+ ?o }",
        "SELECT * { ?w a :Work OPTIONAL { GRAPH ?g { ?w ?p ?o } } }",
        "SELECT * { ?w :year ?y FILTER EXISTS { ?w :pages ?n OPTIONAL { ?w :cites ?c } } }",
        "SELECT * { ?w :by ?b OPTIONAL { ?w :pages ?n } FILTER EXISTS { ?w :cites ?c } }",
        "SELECT * { ?w :year ?y { ?w :by ?b OPTIONAL { BIND(STR(?y) AS ?t) } } }",
        "SELECT * { ?w :year ?y { ?w :by ?b OPTIONAL { ?x :pages ?n { ?x :by ?c FILTER(?y > 1) } } } }",
        "SELECT * { ?w :by ?b OPTIONAL { OPTIONAL { ?w :pages ?n } ?w :title ?t } }",
        "SELECT * { ?w :by ?b { ?w :year ?y FILTER EXISTS { ?b :name ?n } } }",
        "SELECT * { ?w :by ?b { ?w :year ?y FILTER(?b = :ann) } }",
        "SELECT (NOW() AS ?t) { }",
        "SELECT (RAND() AS ?t) { ?s :p ?o }",
        "SELECT * { ?w :year ?y FILTER(BNODE() = ?w) }",
        "SELECT (COUNT(DISTINCT *) AS ?n) { ?s ?p ?o }",
        "SELECT (COUNT(YEAR(?o)) AS ?n) { ?s :p ?o }",
        'SELECT * { ?s ?p ?o BIND(CONCAT(STR(?o), "!") AS ?t) } ORDER BY IF(ISNUMERIC(?o), ?o, ?t)',
        "SELECT * { ?s ?p }",
        # Tables of more than 4 million numbers.
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
        "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 1",
    ],
)
def test_what_is_not_certain_is_left_to_the_engine(both: Both, text: str) -> None:
    with pytest.raises(Unsupported):
        both.queries.answer(text)


def test_a_path_of_many_steps_is_left_to_the_engine(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "SELECT * { ?w :knows+ ?o }"
    assert both.queries.answer(text).table.size
    monkeypatch.setattr("endpoint.columns.evaluation.closures._MOST_STEPS", 0)
    with pytest.raises(Unsupported, match="many steps"):
        both.queries.answer(text)


def test_texts_among_numbers_are_in_the_order_of_the_classes(both: Both) -> None:
    # The engine does not sort them here: it might end the process.
    rows = list(both.queries.answer("SELECT ?o { ?s ?p ?o } ORDER BY ?o").rows())
    assert Counter(rows) == Counter(both.queries.answer("SELECT ?o { ?s ?p ?o }").rows())
    found = [row for (row,) in rows]
    terms = [read_term(text) for text in found if text is not None]
    assert [term.of for term in terms] == sorted(term.of for term in terms)
    for of in (TermClass.TEXT, TermClass.NUMBER, TermClass.DATE):
        ranks = [term.value if term.valued else term.rank() for term in terms if term.of is of]
        assert len(set(map(str, ranks))) > 1
        assert ranks == sorted(ranks)
    assert both.queries.answer("SELECT ?o { ?s ?p ?o } ORDER BY DESC(?o) LIMIT 3").table.size == 3


def test_a_function_of_a_triple_term_is_left_to_the_engine(tmp_path: Path) -> None:
    node = NamedNode(f"{NS}a")
    store = Store()
    store.add(Quad(node, node, Triple(node, node, node)))
    queries = ColumnQueries(made(store, tmp_path / "columns"), {"": NS}, CELLS, evaluate_alone)
    with pytest.raises(Unsupported, match="triple term"):
        queries.answer("SELECT (COALESCE(UCASE(?o), ?o) AS ?x) { ?s ?p ?o }")


def test_lengths_of_very_many_texts_are_read(tmp_path: Path) -> None:
    store = Store()
    for number in range(6000):
        value = Literal(f"{number:04}" + "외\n" * (number % 7))
        store.add(Quad(NamedNode(f"{NS}{number}"), NamedNode(f"{NS}text"), value))
    queries = ColumnQueries(made(store, tmp_path / "columns"), {"": NS}, CELLS, evaluate_alone)
    length = sum(4 + 2 * (number % 7) for number in range(6000))
    found = queries.answer("SELECT (SUM(STRLEN(?t)) AS ?n) { ?s :text ?t }")
    assert list(found.rows()) == [(str(Literal(length)).encode(),)]


def test_places_of_rows_are_no_numbers_of_terms(tmp_path: Path) -> None:
    store = Store()
    for number, title in enumerate(("각", "각", "Σ", "")):
        store.add(Quad(NamedNode(f"{NS}{number}"), NamedNode(f"{NS}title"), Literal(title)))
    queries = ColumnQueries(made(store, tmp_path / "columns"), {"": NS}, CELLS, evaluate_alone)
    # Texts are made, one of which the dictionary has, before a path is joined with more rows than terms.
    text = (
        "SELECT * { _:b :title ?t OPTIONAL { ?w :title ?u BIND(CONCAT(?u, ?u) AS ?v) } ?w :label|:title ?x }"
    )
    wanted = Counter(map(str, store.query(PROLOGUE + text)))  # type: ignore[arg-type]
    assert Counter(map(str, written(queries.answer(text)))) == wanted  # type: ignore[arg-type]
