"""SERVICE text:search over HTTP, on the real server and the project's own data."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

import pytest
from rdflib.plugins.sparql import prepareQuery

from tests.live import ROOT, Server

PUBLICATION = "http://opendata.mofa.go.kr/mofapub/resource/Publication/"
EXAMPLES = re.findall(r"```sparql\n(.*?)```", (ROOT / "docs" / "text-in-sparql.md").read_text(), re.DOTALL)
JSON = "application/json"


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_standard_sparql_and_finds_something(server: Server, text: str) -> None:
    prepareQuery(text)
    answer = server.query(text, accept="text/csv, application/n-triples")
    assert answer.status == 200
    assert PUBLICATION in answer.text or re.search(r"^20[0-9]{2},[0-9]", answer.text, re.MULTILINE)


def test_the_first_example_has_rows_with_all_its_parts(server: Server) -> None:
    (row,) = server.query(EXAMPLES[0]).rows()
    assert row["publication"] == f"{PUBLICATION}14168"
    assert row["title"] == "한 해를 넘긴 우크라이나 전쟁의 향방 전망"
    assert float(row["score"]) > 0
    assert "<mark>" in row["snippet"]


ASK = 'ASK { SERVICE text:search { ?p text:query "전쟁" } }'
SELECT = 'SELECT * { SERVICE text:search { ?p text:query "전쟁" ; text:score ?score } ?p a ?class }'


def test_every_way_to_send_it(server: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = [
        server.query(ASK),
        server.post(ASK),
        server.request("POST", "/sparql", urlencode({"query": ASK}).encode(), form),
        server.query(ASK, path="/lod/sparql"),
        server.query(ASK, path="/mofapub/sparql"),
    ]
    assert [answer.json()["boolean"] for answer in answers] == [True] * 5


def test_columns_come_as_they_were_written(server: Server) -> None:
    assert server.query(SELECT).json()["head"]["vars"] == ["p", "score", "class"]


def test_one_datasets_endpoint_restricts_the_patterns(server: Server) -> None:
    text = 'SELECT ?p { SERVICE text:search { ?p text:query "전쟁" } ?p a ?class }'
    assert server.query(text, path="/mofapub/sparql").rows()
    assert not server.query(text, path="/mofadocu/sparql").rows()


def test_the_same_generation_gives_the_same_answer(server: Server) -> None:
    first = server.query(SELECT)
    again = server.get(f"/sparql?query={quote(SELECT)}", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    volatile = SELECT.replace("}", "BIND(NOW() AS ?now) }", 2).replace("BIND(NOW() AS ?now) }", "}", 1)
    assert "etag" not in server.query(volatile).headers


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ("text/csv", "p,score,class"),
        ("text/html", "<table>"),
        ("application/sparql-results+xml", "<variable"),
    ],
)
def test_formats(server: Server, accept: str, said: str) -> None:
    assert said in server.query(SELECT, accept).text


# Query, what is said, and the line and column where.
MISTAKES = [
    ('SELECT * {\n  SERVICE text:search { ?p text:qery "a" } }', "Did you mean text:query?", (2, 28)),
    ('SELECT * {\n  SERVICE text:search { ?p text:query "a" ; text:field "titel" } }', '"title"', (2, 56)),
    ("SELECT * { SERVICE text:search { ?p text:query ?words } }", "saved query", (1, 48)),
    ('SELECT * { SERVICE text:search { ?p text:query "a" }\n ?p a }', '"}" is not expected', (2, 7)),
    ('SELECT * {\nOPTIONAL SERVICE text:search { ?p text:query "a" } }', '"SERVICE" is not', (2, 10)),
    ('SELECT * { { ?a ?b ?c } UNION SERVICE text:search { ?p text:query "a" } }', '"SERVICE" is', (1, 31)),
    (
        'SELECT ?p { SERVICE text:search { ?p text:query "a" }\n} ORDER BY',
        "The query ends too early",
        (2, 11),
    ),
]


@pytest.mark.parametrize(("text", "said", "place"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_mistakes_are_explained_where_they_are(
    server: Server, text: str, said: str, place: tuple[int, int]
) -> None:
    answer = server.query(text, accept=JSON)
    problem = answer.json()
    assert (answer.status, problem["code"]) == (400, "malformed-query")
    assert said in problem["detail"]
    assert (problem["line"], problem["column"]) == place


HOSTILE = [
    ("SELECT * { SERVICE text:search { SERVICE <http://127.0.0.1:1/> {} } }", 403, "service-refused"),
    ("PREFIX text: <http://127.0.0.1:1/> ASK { SERVICE text:search {} }", 403, "service-refused"),
    ("SELECT * { SERVICEtext:search{ ?p text:query 'a' } }", 400, "malformed-query"),
    ("SELECT * { SERVICE text:search { ?p text:query 'a'", 400, "malformed-query"),
    ("ASK {" + " SERVICE text:search { ?p text:query 'a' }" * 1000 + "}", 400, "query-too-complex"),
    ("ASK {" + "{ SERVICE text:search " * 2000, 400, "query-too-complex"),
]


@pytest.mark.parametrize(("text", "status", "code"), HOSTILE, ids=[row[0][:50] for row in HOSTILE])
def test_a_hostile_text_costs_only_itself(server: Server, text: str, status: int, code: str) -> None:
    answer = server.post(text, accept=JSON)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert server.query(ASK).json()["boolean"] is True


def test_a_saved_query_takes_the_words_as_a_parameter(server: Server) -> None:
    answer = server.get(f"/api/search?q={quote('우크라이나 전쟁')}")
    assert answer.status == 200
    (row,) = answer.json()["rows"]
    assert row["publication"] == f"{PUBLICATION}14168"
    assert "<mark>" in row["snippet"]
