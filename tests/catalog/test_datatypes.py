"""The lexical rules of the types of XML Schema."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode

from endpoint.catalog.datatypes import TYPES, number_type
from endpoint.catalog.parameters import Parameter, fault, term
from endpoint.errors import BadParameter
from endpoint.vocabulary import XSD

TAKEN: list[tuple[str, str, str]] = [
    ("nonNegativeInteger", "0", "0"),
    ("positiveInteger", "+1", "1"),
    ("integer", "2.0", "2"),
    ("nonPositiveInteger", "-0", "0"),
    ("negativeInteger", "-1", "-1"),
    ("long", "-9223372036854775808", "-9223372036854775808"),
    ("int", "2147483647", "2147483647"),
    ("short", "-32768", "-32768"),
    ("byte", "127", "127"),
    ("unsignedLong", "18446744073709551615", "18446744073709551615"),
    ("unsignedByte", "255", "255"),
    ("decimal", ".5", "0.5"),
    ("decimal", "5.", "5"),
    ("double", "1e3", "1e3"),
    ("double", "-INF", "-INF"),
    ("float", "NaN", "NaN"),
    ("dateTime", "2023-05-22T09:00:00", "2023-05-22T09:00:00"),
    ("dateTime", "2023-05-22T09:00:00.25+09:00", "2023-05-22T09:00:00.25+09:00"),
    ("dateTimeStamp", "2023-05-22T09:00:00Z", "2023-05-22T09:00:00Z"),
    ("time", "23:59:59", "23:59:59"),
    ("gYearMonth", " 2023-05 ", "2023-05"),
    ("gMonth", "--12", "--12"),
    ("gMonthDay", "--02-29", "--02-29"),
    ("gDay", "---31", "---31"),
    ("duration", "-P1Y2M3DT4H5M6.7S", "-P1Y2M3DT4H5M6.7S"),
    ("dayTimeDuration", "P1DT5M", "P1DT5M"),
    ("yearMonthDuration", "P2Y", "P2Y"),
    ("anyURI", "../a?b#c", "../a?b#c"),
    ("language", "zh-Hant-TW", "zh-Hant-TW"),
    ("normalizedString", " two  blanks ", " two  blanks "),
    ("token", " one two ", "one two"),
    ("hexBinary", "0fB7", "0fB7"),
    ("base64Binary", "dGV4dA==", "dGV4dA=="),
    ("QName", "ex:name", "ex:name"),
    ("NCName", "이름-1", "이름-1"),
    ("NMTOKENS", "1a b", "1a b"),
]


@pytest.mark.parametrize(("kind", "text", "form"), TAKEN)
def test_a_text_of_the_type(kind: str, text: str, form: str) -> None:
    assert term(Parameter("p", "_p", kind), text) == Literal(form, datatype=NamedNode(XSD + kind))


REFUSED: list[tuple[str, str]] = [
    ("nonNegativeInteger", "-1"),
    ("positiveInteger", "0"),
    ("nonPositiveInteger", "1"),
    ("negativeInteger", "0"),
    ("int", "2147483648"),
    ("short", "32768"),
    ("byte", "128"),
    ("unsignedLong", "18446744073709551616"),
    ("unsignedInt", "-1"),
    ("unsignedShort", "65536"),
    ("double", "1e"),
    ("double", "inf"),
    ("float", "0x1"),
    ("dateTime", "2023-05-22"),
    ("dateTime", "2023-02-29T00:00:00"),
    ("dateTime", "2023-05-22T24:00:00"),
    ("dateTime", "2023-05-22T09:00:00+15:00"),
    ("dateTimeStamp", "2023-05-22T09:00:00"),
    ("time", "9:00:00"),
    ("gYearMonth", "2023-13"),
    ("gMonth", "--13"),
    ("gMonthDay", "--02-30"),
    ("gDay", "---32"),
    ("duration", "P"),
    ("duration", "P1YT"),
    ("dayTimeDuration", "P1Y"),
    ("yearMonthDuration", "P1D"),
    ("anyURI", "a b"),
    ("language", "zh_Hant"),
    ("normalizedString", "a\tb"),
    ("token", "two  blanks"),
    ("hexBinary", "0fB"),
    ("base64Binary", "dGV4dA"),
    ("QName", "a:b:c"),
    ("NCName", "a:b"),
    ("Name", "1a"),
    ("NMTOKEN", "a b"),
    ("number", "1e"),
    ("number", "one"),
]


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_a_text_that_is_not_of_the_type(kind: str, text: str) -> None:
    with pytest.raises(BadParameter) as caught:
        term(Parameter("p", "_p", kind), text)
    assert TYPES[kind].expects in caught.value.detail


@pytest.mark.parametrize(
    ("text", "kind"),
    [("5", "integer"), ("-5", "integer"), ("5.0", "decimal"), (".5", "decimal"), ("5e0", "double")],
)
def test_a_number_has_the_type_that_sparql_gives_it(text: str, kind: str) -> None:
    assert number_type(text) == kind
    found = term(Parameter("p", "_p", "number"), text)
    assert isinstance(found, Literal)
    assert found.datatype == NamedNode(XSD + kind)


@pytest.mark.parametrize("kind", TYPES)
def test_the_sample_of_a_type_is_of_the_type(kind: str) -> None:
    assert TYPES[kind].read(TYPES[kind].sample)
    order = TYPES[kind].order
    if order is not None:
        assert order(TYPES[kind].read(TYPES[kind].sample)) is not None


@pytest.mark.parametrize(
    ("kind", "less", "more"),
    [
        ("double", "-INF", "1e3"),
        ("dateTime", "2023-05-22T09:00:00+09:00", "2023-05-22T00:00:00.5Z"),
        ("gYearMonth", "2022-12", "2023-01"),
        ("gMonthDay", "--01-31", "--02-01"),
        ("number", "9.5", "1e1"),
    ],
)
def test_values_are_compared_as_values(kind: str, less: str, more: str) -> None:
    assert fault(Parameter("p", "_p", kind, minimum=less, maximum=more)) is None
    assert fault(Parameter("p", "_p", kind, minimum=more, maximum=less)) is not None
    with pytest.raises(BadParameter, match="must be at least"):
        term(Parameter("p", "_p", kind, minimum=more), less)
    with pytest.raises(BadParameter, match="must be at most"):
        term(Parameter("p", "_p", kind, maximum=less), more)


def test_what_is_no_number_is_within_no_bounds() -> None:
    with pytest.raises(BadParameter, match="must be at most 5"):
        term(Parameter("p", "_p", "double", maximum="5"), "NaN")
