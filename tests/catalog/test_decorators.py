"""The keys of a header: what each becomes, and what is wrong with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from endpoint.catalog import Catalog, Options
from endpoint.catalog.decorators import GRLC, OWN
from endpoint.catalog.reading import read_catalog
from endpoint.formats import CSV, FLAT_JSON, JSON_LD, SPARQL_JSON, TURTLE

SELECT = "SELECT ?s WHERE { ?s ?p ?_author , ?__year_gYear }\n"
CONSTRUCT = "CONSTRUCT { ?s ?p ?_author } WHERE { ?s ?p ?_author , ?__year_gYear }\n"


def read(folder: Path, header: str, query: str = SELECT) -> Catalog:
    (folder / "q.rq").write_text("".join(f"#+ {line}\n" for line in header.split("\n")) + query)
    return read_catalog(folder, 64)


OPTIONS: list[tuple[str, str, Options]] = [
    ("method: post", SELECT, Options(method="POST")),
    ("pagination: 50", SELECT, Options(page_size=50)),
    ("mime: text/turtle", CONSTRUCT, Options(format=TURTLE)),
    ("mime: text/csv", SELECT, Options(format=CSV)),
    ("formats: [json, csv]", SELECT, Options(formats=(FLAT_JSON, CSV))),
    ("formats: srj", SELECT, Options(formats=(SPARQL_JSON,))),
    ("formats: [ttl, json-ld]", CONSTRUCT, Options(formats=(TURTLE, JSON_LD))),
    ("cache: 3600", SELECT, Options(cache=3600)),
    ("cache: 0", SELECT, Options(cache=0)),
    ("path: /publications/by-author/{author}", SELECT, Options(path="/publications/by-author/{author}")),
    ("path: /저자/{author}/{year}", SELECT, Options(path="/저자/{author}/{year}")),
    ("licence: https://example.org/l", SELECT, Options(licence="https://example.org/l")),
    ("license: CC0", SELECT, Options(licence="CC0")),
    ("deprecated: true", SELECT, Options(deprecated=True)),
    ("deprecated: false", SELECT, Options()),
    ("deprecated: Ask q2.", SELECT, Options(deprecated=True, deprecation={"": "Ask q2."})),
    (
        "deprecated: {ko: 쓰지 마십시오., en: Ask q2.}",
        SELECT,
        Options(deprecated=True, deprecation={"ko": "쓰지 마십시오.", "en": "Ask q2."}),
    ),
    ("deprecated: 2026-01-31", SELECT, Options(deprecated=True, since=date(2026, 1, 31))),
    (
        "deprecated: {since: 2026-01-31, sunset: 2027-01-31, successor: q, link: https://e.org/why, ko: 끝}",
        SELECT,
        Options(
            deprecated=True,
            deprecation={"ko": "끝"},
            since=date(2026, 1, 31),
            sunset=date(2027, 1, 31),
            successor="q",
            deprecation_link="https://e.org/why",
        ),
    ),
    ("frame: {'@type': Thing, '@embed': true}", CONSTRUCT, Options(frame={"@type": "Thing", "@embed": True})),
    (
        'transform: {"key": "?p", "$anchor": "key"}',
        SELECT,
        Options(transform={"key": "?p", "$anchor": "key"}),
    ),
    ("frequency: 5\nowner: {a: [1]}", SELECT, Options(extra={"frequency": 5, "owner": {"a": [1]}})),
]


@pytest.mark.parametrize(("header", "query", "expected"), OPTIONS)
def test_a_key_becomes_an_option(tmp_path: Path, header: str, query: str, expected: Options) -> None:
    catalog = read(tmp_path, header, query)
    assert catalog.problems == ()
    assert catalog.queries["q"].options == expected


NOTICED: list[tuple[str, str]] = [
    ("method: DELETE", 'The method "DELETE" is none that reads'),
    ("pagination: many", '"pagination" takes a whole number from 1'),
    ("pagination: 0", '"pagination" takes a whole number from 1'),
    ("mime: text/turtle", "is no format of a query that is SELECT"),
    ("transform: x", '"transform" takes keys with values'),
    ("licence: [a]", '"licence" takes a text'),
    ("enumerate: [nobody]", 'no variable for the parameter "nobody"'),
    ("enumerate: {authr: [a]}", '"authr"; did you mean "author"?'),
    ("enumerate: {year: [soon]}", 'The enumerate of "year" is left out: "soon" is not a year'),
    ("enumerate: [[a]]", '"enumerate" takes a list of parameters'),
    ("enumerate: {author: [a, [b]]}", "those that are no texts are left out"),
    ("defaults: [{year: soon}]", 'The default of "year" is left out'),
    ("defaults: [{author: [a]}]", 'The default of "author" is no text'),
    ("defaults: [{nobody: 5}]", 'no variable for the parameter "nobody"'),
    ("descripton: x", 'did you mean "description"?'),
    *((f"{key}:", f'"{key}" has no value') for key in GRLC),
]


@pytest.mark.parametrize(("header", "sentence"), NOTICED)
def test_a_key_of_grlc_never_keeps_a_query_from_loading(tmp_path: Path, header: str, sentence: str) -> None:
    catalog = read(tmp_path, header)
    assert catalog.problems == ()
    (notice,) = catalog.notices
    assert sentence in notice.detail
    assert (notice.file, notice.line) == (tmp_path / "q.rq", 1)


WRONG: list[tuple[str, str, str]] = [
    ("cache: soon", SELECT, '"cache" takes a whole number from 0'),
    ("formats: [json, ttl]", SELECT, '"ttl" is no format of a query that is SELECT'),
    ("formats: [cvs]", SELECT, 'did you mean "csv"?'),
    ("frame: q.frame.json", SELECT, "A frame shapes statements; this query is SELECT"),
    ("frame: missing.json", CONSTRUCT, "cannot be read"),
    ("frame: ../secret.json", CONSTRUCT, "must lie beside the query"),
    ("frame: /etc/passwd", CONSTRUCT, "must lie beside the query"),
    ("path: by-author/{author}", SELECT, "begins with a slash"),
    ("path: /", SELECT, "begins with a slash"),
    ("path: /a/{authr}", SELECT, 'no parameter "authr"; did you mean "author"?'),
    ("path: /{author}/{author}", SELECT, "takes one value at one place"),
    ("path: /a//b", SELECT, "neither a plain word"),
    ("path: /a/x{author}", SELECT, "neither a plain word"),
    ("path: /a/..", SELECT, "neither a plain word"),
    ("path: /{author}/by-author", SELECT, "begins with a plain word"),
    ("path: /openapi.json", SELECT, 'begin with "openapi.json"'),
    ("path: /docs/{author}", SELECT, 'begin with "docs"'),
    ("deprecated: {korean: x}", SELECT, "no language tag"),
    ("deprecated: 2026-02-30", SELECT, "takes a date"),
    ("deprecated: {sunset: soon}", SELECT, "takes a date"),
    ("deprecated: {since: 2026-02-01, sunset: 2026-01-31}", SELECT, "before it is deprecated"),
    ("deprecated: {link: 'javascript:alert(1)'}", SELECT, "http or https URL"),
    ("deprecated: {link: 'https://example.org/a b'}", SELECT, "http or https URL"),
    *((f"{key}:", SELECT, f'"{key}" takes') for key in ("params", "formats", "cache", "frame")),
]


@pytest.mark.parametrize(("header", "query", "sentence"), WRONG)
def test_a_key_of_ours_that_is_wrong_is_a_problem(
    tmp_path: Path, header: str, query: str, sentence: str
) -> None:
    if header == "frame:":
        query = CONSTRUCT
    catalog = read(tmp_path, header, query)
    (problem,) = catalog.problems
    assert sentence in problem.detail
    assert (problem.file, problem.line) == (tmp_path / "q.rq", 1)
    assert catalog.queries == {}


def test_a_frame_is_read_from_its_file_which_is_no_query(tmp_path: Path) -> None:
    (tmp_path / "q.frame.json").write_text('{"@type": "Thing"}')
    catalog = read(tmp_path, "frame: q.frame.json", CONSTRUCT)
    assert (catalog.problems, catalog.notices) == ((), ())
    assert catalog.queries["q"].options.frame == {"@type": "Thing"}


@pytest.mark.parametrize(("content", "sentence"), [("{", "is not JSON"), ("[]", "is no JSON object")])
def test_a_frame_that_is_none(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "q.frame.json").write_text(content)
    (problem,) = read(tmp_path, "frame: q.frame.json", CONSTRUCT).problems
    assert sentence in problem.detail


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ("#+ path: /a/{year}\n" + SELECT, 'clashes with the query "a-first"'),
        ("#+ path: /a-first\n" + SELECT, 'clashes with the query "a-first"'),
        ("#+ path: /a-first/explain\n" + SELECT, 'clashes with the query "a-first"'),
        ("#+ path: /a/{author}/explain\n" + SELECT, 'clashes with the query "a-first"'),
    ],
)
def test_paths_that_cannot_be_told_apart(tmp_path: Path, other: str, sentence: str) -> None:
    (tmp_path / "a-first.rq").write_text("#+ path: /a/{author}\n" + SELECT)
    (tmp_path / "b.rq").write_text(other)
    catalog = read_catalog(tmp_path, 64)
    assert list(catalog.queries) == ["a-first"]
    (problem,) = catalog.problems
    assert sentence in problem.detail
    assert problem.file == tmp_path / "b.rq"


def test_no_key_is_one_that_grlc_keeps_for_itself() -> None:
    taken = {"query", "type", "original_query", "parameters", "variables", "proto", "opt"}
    assert not taken & {*GRLC, *OWN}
