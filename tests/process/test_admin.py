"""The operator's pages of a running server: who may see them, what they name, and how they end a query."""

from __future__ import annotations

import http.client
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live import Server
from tests.process.operator import (
    BEARER,
    CULPRIT,
    ENDLESS,
    SECRET,
    STREAMING,
    asked,
    asking,
    operated,
    ordinary_traffic,
    state,
)
from tests.waiting import until

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def operated_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with operated(
        tmp_path_factory.mktemp("operated"), "--timeout", "300", "--trusted-proxies", "none"
    ) as server:
        yield server


def basic(secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"anybody:{secret}".encode()).decode()}


def running(server: Server, client: str) -> dict[str, Any]:
    """The query of this client, once it is evaluated."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = [row for row in state(server)["queries"] if row["client"] == client and row["pid"]]
        return bool(found)

    until(there)
    return found[0]


def gone(server: Server, identifier: str) -> bool:
    return identifier not in [row["id"] for row in state(server)["queries"]]


@pytest.mark.parametrize("path", ["/-/admin", "/-/admin/queries/q1"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        (basic("wrong"), 401),
        ({"Authorization": "Basic !!"}, 401),
        ({"Authorization": "Bearer other"}, 403),
        (basic("other"), 403),
    ],
)
def test_only_a_token_with_the_scope_opens_them(
    operated_server: Server, path: str, headers: dict[str, str], status: int
) -> None:
    answer = operated_server.request("GET", path, headers=headers)
    assert answer.status == status
    assert answer.headers["cache-control"] == "no-store"
    if status == 401 and not headers.get("Authorization", "").startswith("Bearer"):
        assert 'Basic realm="endpoint"' in answer.headers["www-authenticate"] + str(
            challenges(operated_server, path, headers)
        )


def challenges(server: Server, path: str, headers: dict[str, str]) -> list[str]:
    connection = server.connection()
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.headers.get_all("WWW-Authenticate") or []
    finally:
        connection.close()


def test_a_password_means_nothing_elsewhere(operated_server: Server) -> None:
    assert operated_server.request("GET", "/sparql?query=ASK%20%7B%7D", headers=basic("x")).status == 200


def test_without_a_token_of_the_scope_nothing_is_there(server: Server) -> None:
    for path in ("/-/admin", "/-/admin/queries/q1"):
        assert server.request("GET", path, headers=BEARER).status == 404
    assert server.request("POST", "/-/admin/queries/q1/kill", b"", BEARER).status == 404


def test_it_is_kept_by_no_cache_and_found_by_no_crawler(operated_server: Server) -> None:
    for headers in (BEARER, {**basic(SECRET), **HTML}):
        answer = operated_server.request("GET", "/-/admin", headers=headers)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert "etag" not in answer.headers
    assert '<meta name="robots" content="noindex">' in answer.text


def test_the_culprit_of_an_incident_stands_first(operated_server: Server) -> None:
    with ordinary_traffic(operated_server), asking(operated_server, ENDLESS, CULPRIT):
        until(lambda: [row["client"] for row in state(operated_server)["queries"][:1]] == [CULPRIT])
        first = state(operated_server)["queries"][0]
        assert first["client"] == CULPRIT
        assert first["text"].startswith("SELECT (COUNT(*) AS ?endless) { ?a ?b ?c")
        assert first["phase"] == "evaluating"
        until(lambda: state(operated_server)["clients"][0]["client"] == CULPRIT)
        page = operated_server.request("GET", "/-/admin", headers={**basic(SECRET), **HTML}).text
        row = page.partition("<tbody>")[2].partition("</tr>")[0]
        assert CULPRIT in row
        assert "?endless" in row
        (culprit,) = (row for row in state(operated_server)["clients"] if row["client"] == CULPRIT)
        assert (culprit["connections"], culprit["running"], culprit["waiting"]) == (1, 1, 0)
        assert culprit["budget"] == 60
        assert culprit["left"] <= 60
        account = page.partition(f"<td>{CULPRIT}</td>")[2].partition("</tr>")[0]
        assert "of 60 s" in account
        whole = operated_server.request("GET", first["url"], headers=BEARER).json()
        assert whole["text"] == ENDLESS
        hints = operated_server.request("GET", first["url"], headers={**basic(SECRET), **HTML}).text
        assert "cross-product" in hints
        assert operated_server.request("DELETE", first["url"], headers=BEARER).json() == {
            "killed": first["id"]
        }


def test_whoever_asked_for_a_killed_query_reads_why(operated_server: Server) -> None:
    with asking(operated_server, ENDLESS, CULPRIT) as answers:
        query = running(operated_server, CULPRIT)
        killed = operated_server.request("POST", f"{query['url']}/kill", b"", BEARER)
        assert (killed.status, killed.json()) == (200, {"killed": query["id"]})
        until(lambda: gone(operated_server, query["id"]))
    (answer,) = answers
    assert answer.status == 503
    assert "The operator of this server ended the query" in answer.text
    until(lambda: f"query={query['id']} client={CULPRIT}" in operated_server.log.read_text())
    assert "by token=night-watch" in operated_server.log.read_text()
    assert operated_server.request("DELETE", query["url"], headers=BEARER).status == 404
    assert asked(operated_server, "ASK {}", CULPRIT).status == 200


def test_a_query_killed_while_it_streams_cuts_its_connection(operated_server: Server) -> None:
    connection = operated_server.connection()
    try:
        connection.request("POST", "/sparql", STREAMING, {"Content-Type": "application/sparql-query"})
        response = connection.getresponse()
        assert response.status == 200
        (query,) = state(operated_server)["queries"]
        assert (query["phase"], query["sent"] > 0) == ("sending", True)
        assert operated_server.request("DELETE", query["url"], headers=BEARER).status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            response.read()
        until(lambda: gone(operated_server, query["id"]))
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://endpoint.example"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({}, True),
    ],
)
def test_pages_of_other_sites_end_no_query(
    operated_server: Server, headers: dict[str, str], allowed: bool
) -> None:
    wanted = 404 if allowed else 403
    for method, path in (("POST", "/-/admin/queries/q0/kill"), ("DELETE", "/-/admin/queries/q0")):
        answer = operated_server.request(method, path, b"", {**basic(SECRET), **headers})
        assert answer.status == wanted, answer.text


def test_a_browser_is_led_back_to_the_list(operated_server: Server) -> None:
    with asking(operated_server, ENDLESS, CULPRIT):
        query = running(operated_server, CULPRIT)
        headers = {**basic(SECRET), **HTML, "Sec-Fetch-Site": "same-origin"}
        answer = operated_server.request("POST", f"{query['url']}/kill", b"", headers)
        assert (answer.status, answer.headers["location"]) == (303, "/-/admin")
