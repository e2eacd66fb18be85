"""Paths of saved queries: which template a path fits, and what it gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.catalog.paths import Match, filled, match_path, shape, split_extension

TEMPLATES = (
    "/publications/{publication}",
    "/publications/latest",
    "/publications/{publication}/related",
    "/publications/by-author/{author}",
    "/저자/{author}/{year}",
)

FITS = [
    (["publications", "14209"], TEMPLATES[0], [("publication", "14209")], "", "publications/14209"),
    (
        ["publications", "14209.csv"],
        TEMPLATES[0],
        [("publication", "14209")],
        "csv",
        "publications/14209.csv",
    ),
    (["publications", "V.1"], TEMPLATES[0], [("publication", "V.1")], "", "publications/V.1"),
    (["publications", "V.1.json"], TEMPLATES[0], [("publication", "V.1")], "json", "publications/V.1.json"),
    (
        ["publications", "a.csv.json"],
        TEMPLATES[0],
        [("publication", "a.csv")],
        "json",
        "publications/a.csv.json",
    ),
    (
        ["publications", "a.CSL.json"],
        TEMPLATES[0],
        [("publication", "a")],
        "CSL.json",
        "publications/a.CSL.json",
    ),
    (["publications", ".csv"], TEMPLATES[0], [("publication", ".csv")], "", "publications/.csv"),
    (["publications", "a/b c"], TEMPLATES[0], [("publication", "a/b c")], "", "publications/a%2Fb%20c"),
    (["publications", "latest"], TEMPLATES[1], [], "", "publications/latest"),
    (["publications", "latest.csv"], TEMPLATES[1], [], "csv", "publications/latest.csv"),
    (["publications", "latest.pdf"], TEMPLATES[1], [], "pdf", "publications/latest.pdf"),
    (
        ["publications", "7", "related.md"],
        TEMPLATES[2],
        [("publication", "7")],
        "md",
        "publications/7/related.md",
    ),
    (
        ["publications", "7.csv", "related"],
        TEMPLATES[2],
        [("publication", "7.csv")],
        "",
        "publications/7.csv/related",
    ),
    (
        ["저자", "송", "1"],
        TEMPLATES[4],
        [("author", "송"), ("year", "1")],
        "",
        "%EC%A0%80%EC%9E%90/%EC%86%A1/1",
    ),
    (["\u110c\u1165\u110c\u1161", "송", "1"], TEMPLATES[4], [("author", "송"), ("year", "1")], "", None),
]


@pytest.mark.parametrize(("segments", "template", "given", "extension", "written"), FITS)
def test_a_path_fits_a_template(
    segments: list[str], template: str, given: list[tuple[str, str]], extension: str, written: str | None
) -> None:
    found = match_path(TEMPLATES, segments)
    assert found is not None
    assert found == Match(template, tuple(given), extension, written or found.written)


@pytest.mark.parametrize(
    "segments", [["publications"], ["x", "y"], ["publications", "7", "x"], ["a"] * 9, [""]]
)
def test_a_path_fits_none(segments: list[str]) -> None:
    assert match_path(TEMPLATES, segments) is None


def test_a_plain_path_has_no_extension() -> None:
    found = match_path(TEMPLATES, ["publications", "14209.csv"], plain=True)
    assert found is not None
    assert (found.given, found.extension) == ((("publication", "14209.csv"),), "")


@given(st.text(min_size=1))
def test_every_value_is_had_with_an_extension_of_its_own(value: str) -> None:
    found = match_path(TEMPLATES, ["publications", "by-author", f"{value}.tsv"])
    assert found is not None
    assert (found.given, found.extension) == ((("author", value),), "tsv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", ("a", "")), ("a.b", ("a.b", "")), ("a.b.csv", ("a.b", "csv")), ("csv", ("csv", ""))],
)
def test_an_extension_is_one_of_a_format(text: str, expected: tuple[str, str]) -> None:
    assert split_extension(text) == expected


def test_shapes_and_fillings() -> None:
    assert shape("/a/{author}/b") == shape("/a/{year}/b") == "/a/{}/b"
    assert filled("/a/{author}/b", ["x", "y"]) == "a/y/b"
    assert filled("/a/{author}", ["x"]) == "a/{author}"
