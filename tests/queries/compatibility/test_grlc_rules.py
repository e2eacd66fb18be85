"""Every rule that grlc reads a folder by, as a client of the real server sees it.

The rules themselves, with each of their corners, are tables beside the modules that hold them:

* which lines are decorators, YAML, JSON and line by line: ``tests/catalog/readers/test_grlc.py``;
* each key and what is wrong with it: ``tests/catalog/test_decorators.py`` and
  ``tests/catalog/test_declarations.py``;
* names of variables and types: ``tests/catalog/test_variable_names.py``; values:
  ``tests/catalog/test_parameters.py``;
* names of files, folders, collisions, what lies beside: ``tests/catalog/test_reading_folder.py``;
* where a value may stand, ``LIMIT ?_n`` and ``_multi``: ``tests/sparql/test_parameters.py``;
* SPARQL Transformer and SHACL: ``tests/catalog/readers/test_transformer.py`` and
  ``tests/catalog/readers/test_shacl.py``;
* files in the shapes of people's repositories: ``tests/catalog/readers/test_grlc_repositories.py``;
* ``urls.yml`` over HTTP: ``tests/web/api/test_paths.py``; files that change:
  ``tests/process/test_reload.py``.
"""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote

import pytest

from tests.datasets.grlc_bands import BAND, NAMES, NS
from tests.live import Server

ROCK, JAZZ = f"{NS}rock", f"{NS}jazz"
XSD = "http://www.w3.org/2001/XMLSchema#"


def listed(server: Server, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in server.get("/api").json()["queries"] if row["name"] == name)
    return found


