"""The page on which the API can be tried out, as it is sent."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.web.api.openapi import document
from endpoint.web.api.openapi.document import swagger_page
from endpoint.web.http.answer import Whole
from endpoint.web.http.security import POLICY
from tests.live import Server
from tests.web.exchanges import request_for

PATH = "/api/docs"
HTML = "text/html"


@pytest.mark.parametrize(("language", "title"), [("ko", "API 시험해 보기"), ("en", "Try out the API")])
def test_it_is_in_both_languages(server: Server, language: str, title: str) -> None:
    page = server.get(PATH, HTML, Accept_Language=language)
    assert (page.status, page.type) == (200, HTML)
    assert page.headers["content-language"] == language
    assert f'<{server.url}/api/openapi.json>; rel="service-desc"' in page.headers["link"]
    assert f"<h1>{title}</h1>" in page.text
    found = re.search(r'id="configuration">(.*?)</script>', page.text)
    assert found is not None
    document = server.get(json.loads(found[1])["url"], Accept_Language="de")
    assert document.headers["content-language"] == language


def test_nothing_on_it_is_of_another_host(server: Server) -> None:
    page = server.get(PATH, HTML)
    loaded = re.findall(r'<(?:script|link(?! rel="canonical")|img)[^>]*?(?:src|href)="([^"]*)"', page.text)
    found = re.search(r'id="configuration">(.*?)</script>', page.text)
    assert found is not None
    told = json.loads(found[1])
    addresses = [*loaded, told["url"], *told["styles"]]
    assert all(address.startswith("/") for address in addresses)
    files = [address for address in addresses if "/-/static/" in address]
    assert {server.get(address).status for address in files} == {200}
    # It needs no exception from what holds for all pages.
    assert page.headers["content-security-policy"] == POLICY.decode()


def test_all_operations_are_listed_with_links_that_work_without_a_script(server: Server) -> None:
    page = server.get(f"{PATH}?locale=en", HTML).text
    for entry in server.get("/api").json()["queries"]:
        assert f"<code>/api/{entry['name']}</code>" in page
    assert 'href="/api/publications-by-year?year=2023&amp;locale=en"' in page
    assert 'href="/api/openapi.json?locale=en"' in page


def test_without_the_files_from_npm_there_is_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "has_asset", lambda name: False)
    answer = asyncio.run(swagger_page(request_for(create_site(Settings()), PATH)))
    assert isinstance(answer, Whole)
    page = answer.body.decode()
    assert "<code>/api/publications-by-year</code>" in page
    assert "<script" not in page
    assert 'id="swagger"' not in page


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("OPTIONS", 200), ("POST", 405)])
def test_methods(server: Server, method: str, status: int) -> None:
    assert server.request(method, PATH).status == status
