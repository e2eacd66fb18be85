"""Rows as the objects of a prototype, and what it may say: the documentation of SPARQL Transformer."""

from __future__ import annotations

import json

import pytest
from pyoxigraph import QuerySolutions, Store

from endpoint.formats import Plain
from endpoint.results.prototype import objects, read_prototype, transformed, transformed_json
from endpoint.results.rows import rows_of

PREFIXES = "PREFIX : <http://e/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"


def solutions(names: str, values: str) -> QuerySolutions:
    """The rows of a VALUES block."""
    found = Store().query(f"{PREFIXES} SELECT {names} {{ VALUES ({names}) {{ {values} }} }}")
    assert isinstance(found, QuerySolutions)
    return found


def shaped(prototype: dict[str, Plain], names: str, values: str) -> list[dict[str, Plain]]:
    rows = rows_of(solutions(names, values))
    return list(objects(rows.rows, read_prototype(prototype, rows.names)))


# Two cities with their names, as the documentation has them: one row for each name.
CITIES = (
    "?id ?name ?image",
    '(:Bologna "Bologna"@it :b.jpg) (:Bologna "Bologne"@fr :b.jpg) (:Siena "Siena"@en :s.jpg)',
)
BOLOGNA: list[Plain] = [
    {"language": "it", "value": "Bologna"},
    {"language": "fr", "value": "Bologne"},
]
# A band with its members and their instruments: three levels.
BANDS = (
    "?band ?member ?plays ?year",
    "(:x :ann :drums 1999) (:x :bob :bass 1999) (:x :ann :voice 1999) (:y :bob :bass 2001) "
    "(:z UNDEF UNDEF 2003)",
)
MEMBERS: dict[str, Plain] = {"id": "?band", "who": {"id": "?member", "plays": "?plays"}, "year": "?year"}

