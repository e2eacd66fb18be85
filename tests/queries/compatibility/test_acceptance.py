"""Whole folders and whole crawls: every file answers, any text is one value, every row is visited once.

Beside this: parameters as grlc finds them ``test_grlc_parameters.py``, negotiation and failures
``test_negotiation.py``. What only the modules show is beside them: links that are followed to the end
while other generations are published ``tests/web/api/test_old_pages.py``, each shape of a query in pages
``tests/web/api/test_paging.py``, any text at any place of a template
``tests/catalog/readers/test_grlc_repositories.py``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal as RdflibLiteral
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from endpoint.catalog.reading import read_catalog
from endpoint.errors import BadParameter
from endpoint.sparql.lexer import lex
from tests.datasets.grlc_bands import FILES, NAMES, NS
from tests.live import Server
from tests.properties import examples

# Everything loads and runs with sample values, or is told with its place.

BROKEN = {"broken.rq", "fragments.tpf", "twice-named.rq", "twin.sparql", "writes.rq"}
ASIDE = {"package.json", "endpoint.txt", "local-api-config.ini"}
# They fail by design: a query that no engine has, one without end, one without bound.
FAILING = {"fails": 500, "endless": 504, "greedy": 503, "many": 504}


def test_every_file_answers_or_is_told_of(bands: Server) -> None:
    listed = bands.get("/api").json()
    files = {
        Path(name).stem.partition(".")[0] for name in FILES if name not in {*BROKEN, *ASIDE, "examples.ttl"}
    }
    assert {row["name"] for row in listed["queries"]} == files | {"any-band", "jazz-bands"}
    assert {row["file"] for row in listed["problems"]} == BROKEN


SAMPLES = {
    "iri": f"{NS}rock",
    "integer": "1",
    "number": "1",
    "gYear": "2010",
    "date": "2024-02-29",
    "boolean": "true",
}


def sample(parameter: Mapping[str, str | None]) -> str:
    told = parameter["example"] or parameter["default"]
    return told or SAMPLES.get(parameter["type"] or "", "x")


def test_every_query_runs_with_sample_values(bands: Server) -> None:
    for row in bands.get("/api").json()["queries"]:
        if row["name"] in FAILING:
            continue
        values = [f"{item['name']}={quote(sample(item))}" for item in row["parameters"]]
        for path in (f"{row['url']}?{'&'.join(values)}", f"{row['url']}/explain?{'&'.join(values)}"):
            answer = bands.get(path.removeprefix(bands.url))
            assert answer.status == 200, (row["name"], answer.text)


# Any text is one literal, and the query around it stays what it is.

ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.lists(
    st.sampled_from([*"\"'\\{}()#<>?$_x^@\n\t .;,|%한é", "?_nick", "'''", '"""', "} #", "UNION"]),
    min_size=1,
    max_size=8,
).map("".join)


@given(text=ANY)
@settings(max_examples=examples(80))
def test_any_text_comes_back_as_itself(bands: Server, text: str) -> None:
    answer = bands.get(f"/api/echo?x={quote(text, safe='')}")
    if answer.status == 200:
        assert answer.json()["rows"] == [{"y": unicodedata.normalize("NFC", text)}]
    else:
        assert (answer.status, answer.json()["parameter"]) == (400, "x")
        assert re.search(r"[\x00-\x1f\x7f-\x9f\ufffd]", text) or not text.strip()


@given(text=ANY)
@settings(max_examples=examples(60))
def test_any_iri_comes_back_as_itself(bands: Server, text: str) -> None:
    answer = bands.get(f"/api/echo-iri.srj?x={quote(f'urn:{text}', safe='')}")
    if answer.status == 200:
        (row,) = answer.json()["results"]["bindings"]
        assert row["y"] == {"type": "uri", "value": unicodedata.normalize("NFC", f"urn:{text}".strip())}
    else:
        assert (answer.status, answer.json()["parameter"]) == (400, "x")


def shape(node: object) -> object:
    """The algebra of another implementation, its literals without their values."""
    match node:
        case CompValue():
            return (node.name, tuple((key, shape(value)) for key, value in sorted(node.items())))
        case RdflibLiteral():
            return ("literal", node.datatype, node.language)
        case list() | tuple():
            return tuple(shape(item) for item in node)
        case set():
            return tuple(sorted(str(item) for item in node))
    return str(node)


@given(text=ANY)
@settings(max_examples=examples(50))
def test_the_algebra_does_not_depend_on_the_value(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("algebra")
    (folder / "q.rq").write_text("PREFIX ex: <http://example.org/ns/>\n" + FILES["by-nick.rq"])
    query = read_catalog(folder, 64).queries["q"]
    plain = query.operation([("nick", "x")]).text
    try:
        bound = query.operation([("nick", text)]).text
    except BadParameter:
        return
    assert [token.kind for token in lex(bound).tokens] == [token.kind for token in lex(plain).tokens]
    # It reads \u escapes also behind a backslash that is escaped itself.
    if re.search(r"\\[uU]", text) is None:
        assert shape(translateQuery(parseQuery(bound)).algebra) == shape(
            translateQuery(parseQuery(plain)).algebra
        )


# Following the links visits every row once; prev of page 2 is page 1; no next on the last.


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_links_visit_every_row_once(bands: Server, size: int) -> None:
    path: str | None = f"/api/posted?pageSize={size}"
    rows: list[str] = []
    pages: list[str] = []
    while path is not None:
        answer = bands.get(path)
        found = {name: url for url, name in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["link"])}
        rows += [row["name"] for row in answer.json()["rows"]]
        pages.append(answer.json()["rows"][0]["name"])
        if len(pages) > 1:
            before = bands.get(found["prev"].removeprefix(bands.url)).json()
            assert (before["page"], before["rows"][0]["name"]) == (len(pages) - 1, pages[-2])
        else:
            assert "prev" not in found
        path = found["next"].removeprefix(bands.url) if "next" in found else None
    assert rows == NAMES
    assert len(pages) == -(-len(NAMES) // size)
