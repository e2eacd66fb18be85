"""Declarations of parameters by the variables of a saved query and its ``params:``."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint.errors import BadParameter
from tests.catalog.test_reading import BODY, problem_of, query_of


@pytest.mark.parametrize(
    ("variable", "params", "expected"),
    [
        ("?_x", "", ("string", None, True)),
        ("?__x", "", ("string", None, False)),
        ("$_x_decimal", "", ("decimal", None, True)),
        ("?_x_number", "", ("number", None, True)),
        ("?_x_literal", "", ("string", None, True)),
        ("?_x_xsd_date", "", ("date", None, True)),
        ("?__x_gYear", "", ("gYear", None, False)),
        ("?_x_en", "", ("langString", "en", True)),
        ("?_x", "type: boolean", ("boolean", None, True)),
        ("?_x_integer", "type: integer", ("integer", None, True)),
        ("?_x", "type: langString, language: ko-Kore", ("langString", "ko-Kore", True)),
        ("?_x", "type: xsd:gYearMonth", ("gYearMonth", None, True)),
        ("?_x_name", "type: iri", ("iri", None, True)),
        ("?_x_multi", "type: iri, class: owl:Class", ("iri", None, True)),
        ("?_x", "required: false", ("string", None, False)),
        ("?__x", "required: true", ("string", None, True)),
        ("?_x", "default: no", ("string", None, False)),
    ],
)
def test_a_variable_and_its_entry_tell_the_type(
    tmp_path: Path, variable: str, params: str, expected: tuple[str, str | None, bool]
) -> None:
    header = f"#+ params: {{x: {{{params}}}}}\n" if params else ""
    query = query_of(tmp_path, f"{header}ASK {{ ?s ?p {variable} }}")
    (row,) = query.parameters
    assert (row.name, row.type, row.language, row.required) == ("x", *expected)


def test_everything_that_params_can_say(tmp_path: Path) -> None:
    query = query_of(
        tmp_path,
        """\