Case = tuple[dict[str, Plain], tuple[str, str], list[Plain]]
CASES: list[Case] = [
    (
        {"id": "?id", "name": "?name", "image": "?image"},
        CITIES,
        [
            {"id": "http://e/Bologna", "name": BOLOGNA, "image": "http://e/b.jpg"},
            {"id": "http://e/Siena", "name": {"language": "en", "value": "Siena"}, "image": "http://e/s.jpg"},
        ],
    ),
    # As JSON-LD: its own keys for language and value.
    (
        {"@context": "http://schema.org/", "@graph": [{"@type": "City", "@id": "?id", "name": "?name"}]},
        ("?id ?name", '(:Siena "Siena"@en)'),
        [{"@type": "City", "@id": "http://e/Siena", "name": {"@language": "en", "@value": "Siena"}}],
    ),
    (
        {"@graph": {"@id": "?id", "name": "?name"}, "$langTag": "hide"},
        ("?id ?name", '(:Siena "Siena"@en)'),
        [{"@id": "http://e/Siena", "name": "Siena"}],
    ),
    # Language tags, for all and for one.
    (
        {"id": "?id", "name": "?name", "$langTag": "hide"},
        CITIES,
        [
            {"id": "http://e/Bologna", "name": ["Bologna", "Bologne"]},
            {"id": "http://e/Siena", "name": "Siena"},
        ],
    ),
    (
        {"a": "?a$langTag:hide", "b": "?b$langTag:show", "$langTag": "hide"},
        ("?a ?b", '("x"@en "y"@en)'),
        [{"a": "x", "b": {"language": "en", "value": "y"}}],
    ),
    # Objects within objects are merged by their own anchors, also where rows of several alternate.
    (
        MEMBERS,
        BANDS,
        [
            {
                "id": "http://e/x",
                "who": [
                    {"id": "http://e/ann", "plays": ["http://e/drums", "http://e/voice"]},
                    {"id": "http://e/bob", "plays": "http://e/bass"},
                ],
                "year": 1999,
            },
            {"id": "http://e/y", "who": {"id": "http://e/bob", "plays": "http://e/bass"}, "year": 2001},
            {"id": "http://e/z", "year": 2003},
        ],
    ),
    # The anchor by modifier, by key, and instead of an id.
    (
        {"place": "?place$anchor", "id": "?id"},
        ("?place ?id", '("P" :a) ("Q" :b) ("P" :c)'),
        [{"place": "P", "id": ["http://e/a", "http://e/c"]}, {"place": "Q", "id": "http://e/b"}],
    ),
    (
        {"key": "?p", "value": "?o", "$anchor": "key"},
        ("?p ?o", "(:p 1) (:q true) (:p 2)"),
        [{"key": "http://e/p", "value": [1, 2]}, {"key": "http://e/q", "value": True}],
    ),
    # Without an anchor every row is an object, and objects within are told apart by all that they say.
    ({"n": "?n"}, ("?n", "(1) (1) (UNDEF)"), [{"n": 1}, {"n": 1}, {}]),
    (
        {"id": "?id", "at": {"x": "?x", "y": "?y"}},
        ("?id ?x ?y", "(:a 1 2) (:a 1 2) (:a 1 3) (:b UNDEF UNDEF)"),
        [{"id": "http://e/a", "at": [{"x": 1, "y": 2}, {"x": 1, "y": 3}]}, {"id": "http://e/b"}],
    ),
    # A row without the anchor stands alone.
    (
        {"id": "?id", "n": "?n"},
        ("?id ?n", "(UNDEF 1) (:a 2) (UNDEF 1) (:a 3)"),
        [{"n": 1}, {"id": "http://e/a", "n": [2, 3]}, {"n": 1}],
    ),
    (
        {"id": "?id", "in": {"id": "?in", "n": "?n"}},
        ("?id ?in ?n", "(:a UNDEF 1) (:a :x 2) (:a UNDEF 1)"),
        [{"id": "http://e/a", "in": [{"n": 1}, {"id": "http://e/x", "n": 2}]}],
    ),
    # Lists, also of one: of values, of texts with a language, of objects.
    (
        {"id": "?id", "n": "?n$asList", "t": "?t$list"},
        ("?id ?n ?t", '(:a 1 "x"@en) (:b UNDEF UNDEF)'),
        [{"id": "http://e/a", "n": [1], "t": [{"language": "en", "value": "x"}]}, {"id": "http://e/b"}],
    ),
    ({"id": "?id$asList", "n": "?n"}, ("?id ?n", "(:a 1)"), [{"id": "http://e/a", "n": 1}]),
    (
        {"id": "?id", "all": ["?n", "?m"]},
        ("?id ?n ?m", "(:a 1 2) (:a 1 3) (:b UNDEF UNDEF)"),
        [{"id": "http://e/a", "all": [1, 2, 3]}, {"id": "http://e/b"}],
    ),
    ({"v": "?v$list$accept:string$langTag:hide"}, ("?v", '("t"@en)'), [{"v": ["t"]}]),
    # Values: native where JSON holds them, and told apart by their kind.
    (
        {"id": "?id", "v": "?v"},
        (
            "?id ?v",
            '(:a 1) (:a true) (:a 1.0e0) (:a "1") (:a 1) (:a 12345678901234567) (:a "NaN"^^xsd:double)',
        ),
        [{"id": "http://e/a", "v": [1, True, 1.0, "1", "12345678901234567", "NaN"]}],
    ),
    # Constants stay, of every kind; alone they make no object where variables are missing.
    (
        {
            "id": "?id",
            "@type": "Thing",
            "c": 5,
            "l": ["a", 1],
            "o": {"fixed": True},
            "e": {"@type": "E", "v": "?v"},
        },
        ("?id ?v", "(:a UNDEF) (:a UNDEF)"),
        [{"id": "http://e/a", "@type": "Thing", "c": 5, "l": ["a", 1], "o": {"fixed": True}}],
    ),
    # Objects are limited after merging.
    (
        {"id": "?id", "n": "?n", "$limit": 1, "$offset": 1},
        ("?id ?n", "(:a 1) (:a 2) (:b 3) (:b 4) (:c 5)"),
        [{"id": "http://e/b", "n": [3, 4]}],
    ),
    ({"n": "?n", "$limit": 0}, ("?n", "(1)"), []),
    ({"id": "?id"}, ("?id", ""), []),
]

# Ways to say that an object stands in a list, also alone.
LISTED: list[Plain] = [
    {"id": "?in$asList"},
    {"id": "?in$list"},
    {"id": "?in", "$asList": True},
    {"id": "?in", "$list": True},
    [{"id": "?in"}],
]
CASES += [
    ({"id": "?id", "in": inner}, ("?id ?in", "(:a :x)"), [{"id": "http://e/a", "in": [{"id": "http://e/x"}]}])
    for inner in LISTED
]

# Only values of one kind.
ACCEPTED: list[tuple[str, list[Plain]]] = [
    ("string", [{"v": "t"}, {"v": {"language": "en", "value": "t"}}, {}, {}, {}]),
    ("number", [{}, {}, {"v": 5}, {"v": 1.5}, {}]),
    ("int", [{}, {}, {"v": 5}, {}, {}]),
    ("boolean", [{}, {}, {}, {}, {"v": True}]),
]
CASES += [
    ({"v": f"?v$accept:{kind}"}, ("?v", '("t") ("t"@en) (5) (1.5) (true)'), expected)
    for kind, expected in ACCEPTED
]


@pytest.mark.parametrize(("prototype", "rows", "expected"), CASES)
def test_rows_become_objects(
    prototype: dict[str, Plain], rows: tuple[str, str], expected: list[Plain]
) -> None:
    found = shaped(prototype, *rows)
    # As texts: for Python 1, 1.0 and true are equal.
    assert [json.dumps(row) for row in found] == [json.dumps(row) for row in expected]


