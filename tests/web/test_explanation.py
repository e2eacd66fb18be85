"""``explain=true`` of the endpoint and of saved queries: what a query did, instead of its answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live import Server

TYPE = "application/vnd.endpoint.explanation+json"
BROWSER = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def explained(server: Server, text: str, **parameters: str) -> dict[str, Any]:
    answer = server.query(text, explain="true", **parameters)
    assert (answer.status, answer.type) == (200, TYPE), answer.text
    members: dict[str, Any] = answer.json()
    return members


def test_a_query_is_evaluated_and_its_figures_are_told(server: Server) -> None:
    text = "SELECT ?s ?label { ?s a mofapub:Publication ; rdfs:label ?label }"
    members = explained(server, text)
    answer = server.query(text, "application/sparql-results+json")
    assert (members["outcome"], members["detail"], members["hints"]) == ("ok", None, [])
    assert (members["rows"], members["bytes"]) == (len(answer.rows()), len(answer.body))
    assert (members["form"], members["format"]) == ("SELECT", "application/sparql-results+json")
    assert (members["source"], members["generation"]) == ("columns", 1)
    seconds = members["seconds"]
    phases = [seconds[phase] for phase in ("waiting", "planning", "evaluating", "sending")]
    assert min(phases) >= 0
    assert sum(phases) == pytest.approx(seconds["total"], abs=1e-5)
    assert phases[1] + phases[2] > 0
    assert members["limits"]["timeout"] == 3
    assert members["dataset"] == {"from": "server", "default": "union", "named": "all"}


def test_who_answers_is_told(server: Server) -> None:
    """Columns where they can, unless the request says otherwise; what they compute passes the fence."""
    text = "SELECT * { ?s rdfs:label ?label FILTER(STRLEN(?label) > 3) BIND(LANG(?label) AS ?l) } ORDER BY ?s"
    assert explained(server, text)["source"] == "columns"
    assert explained(server, text, columns="off")["source"] == "memory"
    assert explained(server, "DESCRIBE mofapub:Publication")["source"] == "memory"
    given, asked = server.query(text), server.query(text, columns="off")
    assert given.headers["server-timing"].endswith('by;desc="columns"')
    assert asked.headers["server-timing"].endswith('by;desc="engine"')
    assert given.headers["etag"] != asked.headers["etag"]
    assert sorted(map(str, given.rows())) == sorted(map(str, asked.rows())) != []
    assert server.query(text, columns="perhaps").status == 400


def test_the_format_is_that_of_the_answer_and_accept_that_of_the_explanation(server: Server) -> None:
    text = "SELECT * { ?s ?p ?o } LIMIT 3"
    members = explained(server, text, format="csv")
    assert members["format"] == "text/csv"
    assert members["bytes"] == len(server.query(text, format="csv").body)
    for accept, kind in (
        (None, TYPE),
        ("application/json", TYPE),
        (TYPE, TYPE),
        ("text/csv", TYPE),
        (BROWSER, "text/html"),
    ):
        assert server.query(text, accept, explain="true").type == kind
    assert server.query(text, explain="true", format="turtle").status == 406


def test_accept_may_name_the_explanation(server: Server) -> None:
    assert server.query("ASK {}", TYPE).json()["outcome"] == "ok"
    assert server.get("/api/years", TYPE).json()["outcome"] == "ok"
    assert server.query("ASK {}", f"{TYPE}, application/json;q=0.5", explain="false").type == TYPE


def test_no_cache_keeps_an_explanation(server: Server) -> None:
    answer = server.query("ASK {}", explain="true")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_a_query_that_runs_into_a_limit_is_explained_with_its_slow_shapes(server: Server) -> None:
    members = explained(server, CROSS, timeout="0.5")
    assert members["outcome"] == "deadline-exceeded"
    assert members["detail"].startswith("The query ran longer than 0.5 s")
    assert members["seconds"]["evaluating"] > 0.4
    assert members["memory"] > 0
    assert {hint["code"] for hint in members["hints"]} == {"cross-product", "whole-data"}
    hint = members["hints"][0]
    assert hint["line"] == 1
    assert hint["problem"]
    assert hint["better"]


@pytest.mark.parametrize(
    ("text", "parameters", "status", "code"),
    [
        ("SELECT * {", {}, 400, "malformed-query"),
        ("SELECT * { SERVICE <http://example.org/> {} }", {}, 403, "service-refused"),
        ("ASK {}", {"explain": "perhaps"}, 400, "bad-parameter"),
        ("INSERT DATA {}", {}, 400, "malformed-query"),
    ],
)
def test_what_does_not_run_is_refused_as_always(
    server: Server, text: str, parameters: dict[str, str], status: int, code: str
) -> None:
    answer = server.query(text, "application/problem+json", **{"explain": "true", **parameters})
    assert (answer.status, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("value", ["false", "0", ""])
def test_explain_may_be_false(server: Server, value: str) -> None:
    assert server.query("ASK {}", "application/sparql-results+json", explain=value).json()["boolean"] is True


def test_the_dataset_is_told(server: Server) -> None:
    graph = "http://opendata.mofa.go.kr/mofapub"
    of_request = server.query("ASK {}", explain="1", default_graph_uri=graph).json()["dataset"]
    assert of_request == {"from": "request", "default": [graph], "named": []}
    assert server.query(f"ASK FROM <{graph}> {{}}", explain="1").json()["dataset"]["from"] == "query"
    own = server.query("ASK {}", path="/mofapub/sparql", explain="1").json()["dataset"]
    assert own == {"from": "request", "default": [graph], "named": [graph]}


def test_a_page_in_both_languages(server: Server) -> None:
    page = server.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", BROWSER, explain="true", locale="en")
    assert "What the query did" in page.text
    assert "The pattern matches every statement" in page.text
    korean = server.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", BROWSER, explain="true", locale="ko")
    assert "질의가 한 일" in korean.text
    assert "모든 진술에 맞는 패턴이어서" in korean.text


def test_a_saved_query_is_explained_with_its_values(server: Server) -> None:
    address = "/api/publications-by-year?year=2023"
    members = server.get(f"{address}&explain=true").json()
    rows = server.get(address, "application/json").json()["rows"]
    assert (members["outcome"], members["rows"], members["format"]) == ("ok", len(rows), "application/json")
    assert "2023" in members["query"]
    as_csv = server.get("/api/publications-by-year.csv?year=2023&explain=true").json()
    assert as_csv["format"] == "text/csv"
    posted = server.request(
        "POST",
        "/api/publications-by-year",
        b'{"year": 2023, "explain": true}',
        {"Content-Type": "application/json"},
    )
    assert posted.json()["query"] == members["query"]
    assert server.get("/api/publications-by-year?explain=true").status == 400
    page = server.get(f"{address}&locale=en", BROWSER).text
    assert 'href="/api/publications-by-year?year=2023&amp;explain=true&amp;locale=en"' in page, [
        line for line in page.splitlines() if "explain" in line
    ]
