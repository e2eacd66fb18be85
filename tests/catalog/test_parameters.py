"""Typed parameters: which texts are taken, which RDF terms they become, what the refusals say."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.parameters import Parameter, fault, read_values, term
from endpoint.errors import BadParameter
from endpoint.vocabulary import XSD
from endpoint.wording import shown


def parameter(kind: str = "string", **fields: object) -> Parameter:
    return Parameter("p", "_p", kind, **fields)  # type: ignore[arg-type]


def test_many_values_among_many_choices_take_linear_time() -> None:
    choices = parameter(multiple=True, enum=tuple(f"choice {number}" for number in range(1000)))

    received = [("p", f"choice {number % 1000}") for number in range(10_000)]
    started = time.thread_time()
    assert len(read_values([choices], received)["_p"]) == 1000  # type: ignore[arg-type]
    # Reading every choice for every value takes ten seconds.
    assert time.thread_time() - started < 2


def typed(value: str, name: str) -> Literal:
    return Literal(value, datatype=NamedNode(XSD + name))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("string", "SONG Tae Eun", Literal("SONG Tae Eun")),
        ("string", " two  blanks ", Literal(" two  blanks ")),
        ("string", "tab\tand\nline", Literal("tab\tand\nline")),
        ("string", "\u1112\u1161\u11ab", Literal("\ud55c")),
        ("string", "e\u0301", Literal("\u00e9")),
        ("integer", "2023", typed("2023", "integer")),
        ("integer", "2023.0", typed("2023", "integer")),
        ("integer", " 2023 ", typed("2023", "integer")),
        ("integer", "+7", typed("7", "integer")),
        ("integer", "-007", typed("-7", "integer")),
        ("integer", "9223372036854775807", typed("9223372036854775807", "integer")),
        ("integer", "-9223372036854775808", typed("-9223372036854775808", "integer")),
        ("decimal", "+03.50", typed("3.5", "decimal")),
        ("decimal", "100", typed("100", "decimal")),
        ("decimal", "1.000000000000000001", typed("1.000000000000000001", "decimal")),
        ("boolean", "1", typed("true", "boolean")),
        ("boolean", "false", typed("false", "boolean")),
        ("date", "2024-02-29", typed("2024-02-29", "date")),
        ("gYear", "2023", typed("2023", "gYear")),
        ("search", '한국의 -"무기 수출" 외교*', Literal('한국의 -"무기 수출" 외교*')),
        ("iri", "http://opendata.mofa.go.kr/core/resource/Country/VN", None),
        ("iri", "urn:한국", None),
    ],
)
def test_a_text_becomes_a_term(kind: str, text: str, expected: Literal | None) -> None:
    assert term(parameter(kind), text) == (expected or NamedNode(text))


def test_a_text_in_a_language_becomes_a_tagged_literal() -> None:
    assert term(parameter("langString", language="ko"), "외교") == Literal("외교", language="ko")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "abc"),
        ("integer", "20 23"),
        ("integer", "2023.5"),
        ("integer", "２０２３"),
        ("integer", "9223372036854775808"),
        ("integer", "1" * 100_000),
        ("integer", "0x10"),
        ("integer", "1_000"),
        ("integer", "--1"),
        ("decimal", "1e3"),
        ("decimal", "."),
        ("decimal", "NaN"),
        ("decimal", "1" * 19),
        ("decimal", "0." + "1" * 19),
        ("boolean", "TRUE"),
        ("boolean", "yes"),
        ("date", "2023-02-29"),
        ("date", "20230522"),
        ("date", "2023-W21-1"),
        ("date", "2023-05-22Z"),
        ("gYear", "23"),
        ("gYear", "20230"),
        ("gYear", "-2023"),
        ("iri", "relative/path"),
        ("iri", "http://example.org/ blank"),
        ("iri", "http://example.org/> } #"),
    ],
)
def test_a_text_that_does_not_fit_its_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(BadParameter) as caught:
        term(parameter(kind), text)
    assert caught.value.parameter == "p"
    assert caught.value.value == shown(text)
    assert TYPES[kind].expects in caught.value.detail
    assert f'Received "{shown(text)}".' in caught.value.detail
    assert len(caught.value.detail) < 300


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty: it takes a text"),
        (" \u3000\t", "is empty"),
        ("a\x00b", "control character U+0000"),
        ("a\x7f", "control character U+007F"),
        ("a\x85", "control character U+0085"),
        ("a\ud800", "control character U+D800"),
        ("a" + "\u0301\u0316" * 50_000, "more than 30 combining marks in a row"),
        ("\ufffd\ufffd", "percent-encoded as UTF-8"),
    ],
)
def test_a_text_that_no_type_takes_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadParameter, match=sentence.replace("+", r"\+")) as caught:
        term(parameter(), text)
    caught.value.detail.encode()
    (caught.value.value or "").encode()


@pytest.mark.parametrize(
    ("rules", "text", "sentence"),
    [
        (parameter("integer", minimum="1900"), "1899", "must be at least 1900. Received"),
        (parameter("integer", minimum="1900", maximum="2100"), "1899", "at least 1900 and at most 2100."),
        (parameter("integer", minimum="9", maximum="10"), "11", "must be at most 10 and at least 9."),
        (parameter("decimal", maximum="0.5"), "0.51", "must be at most 0.5."),
        (parameter("date", minimum="2023-05-22"), "2023-05-21", "must be at least 2023-05-22."),
        (parameter("gYear", maximum="2023"), "2024", "must be at most 2023."),
        (parameter(enum=("KOR", "ENG")), "KO", 'must be one of KOR, ENG; did you mean "KOR"?'),
        (parameter(enum=("KOR", "ENG")), "kor", 'must be one of KOR, ENG; did you mean "KOR"?'),
        (parameter("integer", enum=tuple("123")), "4", "must be one of 1, 2, 3."),
        (parameter(minimum_length=2), "V", "must have at least 2 characters."),
        (parameter(maximum_length=2), "ABC", "must have at most 2 characters."),
        (parameter(pattern="^V[.][0-9]+$", example="V.1"), "V", "must match the pattern"),
        (parameter(pattern="^V[.][0-9]+$", example="V.1"), "V", 'for example "V.1"'),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused(rules: Parameter, text: str, sentence: str) -> None:
    with pytest.raises(BadParameter) as caught:
        term(rules, text)
    assert sentence in caught.value.detail


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (parameter("integer", minimum="1900", maximum="2100"), "1900"),
        (parameter("integer", minimum="1900", maximum="2100"), "2100"),
        (parameter("integer", enum=("7",)), "+7"),
        (parameter("boolean", enum=("true",)), "1"),
        (parameter(pattern="[0-9]"), "V.1"),
        (parameter(enum=("e\u0301",)), "\u00e9"),
    ],
)
def test_a_value_that_keeps_the_rules_is_taken(rules: Parameter, text: str) -> None:
    assert isinstance(term(rules, text), Literal)


AUTHOR = Parameter("author", "_author", example="SONG Tae Eun")
YEAR = Parameter("year", "__year_integer", "integer", required=False)
SORT = Parameter("sort", "_sort", required=False, default="date", enum=("date", "title"))


def test_received_pairs_become_terms_by_variable() -> None:
    terms = read_values((AUTHOR, YEAR, SORT), [("year", "2023"), ("author", "홍길동")])
    assert terms == {
        "_author": Literal("홍길동"),
        "__year_integer": typed("2023", "integer"),
        "_sort": Literal("date"),
    }


@pytest.mark.parametrize(
    ("rules", "received", "rule", "suggestion"),
    [
        (parameter(), [("q", "x")], "unknown", None),
        (Parameter("author", "_author"), [("auhtor", "x")], "unknown", "author"),
        (parameter(), [("p", "x"), ("p", "y")], "repeated", None),
        (parameter(), [], "required", None),
        (parameter(), [("p", " ")], "empty", None),
        (parameter(), [("p", "\x00")], "characters", None),
        (parameter("integer"), [("p", "x")], "type", None),
        (parameter(enum=("KOR", "ENG")), [("p", "KO")], "enum", "KOR"),
        (parameter(pattern="^V"), [("p", "x")], "pattern", None),
        (parameter(minimum_length=2), [("p", "x")], "minLength", None),
        (parameter(maximum_length=2), [("p", "xyz")], "maxLength", None),
        (parameter("integer", minimum="2"), [("p", "1")], "minimum", None),
        (parameter("integer", maximum="2"), [("p", "3")], "maximum", None),
    ],
)
def test_the_rule_that_was_broken_is_named(
    rules: Parameter, received: list[tuple[str, str]], rule: str, suggestion: str | None
) -> None:
    with pytest.raises(BadParameter) as caught:
        read_values((rules,), received)
    assert (caught.value.rule, caught.value.suggestion) == (rule, suggestion)


def test_a_parameter_of_several_values_takes_each_once() -> None:
    several = Parameter("id", "_id_multi_iri", "iri", multiple=True, default="urn:d")
    received = [("id", "urn:b"), ("id", "urn:a"), ("id", "urn:b")]
    assert read_values((several,), received) == {"_id_multi_iri": (NamedNode("urn:b"), NamedNode("urn:a"))}
    assert read_values((several,), []) == {"_id_multi_iri": (NamedNode("urn:d"),)}
    with pytest.raises(BadParameter, match="does not fit"):
        read_values((several,), [("id", "urn:b"), ("id", "no iri")])


def test_a_value_of_another_datatype() -> None:
    typed_as = parameter("typed", datatype="http://example.org/T")
    assert term(typed_as, " x ") == Literal(" x ", datatype=NamedNode("http://example.org/T"))


def test_an_optional_parameter_that_is_absent_has_no_term() -> None:
    assert read_values((YEAR,), []) == {}


@pytest.mark.parametrize(
    ("known", "received", "name", "sentence"),
    [
        (
            (AUTHOR, YEAR),
            [("authr", "x")],
            "authr",
            '"authr"; did you mean "author"? This query takes author, year.',
        ),
        ((AUTHOR,), [("zzz", "x")], "zzz", '"zzz". This query takes author.'),
        ((AUTHOR,), [("Author", "x")], "Author", 'did you mean "author"?'),
        ((), [("zzz", "x")], "zzz", "This query takes no parameters."),
        ((AUTHOR,), [("author", "x"), ("author", "x")], "author", "given more than once"),
        ((AUTHOR,), [], "author", 'is missing: it takes a text, for example "SONG Tae Eun".'),
        ((AUTHOR,), [("author", "")], "author", "is empty"),
        ((YEAR,), [("year", "")], "year", "is empty"),
        (
            (Parameter("n", "_n", "integer"),),
            [],
            "n",
            'it takes a whole number of at most 64 bits, for example "12".',
        ),
    ],
)
def test_pairs_that_do_not_fit_the_query_are_refused(
    known: tuple[Parameter, ...], received: list[tuple[str, str]], name: str, sentence: str
) -> None:
    with pytest.raises(BadParameter) as caught:
        read_values(known, received)
    assert caught.value.parameter == name
    assert sentence in caught.value.detail


@pytest.mark.parametrize(
    ("declared", "key", "sentence"),
    [
        (parameter("integer", minimum="many"), "minimum", '"many" is not a whole number'),
        (parameter("date", maximum="2023"), "maximum", "is not a date"),
        (parameter("integer", enum=("1", "two")), "enum", '"two" is not'),
        (parameter(minimum="1"), "minimum", "have no order"),
        (parameter("iri", maximum="1"), "maximum", '"1" is not an absolute IRI'),
        (parameter("boolean", maximum="1"), "maximum", "have no order"),
        (parameter("integer", minimum="10", maximum="9"), "minimum", "greater than the maximum"),
        (parameter("integer", example="abc"), "example", "does not fit"),
        (parameter("integer", example="3", maximum="2"), "example", "at most 2"),
        (parameter(default="x", enum=("y",)), "default", "must be one of y"),
        (parameter(minimum_length=3, maximum_length=2), "minLength", "greater than maxLength, 2"),
        (parameter("integer", minimum_length=3), "minLength", "have no length"),
        (parameter("date", maximum_length=3), "maxLength", "have no length"),
        (parameter("integer", examples=("1", "x")), "examples", "does not fit"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_told(declared: Parameter, key: str, sentence: str) -> None:
    found = fault(declared)
    assert found is not None
    assert found[0] == key
    assert sentence in found[1]


def test_a_sound_declaration_has_no_fault() -> None:
    sound = parameter("integer", minimum="1", maximum="10", enum=("2", "3"), example="2", default="3")
    assert fault(sound) is None


def test_the_sample_is_the_example_or_the_default_or_the_first_choice() -> None:
    assert parameter(example="a", default="b", enum=("c",)).sample == "a"
    assert parameter(examples=("d", "e"), default="b").sample == "d"
    assert parameter(default="b", enum=("c",)).sample == "b"
    assert parameter(enum=("c", "d")).sample == "c"
    assert parameter().sample is None


@given(st.sampled_from(sorted(TYPES)), st.text(alphabet=st.characters(), max_size=30))
def test_no_text_does_anything_but_fit_or_be_refused(kind: str, text: str) -> None:
    try:
        value = term(parameter(kind, language="ko", datatype="urn:t" if kind == "typed" else None), text)
    except BadParameter as error:
        error.detail.encode()
    else:
        assert isinstance(value, NamedNode if kind == "iri" else Literal)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_integer_of_64_bits_is_taken(number: int) -> None:
    assert term(parameter("integer"), str(number)) == typed(str(number), "integer")


@given(st.dates())
def test_every_date_is_taken(day: object) -> None:
    assert term(parameter("date"), str(day)) == typed(str(day), "date")