def test_members_are_in_the_order_of_the_prototype() -> None:
    prototype = read_prototype({"b": "?b", "$anchor": "a", "a": "?a", "c": 1}, ["a", "b"])
    assert prototype.columns == ("b", "a", "c")
    (found,) = objects(rows_of(solutions("?a ?b", "(1 2)")).rows, prototype)
    assert list(found) == ["b", "a", "c"]


def test_without_an_anchor_rows_are_read_one_by_one() -> None:
    rows = rows_of(solutions("?n", "(1) (2) (3)"))
    made = objects(rows.rows, read_prototype({"n": "?n"}, rows.names))
    assert next(made) == {"n": 1}
    assert len(list(rows.rows)) == 2


def test_many_values_of_one_object_are_merged_in_linear_time() -> None:
    values = " ".join(f"(:a {n})" for n in range(50_000))
    (found,) = shaped({"id": "?id", "in": {"id": "?n"}}, "?id ?n", values)
    assert isinstance(found["in"], list)
    assert len(found["in"]) == 50_000


# A prototype, and what of it has no effect. The query has the variables ?id and ?name.
COMPLAINTS: list[tuple[dict[str, Plain], str]] = [
    ({"id": "?id", "n": "?nane"}, 'The query has no variable "?nane"; did you mean "name"?'),
    ({"id": "?id", "n": "$rdfs:label$required"}, '"n" takes a property, "$rdfs:label$required"'),
    ({"id": "?id", "n": "?name$required"}, '"$required" of "n" is part of a query of SPARQL Transformer'),
    ({"id": "?id", "n": "?name$lang:en"}, '"$lang:en" of "n" is part of a query of SPARQL Transformer'),
    ({"id": "?id", "n": "?name$bestlang"}, '"$bestlang" of "n" is part of a query'),
    ({"id": "?id", "n": "?name$aslist"}, '"$aslist" of "n" is no modifier; did you mean "asList"?'),
    ({"id": "?id", "n": "?name$accept:text"}, '"text" is none of string, str, number'),
    ({"id": "?id", "n": "?name$langTag:off"}, '"off" is none of show, hide'),
    ({"id": "?id", "$anchor": "key"}, '"$anchor" names no member of its object: key'),
    ({"id": "?id", "key": 5, "$anchor": "key"}, '"$anchor" names "key", which is no variable'),
    ({"id": "?id", "$langTag": "off"}, '"$langTag" is one of show, hide'),
    ({"id": "?id", "$anchr": "id"}, '"$anchr" is no key of a prototype; did you mean "$anchor"?'),
    ({"id": "?id", "in": {"id": "?name", "$limit": 1}}, '"$limit" is no key of a prototype'),
    ({"id": "?id", "$limit": "many"}, '"$limit" takes a whole number from 0'),
    ({"id": "?id", "$offset": -1}, '"$offset" takes a whole number from 0'),
    ({"id": "constant"}, "No member of it comes from the query"),
    ({"@graph": [{"id": "?id"}], "$where": "?s ?p ?o"}, '"$where" beside "@graph" has no effect'),
    ({"id": "?id", "l": ["?nobody"]}, 'no variable "?nobody"'),
]


@pytest.mark.parametrize(("prototype", "sentence"), COMPLAINTS)
def test_what_has_no_effect_is_told(prototype: dict[str, Plain], sentence: str) -> None:
    (complaint,) = read_prototype(prototype, ["id", "name"]).complaints
    assert sentence in complaint


@pytest.mark.parametrize(("prototype", "rows", "expected"), CASES)
def test_what_works_is_not_complained_of(
    prototype: dict[str, Plain], rows: tuple[str, str], expected: list[Plain]
) -> None:
    names = [name.lstrip("?") for name in rows[0].split()]
    assert read_prototype(prototype, names).complaints == ()


def answer(prototype: dict[str, Plain], envelope: bool = False) -> str:
    rows = rows_of(solutions("?id ?n", "(:a 1) (:a 2) (:b 3)"))
    read = read_prototype(prototype, rows.names)
    return "".join(transformed_json(transformed(rows, read), read.context, envelope))


def test_the_answer_has_columns_and_rows() -> None:
    expected = {
        "columns": ["id", "n"],
        "rows": [{"id": "http://e/a", "n": [1, 2]}, {"id": "http://e/b", "n": 3}],
    }
    assert json.loads(answer({"id": "?id", "n": "?n"})) == expected
    assert json.loads("{" + answer({"id": "?id", "n": "?n"}, envelope=True)) == expected


def test_the_answer_in_json_ld_has_the_context() -> None:
    context: dict[str, Plain] = {"@vocab": "http://e/"}
    found = json.loads(answer({"@context": context, "@graph": [{"@id": "?id"}]}))
    assert list(found) == ["@context", "columns", "rows"]
    assert found["@context"] == context
    assert found["rows"] == [{"@id": "http://e/a"}, {"@id": "http://e/b"}]
