"""The query page: the configuration of its script, and the page without scripts."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.web.sparql import editor
from endpoint.web.sparql.editor import editor_page
from tests.live import Server
from tests.web.exchanges import request_for

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def configuration(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="configuration">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/query", "/sparql"),
        ("/sparql", "/sparql"),
        ("/lod/sparql", "/lod/sparql"),
        ("/mofapub/sparql", "/mofapub/sparql"),
    ],
)
def test_the_editor_asks_the_endpoint_of_its_page(server: Server, path: str, endpoint: str) -> None:
    page = server.get(path, BROWSER)
    assert (page.status, page.type) == (200, "text/html")
    assert configuration(page.text)["endpoint"] == server.url + endpoint
    assert f'<form action="{endpoint}" method="get">' in page.text


def test_it_is_told_of_all_endpoints_and_prefixes(server: Server) -> None:
    told = configuration(server.get("/query?locale=en", BROWSER).text)
    assert [row["endpoint"].removeprefix(server.url) for row in told["endpoints"]][:2] == [
        "/sparql",
        "/mofapub/sparql",
    ]
    assert told["prefixes"]["mofapub"] == "http://opendata.mofa.go.kr/mofapub/"
    assert told["texts"]["chart"] == "Chart"
    assert all(told["texts"].values())


def test_nothing_on_the_page_is_of_another_host(server: Server) -> None:
    page = server.get("/query", BROWSER)
    # Its own address is no file that is loaded.
    loaded = re.findall(r'<(?:script|link(?! rel="canonical")|img)[^>]*?(?:src|href)="([^"]*)"', page.text)
    assert loaded
    assert all(address.startswith("/") for address in loaded)
    files = [address for address in loaded if "/-/static/" in address]
    assert {server.get(address).status for address in files} == {200}
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy


def test_other_pages_allow_no_style_but_the_sheet(server: Server) -> None:
    assert "unsafe-inline" in server.get("/query", BROWSER).headers["content-security-policy"]
    assert "unsafe-inline" not in server.get("/", BROWSER).headers["content-security-policy"]


def test_saved_queries_are_listed_with_a_link_that_works_without_a_script(server: Server) -> None:
    page = server.get("/query?locale=en", BROWSER).text
    assert "Publications by author" in page
    assert 'href="/api/publications-by-author?author=SONG%20Tae%20Eun&amp;locale=en"' in page


def test_without_the_files_from_npm_there_is_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "has_asset", lambda name: False)
    answer = asyncio.run(editor_page(request_for(create_site(Settings()), "/query"), "/sparql"))
    page = answer.body.decode()
    assert '<form action="/sparql" method="get">' in page
    assert "<script" not in page


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("OPTIONS", 200), ("POST", 405)])
def test_methods(server: Server, method: str, status: int) -> None:
    assert server.request(method, "/query").status == status
