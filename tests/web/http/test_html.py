"""Pages are rendered in steps, from templates that are compiled once."""

from __future__ import annotations

import asyncio

import pytest
from jinja2 import Environment

from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.web.http import html
from endpoint.web.http.html import SLOT, compile_templates, render, render_around
from endpoint.web.http.view import LANGUAGES, View
from tests.web.exchanges import request_for


@pytest.fixture(scope="module")
def view() -> View:
    return request_for(create_site(Settings()), "/browse/subject?locale=en").view


async def turns(view: View) -> int:
    """The turns of another task while a page is rendered."""
    taken = 0
    page = asyncio.create_task(
        render("browse.html", view, facet=None, label="Subjects", groups=[], facets=[])
    )
    while not page.done():
        taken += 1
        await asyncio.sleep(0)
    assert page.result().endswith(b"</html>")
    return taken


def test_others_have_their_turns_while_a_page_is_rendered(
    monkeypatch: pytest.MonkeyPatch, view: View
) -> None:
    monkeypatch.setattr(html, "_PIECES", 1)
    monkeypatch.setattr(html, "SLICE", 1e9)
    few = asyncio.run(turns(view))
    monkeypatch.setattr(html, "SLICE", -1.0)
    assert asyncio.run(turns(view)) > few + 20


def test_a_page_is_the_same_in_however_many_steps(monkeypatch: pytest.MonkeyPatch, view: View) -> None:
    context = {"query": "ASK {}", "action": "/sparql", "links": (), "hidden": (), "canonical": None}
    whole = asyncio.run(render_around("result.html", view, **context))
    monkeypatch.setattr(html, "SLICE", -1.0)
    assert asyncio.run(render_around("result.html", view, **context)) == whole
    assert SLOT.encode() not in b"".join(whole)


def test_templates_are_compiled_once_for_all_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(compile_templates())
    html._environment.cache_clear()
    monkeypatch.setattr(Environment, "compile", lambda *_, **__: pytest.fail("compiled again"))
    for language in LANGUAGES:
        environment = html._environment(language)
        for name in environment.list_templates(extensions=["html"]):
            environment.get_template(name)