# The rule, the address below /api, and the names that it answers with.
ANSWERS = [
    ("decorator lines stand anywhere, also inside the pattern", "anywhere", ["Five", "Four"]),
    ("decorator lines are one mapping, whatever is between them", "blocks", ["Three", "Two"]),
    ("a header may be JSON, with tabs", "json-header", ["Five", "Four", "One"]),
    ("a header that is no YAML is read key by key", "colon", ["Five", "Four", "One", "Three"]),
    ("the name ends at the first dot", "first", NAMES),
    ("of two files of one name one is served", "twin", NAMES),
    ("the extension .sparql", "by-word?word=ab", ["One"]),
    ("keys that grlc keeps for itself do no harm", "overwritten", NAMES),
    ("a value of a list of choices", f"enumerated?genre={quote(ROCK)}", ["Four", "One"]),
    ("a value that is none of a list of choices", f"enumerated?genre={quote(JAZZ)}", ["Three", "Two"]),
    ("any value where the choices are those of the data", f"from-data?genre={quote(JAZZ)}", ["Three", "Two"]),
    ("method POST is a wish", "posted", NAMES),
    ("an endpoint elsewhere is not asked", "elsewhere", NAMES),
    ("a decorator needs no blank", "bare-comments", NAMES),
    ("a language in the name of a variable", f"by-motto?motto={quote('물결')}", ["One"]),
    ("a language is part of the value", "by-motto?motto=Wave", []),
    ("a query in a folder in a folder", "loud", NAMES),
    ("a name with blanks and Hangul", quote("Get Names of 밴드"), NAMES),
    ("the same name, decomposed", quote(unicodedata.normalize("NFD", "Get Names of 밴드")), NAMES),
    ("a query of SPARQL Transformer", f"names?genre={quote(ROCK)}", ["Four", "One"]),
    ("a query of a SHACL executable", "jazz-bands", ["Three", "Two"]),
    ("a default is applied", "blocks", ["Three", "Two"]),
    ("a default gives way to a value", f"blocks?genre={quote(ROCK)}", ["Four", "One"]),
    ("LIMIT by parameter, OFFSET left out", "limited?n=2", ["Five", "Four"]),
    ("LIMIT and OFFSET by parameter", "limited?n=2&start=1", ["Four", "One"]),
    ("LIMIT 0", "limited?n=0", []),
    ("an optional parameter that is absent stays a variable", "by-optional", NAMES),
    ("an optional parameter that is given", f"by-optional?genre={quote(JAZZ)}", ["Three", "Two"]),
    ("values ?_x_multi_iri {}", f"several?genre={quote(ROCK)}&genre={quote(JAZZ)}", NAMES[1:]),
    ("_multi_val without VALUES", "any-of?nick=ab&nick=O%27Two", ["One", "Two"]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "names"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_a_rule_shows_in_the_answer(bands: Server, path: str, names: list[str]) -> None:
    answer = bands.get(f"/api/{path}")
    assert answer.status == 200, answer.text
    assert [row["name"] for row in answer.json()["rows"]] == names


# The query, a member of its row in the list, and its value: every decorator that people's files have.
LISTED = [
    ("anywhere", "summary", {"": "Between the lines"}),
    ("anywhere", "tags", ["middle"]),
    ("anywhere", "pageSize", 2),
    ("anywhere", "description", {"": "at the end"}),
    ("blocks", "summary", {"": "First block"}),
    ("json-header", "summary", {"": "In JSON"}),
    ("json-header", "tags", ["j"]),
    ("json-header", "pageSize", 3),
    ("colon", "summary", {"": "Foo: bar"}),
    ("colon", "tags", ["c"]),
    ("bare-comments", "summary", {"": "No blank"}),
    ("bare-comments", "tags", ["x"]),
    ("elsewhere", "licence", "http://example.org/licence"),
    ("posted", "method", "POST"),
    ("by-motto", "tags", ["rock", "motto"]),
    ("loud", "tags", ["rock", "old"]),
    ("names", "summary", {"": "A block of text"}),
    ("names", "tags", ["json"]),
    ("jazz-bands", "summary", {"en": "Bands of jazz"}),
    ("jazz-bands", "tags", ["sib"]),
    ("any-band", "form", "ASK"),
]


@pytest.mark.parametrize(("name", "member", "value"), LISTED)
def test_a_decorator_shows_in_the_list(bands: Server, name: str, member: str, value: object) -> None:
    assert listed(bands, name)[member] == value


def test_a_default_makes_a_parameter_optional(bands: Server) -> None:
    (genre,) = listed(bands, "blocks")["parameters"]
    assert (genre["default"], genre["required"], genre["type"]) == (JAZZ, False, "iri")


def test_mime_is_the_format_for_who_asks_for_none(bands: Server) -> None:
    assert bands.get("/api/table").type == bands.get("/api/table", "*/*").type == "text/csv"
    assert bands.get("/api/table", "application/json").type == "application/json"
    assert listed(bands, "table")["formats"][0]["mediaType"] == "text/csv"


def test_transform_shapes_the_json(bands: Server) -> None:
    rows = bands.get("/api/shaped").json()["rows"]
    assert rows[0] == {"id": f"{BAND}5", "names": ["Five"]}
    assert bands.get("/api/shaped.csv").text.splitlines()[1] == f"{BAND}5,Five"


def test_an_enumeration_is_a_list_with_or_without_values(bands: Server) -> None:
    def values(name: str) -> list[str]:
        found = bands.get(f"/api/{name}/values/genre").json()["values"]
        return [row["value"] for row in found]

    assert values("enumerated") == [ROCK, f"{NS}folk"]
    described = bands.get("/api/openapi.json").json()["paths"]["/api/enumerated"]["get"]["parameters"][0]
    assert "enum" not in described["schema"]
    assert [row["value"] for row in described["examples"].values()] == [ROCK, f"{NS}folk"]
    assert values("from-data") == [f"{NS}folk", JAZZ, ROCK]
    assert values("by-variable") == [f"{NS}folk", JAZZ, ROCK]
    assert f"{bands.url}/api/by-variable/values/name" in [
        row.get("values") for row in listed(bands, "by-variable")["parameters"]
    ]


def literal(value: str, datatype: str = "") -> dict[str, str]:
    term = {"type": "literal", "value": value}
    return {**term, "datatype": datatype} if datatype else term


# The query, what a client sends, and the term that it becomes in SPARQL JSON.
TERMS = [
    ("as-plain", "a", literal("a")),
    ("as-dollar", "a", literal("a")),
    ("as-literal", "a", literal("a")),
    ("as-string", "a", literal("a")),
    ("as-xsd-string", "a", literal("a")),
    ("as-val", "a", literal("a")),
    ("as-iri", "urn:한국", {"type": "uri", "value": "urn:한국"}),
    ("as-number", "5", literal("5", f"{XSD}integer")),
    ("as-number", "5.5", literal("5.5", f"{XSD}decimal")),
    ("as-number", "5e1", literal("50", f"{XSD}double")),
    ("as-integer", "-7", literal("-7", f"{XSD}integer")),
    ("as-date", "2024-02-29", literal("2024-02-29", f"{XSD}date")),
    ("as-xsd-date", "2024-02-29", literal("2024-02-29", f"{XSD}date")),
    ("as-year", "2024", literal("2024", f"{XSD}gYear")),
    ("as-boolean", "1", literal("true", f"{XSD}boolean")),
    ("as-code", "B1", literal("B1", f"{NS}Code")),
    ("as-korean", "책", {**literal("책"), "xml:lang": "ko"}),
    ("as-traditional", "書", {**literal("書"), "xml:lang": "zh-hant"}),
    ("as-name", "a", literal("a")),
]


@pytest.mark.parametrize(("name", "sent", "term"), TERMS)
def test_the_end_of_a_name_is_the_type_of_the_value(
    bands: Server, name: str, sent: str, term: dict[str, str]
) -> None:
    answer = bands.get(f"/api/{name}.srj?x={quote(sent)}")
    assert answer.json()["results"]["bindings"] == [{"y": term}]


@pytest.mark.parametrize("name", ["as-iri", "as-number", "as-integer", "as-date", "as-year", "as-boolean"])
def test_a_value_that_is_not_of_the_type_is_refused(bands: Server, name: str) -> None:
    answer = bands.get(f"/api/{name}?x=n%20o")
    assert (answer.status, answer.json()["parameter"], answer.json()["rule"]) == (400, "x", "type")


def test_strings_and_comments_keep_what_looks_like_a_parameter(bands: Server) -> None:
    assert bands.get("/api/quoted-names?word=ab").json()["rows"] == [{"name": "One", "text": "?_word"}]
    assert bands.get("/api/quoted-names/explain?word=ab").text.endswith('foaf:nick "ab" } # ?_word\n')


def test_common_prefixes_need_no_declaration(bands: Server) -> None:
    assert len(bands.get("/api/no-prefixes").json()["rows"]) == 6
    explained = bands.get("/api/no-prefixes/explain").text
    assert "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n" in explained


# The file, the line, and what is said: grlc leaves such files out of its description without a word.
PROBLEMS = [
    ("broken.rq", 4, 'This "(" is not closed'),
    ("fragments.tpf", None, "Triple Pattern Fragments are not supported"),
    ("twice-named.rq", 1, 'both the parameter "x"'),
    ("twin.sparql", None, 'The name "twin", which ends at the first dot, is taken by twin.rq'),
    ("writes.rq", None, "holds an update"),
]
NOTICES = [
    ("endpoint.txt", None, "the address in this file is not used"),
    ("elsewhere.rq", 1, "endpoint, endpoint_in_url, endpoint-method: this server answers from its own data"),
    ("elsewhere.rq", 5, 'Unknown key "frequency". It is kept and changes nothing.'),
    ("colon.rq", 1, '"summary" is read as a plain text'),
    ("quoted-names.rq", 1, "?_word stands in a string and is no parameter there"),
    ("as-name.rq", 1, '"name" in its name is no type and no language'),
    ("package.json", None, "holds no query"),
    *(
        ("overwritten.rq", line, f'Unknown key "{key}"')
        for line, key in enumerate(
            ("query", "type", "original_query", "parameters", "variables", "proto", "opt"), 1
        )
    ),
]


@pytest.mark.parametrize("member", ["problems", "notices"])
def test_what_is_odd_is_told_with_its_place_and_nothing_else_is(bands: Server, member: str) -> None:
    expected = PROBLEMS if member == "problems" else NOTICES
    found = bands.get("/api").json()[member]
    for file, line, words in expected:
        told = [row["detail"] for row in found if (row["file"], row["line"]) == (file, line)]
        assert any(words in detail for detail in told), (file, line, told)
    assert len(found) == len(expected)


def test_the_folder_tells_of_itself(bands: Server) -> None:
    about = bands.get("/api").json()
    assert (about["title"], about["description"]) == ({"": "밴드"}, {"": "About bands"})
    assert about["contact"] == {"name": "A. Person", "url": "http://example.org/person"}
    assert about["licence"] == "http://example.org/licence"


def test_an_unknown_extension_after_a_name_is_no_other_name(bands: Server) -> None:
    assert bands.get("/api/first.v2").status == 406
    assert bands.get("/api/first.csv").type == "text/csv"
    assert bands.get("/api/fragments").status == 404
