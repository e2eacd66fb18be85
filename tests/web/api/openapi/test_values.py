"""Schemas of parameters: what they allow the server reads, and what they forbid it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator

from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.parameters import Parameter, term
from endpoint.errors import BadParameter
from endpoint.web.api.openapi.values import (
    TEXT,
    TEXT_SCHEMA,
    json_value,
    parameter_examples,
    parameter_schema,
)
from tests.properties import examples


def parameter_of(name: str, **more: Any) -> Parameter:
    language = "ko" if name == "langString" else None
    datatype = "http://example.org/Code" if name == "typed" else None
    return Parameter("x", "_x", name, language, datatype=datatype, **more)


def allows(parameter: Parameter, value: object) -> bool:
    """Return whether the schema of the parameter allows a JSON value."""
    whole = {**parameter_schema(parameter), "components": {"schemas": {TEXT: dict(TEXT_SCHEMA)}}}
    return bool(OAS31Validator(whole).is_valid(value))


def takes(parameter: Parameter, value: object) -> bool:
    """Return whether the server accepts the value from a URL or a JSON body."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        term(parameter, text)
    except BadParameter:
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_a_schema_that_allows_its_sample(name: str) -> None:
    parameter = parameter_of(name)
    sample = json_value(parameter, TYPES[name].sample)
    assert allows(parameter, sample)
    assert takes(parameter, sample)


WRONG = [
    ("string", ""),
    ("string", " \t"),
    ("string", "\u3000"),
    ("string", "a\x00b"),
    ("string", "\ufffd"),
    ("search", " "),
    ("iri", "no iri"),
    ("iri", "14209"),
    ("integer", 1.5),
    ("integer", 2**63),
    ("int", 2**31),
    ("byte", 128),
    ("unsignedByte", -1),
    ("positiveInteger", 0),
    ("negativeInteger", 0),
    ("decimal", "1e5"),
    ("boolean", "yes"),
    ("date", "2023-5-2"),
    ("date", "2023-13-01"),
    ("dateTime", "2023-05-22"),
    ("dateTimeStamp", "2023-05-22T09:00:00"),
    ("time", "24:00:00"),
    ("gYear", 999),
    ("gYear", 10000),
    ("gYearMonth", "2023-13"),
    ("gMonth", "05"),
    ("gMonthDay", "--02-30"),
    ("gMonthDay", "--04-31"),
    ("gDay", "---32"),
    ("duration", "P"),
    ("duration", "P1YT"),
    ("dayTimeDuration", "P1Y"),
    ("yearMonthDuration", "P1D"),
    ("normalizedString", "a\nb"),
    ("token", "two  blanks"),
    ("language", "korean_language"),
    ("anyURI", "a b"),
    ("hexBinary", "0FB"),
    ("base64Binary", "dGV4"[:3]),
    ("NCName", "two words"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_the_server_refuses_the_schema_forbids(name: str, value: object) -> None:
    parameter = parameter_of(name)
    assert not takes(parameter, value)
    assert not allows(parameter, value)


# Types whose patterns leave something to the server: days that a month has not, letters of any script,
# and what else an IRI may not hold.
LOOSE = {"date", "dateTime", "dateTimeStamp", "iri", "QName", "Name", "NMTOKEN", "NMTOKENS"}
LOOSE |= {"NCName", "ID", "IDREF", "ENTITY"}
PATTERNS = {
    name: schema["pattern"]
    for name in TYPES
    if name not in LOOSE and isinstance((schema := parameter_schema(parameter_of(name))).get("pattern"), str)
}


@pytest.mark.parametrize("name", PATTERNS)
@settings(max_examples=examples(20), derandomize=True, database=None)
@given(data=st.data())
def test_the_server_takes_what_a_pattern_allows(name: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(str(PATTERNS[name])).map(lambda text: text.removesuffix("\n")))
    parameter = parameter_of(name)
    if allows(parameter, value):
        assert takes(parameter, value)


@settings(max_examples=examples(300), derandomize=True, database=None)
@given(text=st.text(max_size=6), name=st.sampled_from(sorted(TYPES)))
def test_of_any_text_the_server_takes_no_more_than_the_schema_says(text: str, name: str) -> None:
    parameter = parameter_of(name)
    schema = parameter_schema(parameter)
    if takes(parameter, text) and schema.get("type", "string") == "string" and text == text.strip():
        assert allows(parameter, text)


@settings(max_examples=examples(300), derandomize=True, database=None)
@given(text=st.text(max_size=6))
def test_a_text_is_a_text(text: str) -> None:
    parameter = parameter_of("string")
    assert takes(parameter, text) == allows(parameter, text)


RULES: list[tuple[Parameter, dict[str, object]]] = [
    (
        parameter_of("gYear", minimum="1948", maximum="2100", default="2023"),
        {"type": "integer", "minimum": 1948, "maximum": 2100, "default": 2023},
    ),
    (
        parameter_of("int", minimum="5"),
        {"type": "integer", "minimum": 5, "maximum": 2**31 - 1, "format": "int32"},
    ),
    (parameter_of("byte", enum=("1", "02")), {
        "type": "integer", "minimum": -128, "maximum": 127, "format": "int8", "enum": [1, 2],
    }),
    (
        parameter_of("string", pattern="^[A-Z]", minimum_length=2, maximum_length=9),
        {"$ref": "#/components/schemas/Text", "pattern": "^[A-Z]", "minLength": 2, "maxLength": 9},
    ),
    (
        parameter_of("gMonth", pattern="0"),
        {"type": "string", "pattern": "^--(0[1-9]|1[0-2])$", "allOf": [{"pattern": "0"}]},
    ),
    (
        parameter_of("boolean", multiple=True, default="1"),
        {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "default": [True]},
    ),
    (
        # JSON has no such number.
        parameter_of("double", default="INF"),
        {"type": "number", "format": "double"},
    ),
    (parameter_of("double", enum=("1", "INF")), {"enum": [1, "INF"]}),
    (parameter_of("boolean", offered=("true",)), {"type": "boolean"}),
]  # fmt: skip


@pytest.mark.parametrize(("parameter", "schema"), RULES)
def test_rules_of_a_parameter_are_in_its_schema(parameter: Parameter, schema: dict[str, object]) -> None:
    assert parameter_schema(parameter) == schema


def test_examples_are_values_of_their_type() -> None:
    parameter = parameter_of("integer", example="007", examples=("1", "007"))
    assert parameter_examples(parameter) == [7, 1]
    assert parameter_examples(parameter_of("integer", example="1", offered=("2", "1", "03"))) == [1, 2, 3]
    assert parameter_examples(parameter_of("number", examples=("5", "5.5", "1e2"))) == [5, 5.5, 100.0]