#+ params:
#+   x: {minLength: 1, maxLength: 9, examples: [a, b], multiple: true}
#+   lang: {enum: {KOR: {ko: 국문, en: Korean}, ENG: English}}
#+   kind: {enum: [a, {b: B}]}
#+   of: {class: skos:Concept}
#+   in: {class: <http://example.org/C>}
#+   code: {type: ex:Code}
PREFIX ex: <http://example.org/>
ASK { ?s ?p ?_x , ?_lang , ?_kind , ?_of_iri , ?_in_iri , ?_code }
""",
    )
    x, lang, kind, of, within, code = query.parameters
    assert (x.minimum_length, x.maximum_length, x.examples, x.multiple) == (1, 9, ("a", "b"), True)
    assert lang.enum == ("KOR", "ENG")
    assert lang.labels == {"KOR": {"ko": "국문", "en": "Korean"}, "ENG": {"": "English"}}
    assert (kind.enum, kind.labels) == (("a", "b"), {"b": {"": "B"}})
    assert of.class_iri == "http://www.w3.org/2004/02/skos/core#Concept"
    assert within.class_iri == "http://example.org/C"
    assert (code.type, code.datatype) == ("typed", "http://example.org/Code")
    bound = query.operation([("x", "a"), ("x", "b"), ("lang", "KOR"), ("kind", "b"), ("code", "c"),
                               ("of", "urn:o"), ("in", "urn:i")]).text  # fmt: skip
    assert 'VALUES ?_x { "a" "b" }' in bound
    assert '"c"^^<http://example.org/Code>' in bound


def test_grlc_shows_what_params_decides(tmp_path: Path) -> None:
    header = "#+ enumerate: [{x: [a, b]}, y]\n#+ defaults: [{x: a}, {y: c}]\n#+ params: {x: {default: b}}\n"
    x, y = query_of(tmp_path, header + "ASK { ?s ?p ?_x , ?_y }").parameters
    assert (x.enum, x.offered, x.default, x.required) == ((), ("a", "b"), "b", False)
    assert (y.from_data, y.default, y.required) == (True, "c", False)


def test_enumerate_offers_and_enum_decides(tmp_path: Path) -> None:
    query = query_of(tmp_path, "#+ enumerate: [{x: [a, b]}]\nASK { ?s ?p ?_x }")
    (x,) = query.parameters
    assert (x.sample, query.operation([("x", "c")]).text) == ("a", 'ASK { ?s ?p "c" }')
    header = "#+ enumerate: [{x: [a, b]}]\n#+ params: {x: {enum: [c]}}\n"
    (x,) = query_of(tmp_path, header + "ASK { ?s ?p ?_x }").parameters
    assert (x.enum, x.offered) == (("c",), ())


def test_parameters_stand_in_the_order_of_the_text_and_not_in_strings(tmp_path: Path) -> None:
    text = 'ASK { ?_b ?p "?_c" ; <http://example.org/?_d> ?_a ; ?p ?_b } # ?_e'
    assert [row.name for row in query_of(tmp_path, text).parameters] == ["b", "a"]


WRONG: list[tuple[str, int, int, str]] = [
    (
        "#+ params:\n#+   nmae: {example: x}\n" + BODY,
        2,
        6,
        'no variable for the parameter "nmae"; did you mean "name"?',
    ),
    ("#+ params: {name: {exmple: x}}\n" + BODY, 1, 20, 'Unknown key "exmple"; did you mean "example"?'),
    (
        "#+ params: {name: {type: intger}}\n" + BODY,
        1,
        20,
        'unknown type "intger"; did you mean "integer"?',
    ),
    ("#+ params: {name: {type: text}}\n" + BODY, 1, 20, 'type "text"; did you mean "string"?'),
    ("#+ params: {year: {type: string}}\n" + BODY, 1, 20, "is string here and integer in ?_year_integer"),
    (
        "#+ params: {year: {example: abc}}\n" + BODY,
        1,
        20,
        'The example of "year" is wrong: The parameter "year" does not fit',
    ),
    ("#+ params: {year: {example: 3, maximum: 2}}\n" + BODY, 1, 20, "at most 2"),
    (
        "#+ enumerate: [{year: [3]}]\n#+ params: {year: {maximum: 2}}\n" + BODY,
        2,
        13,
        'The enumerate of "year" is wrong: The parameter "year" must be at most 2',
    ),
    ("#+ params: {year: {minimum: 3, maximum: 2}}\n" + BODY, 1, 20, "greater than the maximum"),
    ("#+ params: {name: {maximum: 2}}\n" + BODY, 1, 20, "have no order"),
    ("#+ params: {name: {pattern: '('}}\n" + BODY, 1, 20, "no regular expression"),
    (
        "#+ params: {name: {pattern: 'a(?=b)'}}\n" + BODY,
        1,
        20,
        "(RE2): invalid perl operator",
    ),
    ("#+ params: {name: {required: maybe}}\n" + BODY, 1, 20, "true or false"),
    ("#+ params: {name: {required: true, default: x}}\n" + BODY, 1, 20, "is not required"),
    ("#+ params: {name: {type: langString}}\n" + BODY, 1, 20, "needs a language"),
    ("#+ params: {name: {type: langString, language: x_y}}\n" + BODY, 1, 38, "no language tag"),
    ("#+ params: {year: {language: ko}}\n" + BODY, 1, 20, "takes no language"),
    ("#+ params: {year: {class: owl:Class}}\n" + BODY, 1, 20, "Only a parameter of type iri"),
    ("#+ params: {name: {type: iri, class: no:C x}}\n" + BODY, 1, 31, "is no absolute IRI"),
    ("#+ params: {name: {type: iri, class: Thing}}\n" + BODY, 1, 31, "is no absolute IRI"),
    ("#+ params: {name: {type: typed}}\n" + BODY, 1, 20, 'unknown type "typed"'),
    ("#+ params: {name: {multiple: often}}\n" + BODY, 1, 20, "true or false"),
    ("#+ params: {name: {minLength: -1}}\n" + BODY, 1, 20, "whole number from 0"),
    ("#+ params: {name: {minLength: 5, example: x}}\n" + BODY, 1, 34, "at least 5 characters"),
    ("ASK {\n ?s ?p ?_x_intger }", 2, 8, 'unknown type "intger"; did you mean "integer"?'),
    ("ASK { ?s ?_x ?__x_integer }", 1, 14, '?__x_integer and ?_x are both the parameter "x"'),
    ("ASK { ?s ?p ?_format }", 1, 13, 'No parameter can have the name "format"'),
    ("SELECT (1 AS ?_x) {}", 1, 14, "stands after AS"),
    ("SELECT * {\n VALUES ?_x { 1 } }", 2, 9, "heads a VALUES block"),
    ("SELECT * {} LIMIT ?_n_date", 1, 19, "make it an integer"),
    ("SELECT * { FILTER(?x IN (?_x_multi)) } LIMIT ?_n_multi_integer", 1, 46, "one number"),
]


@pytest.mark.parametrize(("content", "line", "column", "sentence"), WRONG, ids=[row[3] for row in WRONG])
def test_a_declaration_that_is_wrong_is_a_problem_with_a_place(
    tmp_path: Path, content: str, line: int, column: int, sentence: str
) -> None:
    problem = problem_of(tmp_path, content)
    assert sentence in problem.detail
    assert (problem.line, problem.column) == (line, column)


def test_a_limit_takes_a_number_from_zero(tmp_path: Path) -> None:
    query = query_of(tmp_path, "#+ params: {n: {default: 10}}\nSELECT * { ?s ?p ?o } LIMIT ?_n_integer")
    assert query.operation([]).text.endswith("LIMIT 10")
    assert query.operation([("n", "3")]).text.endswith("LIMIT 3")
    with pytest.raises(BadParameter, match="at least 0"):
        query.operation([("n", "-1")])


@pytest.mark.parametrize("variable", ["?_n", "?_n_number", "?_n_integer", "?_n_nonNegativeInteger"])
def test_a_limit_makes_a_number_of_its_parameter(tmp_path: Path, variable: str) -> None:
    query = query_of(tmp_path, f"SELECT * {{ ?s ?p ?o }} LIMIT {variable} OFFSET ?__m")
    assert query.operation([("n", "5")]).text.rstrip() == "SELECT * { ?s ?p ?o } LIMIT 5"
    assert query.operation([("n", "5"), ("m", "7")]).text == "SELECT * { ?s ?p ?o } LIMIT 5 OFFSET 7"
    with pytest.raises(BadParameter, match=r"must be at least 0|from 0"):
        query.operation([("n", "-1")])


def test_a_limit_keeps_its_own_minimum(tmp_path: Path) -> None:
    query = query_of(tmp_path, "#+ params: {n: {minimum: 5}}\nSELECT * { ?s ?p ?o } OFFSET ?_n_integer")
    with pytest.raises(BadParameter, match="at least 5"):
        query.operation([("n", "4")])
