"""Templates of values and their filters."""

from __future__ import annotations

import pytest

from endpoint.ingest.tables.templates import UnreadableValue, parse_template


@pytest.mark.parametrize(
    ("filters", "text", "expected"),
    [
        ("", " a\tB ", " a\tB "),
        ("|trim", " \u00a0a  b\n", "a  b"),
        ("|collapse-space", " a \n b ", "a b"),
        ("|remove-space|lower", "IFANS  Focus\u00a0\t한 글", "ifansfocus한글"),
        ("|upper", "eng", "ENG"),
        ("|date", "2023-05-22", "2023-05-22"),
        ("|date", "20230522", "2023-05-22"),
        ("|date", "2023.5.22", "2023-05-22"),
        ("|date", " 2023. 05. 22. ", "2023-05-22"),
        ("|date", "2023/5/22", "2023-05-22"),
        ("|date", "2023년 5월 22일", "2023-05-22"),
        ("|date", "2023-05-22 09:30:00", "2023-05-22"),
        ("|date", "2023-05-22T09:30:00.000+09:00", "2023-05-22"),
        ("|date-to-integer", "2024-02-29", "20240229"),
        ("|date-to-integer", "0999-01-02", "09990102"),
        ("|year", "2023", "2023"),
        ("|year", "1999.07", "1999"),
        ("|year", "199907", "1999"),
        ("|year", "20230522", "2023"),
        ("|year", "2023년 5월", "2023"),
    ],
)
def test_filters(filters: str, text: str, expected: str) -> None:
    assert parse_template(f"{{c{filters}}}").fill({"c": (text,)}) == [expected]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2023-02-29"),
        ("date", "2023-13-01"),
        ("date", "1999.07"),
        ("date", "22.5.2023"),
        ("date", "45068"),
        ("date", "２０２３-05-22"),
        ("date", "2023-05-22 and more"),
        ("date-to-integer", "00000000"),
        ("year", "May 2023"),
        ("year", "23"),
        ("year", "20230"),
    ],
)
def test_what_is_no_date_is_reported(name: str, text: str) -> None:
    with pytest.raises(UnreadableValue) as caught:
        parse_template(f"{{c|{name}}}").fill({"c": (text,)})
    assert caught.value.args[1:] == ("c", text)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("constant", ["constant"]),
        ("{{{a}}}", ["{x y}"]),
        ("{a}-{b}", ["x y-1", "x y-2"]),
        ("{a}{missing}", []),
        ("{blank}", []),
        ("{b}", ["1", "2"]),
    ],
)
def test_templates(template: str, expected: list[str]) -> None:
    cells = {"a": ("x y",), "b": ("1", "2"), "blank": (" ",)}
    assert parse_template(template).fill(cells) == expected


def test_what_columns_add_to_an_iri_is_encoded() -> None:
    template = parse_template("http://example.org/{a}")
    assert template.fill({"a": ('한글 A/B?#%<>"{}|\\^`·(1)',)}, encode=True) == [
        "http://example.org/한글%20A%2FB%3F%23%25%3C%3E%22%7B%7D%7C%5C%5E%60%C2%B7(1)"
    ]
    assert parse_template("{a}").fill({"a": ("http://example.org/a?b",)}, encode=True) == [
        "http://example.org/a?b"
    ]
