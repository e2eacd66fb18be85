"""Faults of grlc, RAMOSE, BASIL, TriplyDB and Datasette, each as a request that this server answers.

Every row names the system and its fault; what is asserted is what this server does. Faults whose whole table
is elsewhere have one row here: paging, pages that outlive a generation, paths and the description in
``tests/web/api``, formats and bodies in ``tests/web/http``.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.datasets.grlc_bands import BAND, NAMES, NS, make
from tests.live import Answer, Server, new_client, serving
from tests.storage import publishing
from tests.waiting import until

ROCK = f"{NS}rock"
JSON = {"Content-Type": "application/json"}
INJECTED = quote('x" } UNION { ?band ex:name ?name } #')


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [row["name"] for row in answer.json()["rows"]]


def links(answer: Answer) -> dict[str, str]:
    return {name: url for url, name in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("link", ""))}


def follow(server: Server, url: str) -> Answer:
    return server.get(url.removeprefix(server.url))


# What the other system does, the address below /api, and the names that are right.
ROWS = [
    ('grlc: a"b becomes a syntax error', "by-nick?nick=a%22b", ["One"]),
    ("grlc: a value is SPARQL", f"by-nick?nick={INJECTED}", []),
    ("grlc: ?_a is replaced within ?_ab", "prefixed-names?a=One&ab=Two", ["One", "Two"]),
    ("grlc: LIMIT ?_n is no query", "limited?n=3", ["Five", "Four", "One"]),
    ("grlc: one value only", "any-of?nick=ab&nick=O'Two", ["One", "Two"]),
    ("grlc: defaults are told and not applied", "defaulted", ["Four", "One"]),
    ("grlc: an enumeration without values breaks", f"from-data?genre={quote(ROCK)}", ["Four", "One"]),
    ("grlc: what has a default is required all the same", "sensible", ["Four", "One"]),
    ("grlc: prefixes have to be declared", f"by-nick?nick={quote('송 태은')}", ["Five"]),
    ("RAMOSE: a path ends at a question mark that is data", "bands/by-nick/a%3Fb%23c", ["Four"]),
    ("TriplyDB: variables make a query invalid", "by-nick?nick=back%5Cslash", ["Two"]),
    ("TriplyDB: the LIMIT of a subselect goes", "inner?page=all", ["Five", "Four", "One"]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_rows_are_right_where_they_are_not_elsewhere(bands: Server, path: str, expected: list[str]) -> None:
    assert names(bands.get(f"/api/{path}")) == expected


# What the other system does, the request, the status, and members of the problem.
REFUSED: list[tuple[str, str, int, dict[str, Any]]] = [
    ("grlc: 500 without a required parameter", "by-nick", 400, {"parameter": "nick", "rule": "required"}),
    ("BASIL: any exception is a 500", "by-year?year=", 400, {"parameter": "year", "rule": "empty"}),
    ("grlc: types are never checked", "by-year?year=abc", 400, {"parameter": "year", "rule": "type"}),
    ("grlc: types are never checked (IRI)", "described?band=x%20y", 400, {"rule": "type"}),
    ("BASIL: no rules", "by-year?year=1066", 400, {"parameter": "year", "rule": "minimum"}),
    ("Datasette: no choices", "sensible?genre=urn:folk", 400, {"parameter": "genre", "rule": "enum"}),
    ("grlc: unknown names are ignored", "by-nick?nik=ab", 400, {"rule": "unknown", "suggestion": "nick"}),
    ("grlc: one of several values is taken", "by-nick?nick=a&nick=b", 400, {"rule": "repeated"}),
    ("grlc: a failure upstream is a 200", "fails", 500, {"code": "evaluation-failed"}),
    ("grlc: a deadline upstream is a 200", "endless", 504, {"code": "deadline-exceeded", "timeout": 4.0}),
    ("RAMOSE: whole results in memory", "greedy", 503, {"code": "memory-limit-exceeded"}),
    ("grlc: .csv may be JSON", "is-there.csv?name=One", 406, {"code": "not-acceptable"}),
    ("TriplyDB: a graph is paged by rows of its WHERE", f"built?genre={quote(ROCK)}&page=1", 400, {}),
    ("TriplyDB: more than 10,000 rows", "in-twos?pageSize=10001", 400, {"rule": "maximum"}),
    ("grlc: page=0", "in-twos?page=0", 400, {"parameter": "page"}),
    ("grlc: ?endpoint= is asked", "by-nick?nick=a&endpoint=urn:a", 400, {"parameter": "endpoint"}),
    ("grlc: no word on a name that is nearly right", "by-nik", 404, {"code": "not-found"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "members"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_failure_is_told_as_what_it_is(
    bands: Server, path: str, status: int, members: dict[str, Any]
) -> None:
    answer = bands.get(f"/api/{path}", X_Forwarded_For=new_client())
    assert (answer.status, answer.type) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"] == problem["message"]
    assert {key: problem.get(key) for key in members} == members


def test_ramose_answers_json_whatever_is_asked_for(bands: Server) -> None:
    answer = bands.get("/api/echo?x=1", "image/png")
    assert (answer.status, answer.json()["code"]) == (406, "not-acceptable")
    assert {"application/json", "text/csv"} <= set(answer.json()["offered"])


def test_grlc_answers_500_without_an_accept_header(bands: Server) -> None:
    connection = bands.connection()
    connection.putrequest("GET", "/api/in-twos", skip_accept_encoding=True)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.getheader("content-type")) == (200, "application/json")
    assert len(json.loads(response.read())["rows"]) == 2
    connection.close()


def test_grlc_guesses_its_links(bands: Server) -> None:
    """There ``last`` is page 500.0 of 1,000 results that it made up, ``prev`` of page 1 is page 0 and
    ``next`` of the first page is the first page."""
    pages = [bands.get(f"/api/in-twos?count=true&page={number}") for number in (1, 2, 3)]
    assert [set(links(page)) for page in pages] == [
        {"first", "next", "last"},
        {"first", "prev", "next", "last"},
        {"first", "prev", "last"},
    ]
    assert [page.headers["x-total-count"] for page in pages] == ["5", "5", "5"]
    second = links(pages[1])
    for relation, number in (("first", 1), ("prev", 1), ("next", 3), ("last", 3)):
        assert follow(bands, second[relation]).json()["page"] == number
    seen, answer = names(pages[0]), pages[0]
    while "next" in links(answer):
        answer = follow(bands, links(answer)["next"])
        seen += names(answer)
    assert seen == NAMES


def test_grlc_removes_every_limit_of_a_paged_query(bands: Server) -> None:
    first = bands.get("/api/inner")
    assert names(first) == ["Five", "Four"]
    assert names(follow(bands, links(first)["next"])) == ["One"]
    explained = bands.get("/api/inner/explain").text
    assert "LIMIT 3 }" in explained
    assert "LIMIT 9" in explained


def test_ramose_answers_a_page_beyond_the_end_with_422(bands: Server) -> None:
    answer = bands.get("/api/in-twos?page=9")
    assert names(answer) == []
    assert answer.json()["total"] == 5
    assert names(follow(bands, links(answer)["prev"])) == ["Two"]


def test_ramose_fetches_the_whole_result_for_a_page(bands: Server) -> None:
    first = bands.get("/api/many?pageSize=2")
    assert len(names(first)) == len(names(follow(bands, links(first)["next"]))) == 2
    assert bands.get("/api/many?count=true&pageSize=2").json()["total"] is None
    assert bands.get("/api/endless?pageSize=2").status == 504


def test_a_query_with_from_is_paged_as_it_stands(bands: Server) -> None:
    """A query around the query cannot page it: FROM has no place in a subselect."""
    first = bands.get("/api/toured?pageSize=1").json()
    second = follow(bands, first["links"]["next"]).json()
    assert [*first["rows"], *second["rows"]] == [{"city": "Busan"}, {"city": "Seoul"}]
    assert "next" not in second["links"]


EXTENSIONS = [
    ("csv", "text/csv", lambda body: body.splitlines()[0] == "name"),
    ("tsv", "text/tab-separated-values", lambda body: body.splitlines()[0] == "?name"),
    ("srx", "application/sparql-results+xml", lambda body: "<sparql" in body),
    ("srj", "application/sparql-results+json", lambda body: "results" in json.loads(body)),
    ("json", "application/json", lambda body: "rows" in json.loads(body)),
    ("ndjson", "application/x-ndjson", lambda body: all(map(json.loads, body.splitlines()))),
    ("md", "text/markdown", lambda body: body.startswith("| name |")),
    ("html", "text/html", lambda body: "<table>" in body),
]


@pytest.mark.parametrize(("extension", "media_type", "holds"), EXTENSIONS, ids=[row[0] for row in EXTENSIONS])
def test_grlc_answers_in_whatever_format_comes_from_upstream(
    bands: Server, extension: str, media_type: str, holds: Callable[[str], bool]
) -> None:
    answer = bands.get(f"/api/in-twos.{extension}", "image/png")
    assert (answer.status, answer.type) == (200, media_type)
    assert holds(answer.text)


def test_grlc_and_ramose_have_no_ask_and_no_describe(bands: Server) -> None:
    forms = {row["name"]: row["form"] for row in bands.get("/api").json()["queries"]}
    assert (forms["is-there"], forms["described"], forms["built"]) == ("ASK", "DESCRIBE", "CONSTRUCT")
    assert bands.get("/api/is-there?name=One").json()["boolean"] is True
    assert bands.get("/api/is-there.srj?name=One").json()["boolean"] is True
    turtle = bands.get(f"/api/described.ttl?band={quote(BAND)}1")
    assert (turtle.status, turtle.type) == (200, "text/turtle")
    assert "Wave" in turtle.text
    assert bands.get(f"/api/built.nt?genre={quote(ROCK)}").text.count("\n") == 2


def test_ramose_flattens_every_value_to_a_string(bands: Server) -> None:
    rows = bands.get("/api/typed").json()["rows"]
    assert rows[2] == {
        "founded": 1999,
        "rating": 4.5,
        "active": None,
        "motto": "물결",
        "since": "1999",
        "band": f"{BAND}1",
    }
    assert rows[4]["active"] is True


def test_prez_drops_languages_and_datatypes(bands: Server) -> None:
    one = bands.get("/api/typed.srj").json()["results"]["bindings"][2]
    assert one["motto"] == {"type": "literal", "xml:lang": "ko", "value": "물결"}
    assert one["since"]["datatype"].endswith("#gYear")
    assert "active" not in one
    tagged = bands.get("/api/typed?languageTags=true").json()["rows"][2]["motto"]
    assert tagged == {"value": "물결", "language": "ko"}


def test_grlc_asks_any_server_that_a_client_names(bands: Server, elsewhere: socket.socket) -> None:
    """There ``?endpoint=`` is honoured whatever the file says: a way into the network of the server."""
    address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/sparql"
    asked = [f"/api/{name}?endpoint={quote(address)}" for name in ("elsewhere", "anywhere")]
    asked += [f"/api/elsewhere?specUrl={quote(address)}", f"/api/elsewhere.csv?endpoint={quote(address)}"]
    for path in asked:
        assert bands.get(path).status == 400
    body = json.dumps({"endpoint": address}).encode()
    assert bands.request("POST", "/api/elsewhere", body, JSON).status == 400
    assert names(bands.get("/api/elsewhere")) == NAMES
    with pytest.raises(BlockingIOError):
        elsewhere.accept()


@pytest.mark.parametrize(
    "path", ["in-twos", "by-nick", "nothing", "echo?x=1", "fails", "in-twos.rq", "by-nick/explain?nick=a"]
)
def test_ramose_allows_any_origin_with_credentials(bands: Server, path: str) -> None:
    """A browser refuses that pair, and where it did not the user's cookies would be anybody's."""
    answer = bands.get(f"/api/{path}", Origin="https://example.org")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    exposed = answer.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("Link", "ETag", "X-Total-Count", "Deprecation"))


def test_a_preflight_is_answered(bands: Server) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = bands.request("OPTIONS", "/api/by-nick", None, headers)
    assert answer.status == 204
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_basil_alone_shows_what_runs(bands: Server) -> None:
    told = bands.get("/api/by-nick/explain?nick=a%22b", "application/json").json()
    assert told["parameters"] == {"nick": 'a"b'}
    answer = bands.query(told["query"], "application/json", told["url"].removeprefix(bands.url))
    assert answer.rows() == [{"name": "One"}]
    path = bands.get("/api/bands/by-nick/a%3Fb%23/explain").text
    assert 'foaf:nick "a?b#" }' in path
    assert bands.get("/api/by-nick.rq").text.endswith("ORDER BY ?name\n")


def test_swagger_of_grlc_has_no_schema_of_the_rows(bands: Server) -> None:
    document = bands.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for name in ("typed", "limited", "grouped"):
        path = f"/api/{name}"
        schema = document["components"]["schemas"][f"query.{name}"]["properties"]["rows"]["items"]
        sample = {"typed": "", "limited": "?n=1", "grouped": f"?genre={quote(ROCK)}"}[name]
        assert list(schema["properties"]) == bands.get(path + sample).json()["columns"]
        assert path in document["paths"]
    # Each file that loads is described, whatever its form and its enumerations are.
    listed = {f"/api/{quote(row['name'])}" for row in bands.get("/api").json()["queries"]}
    assert listed <= set(document["paths"])


def test_ramose_answers_from_a_cache_of_yesterday(tmp_path: Path) -> None:
    """Its answers are kept for a day whatever the data does; those of grlc carry no validator at all."""
    dataset = make(tmp_path / "dataset", "http://127.0.0.1:9/sparql")
    more = tmp_path / "more.ttl"
    more.write_text('<urn:six> <http://example.org/ns/name> "Six" .\n')
    with serving(tmp_path / "data", "--dataset", str(dataset), "--workers", "1") as server:
        before = server.get("/api/posted")
        tag = before.headers["etag"]
        assert (names(before), before.headers["cache-control"]) == (NAMES, "no-cache")
        assert server.get("/api/posted", If_None_Match=tag).status == 304
        publishing.load(more, "urn:more", dataset, server.data)
        until(lambda: server.get("/api/posted", If_None_Match=tag).status != 304)
        answer = server.get("/api/posted", If_None_Match=tag)
        assert "Six" in names(answer)
        assert answer.json()["generation"] == 2
        assert answer.headers["etag"] != tag
