"""The language of the interface, and whether every message has its Korean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from endpoint.app import create_site
from endpoint.formats import CSV, EXCEL_CSV, HTML
from endpoint.settings import Settings
from endpoint.sparql.slow_shapes import SHAPES
from endpoint.web.http.view import choose_language, gettext, messages, ngettext, query_string
from tests.live import Server
from tests.web.exchanges import request_for

WEB = Path(__file__).parents[3] / "endpoint" / "web"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}


def used() -> Iterator[str]:
    """Every message that the templates and the code of the pages use."""
    methods = [("**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    options = {"**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
    for _, _, message, _, _ in extract_from_dir(str(WEB), methods, options, KEYWORDS):
        yield message[0] if isinstance(message, tuple) else message
    for shape in SHAPES.values():
        yield from shape


def translated() -> Iterator[str]:
    for file in sorted((WEB / "locale" / "ko").glob("*.po")):
        with file.open("rb") as stream:
            for message in read_po(stream, abort_invalid=True):
                if message.id:
                    assert not message.fuzzy, f"{file.name}: {message.id}"
                    yield str(message.id if isinstance(message.id, str) else message.id[0])


def test_every_message_has_its_korean() -> None:
    assert sorted(set(used()) - messages("ko").keys()) == []


def test_no_translation_is_left_over_or_told_twice() -> None:
    told = list(translated())
    assert sorted(set(told) - set(used())) == []
    assert sorted(message for message in set(told) if told.count(message) > 1) == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_message_without_translation_stays_as_it_is(language: str) -> None:
    assert gettext(language, "No such message") == "No such message"
    assert ngettext(language, "one", "many", 1) == "one"
    assert ngettext(language, "one", "many", 2) == "many"


CHOICES = [
    (None, None, "ko"),
    (None, "", "ko"),
    (None, "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
    (None, "en-US,en;q=0.9,ko;q=0.8", "en"),
    (None, "de,fr;q=0.5", "en"),
    (None, "de,ko;q=0.1", "ko"),
    (None, "en;q=0.5, ko;q=0.9", "ko"),
    (None, "ko;q=0, en;q=0.1", "en"),
    (None, "KO", "ko"),
    (None, "*", "ko"),
    (None, "de, *;q=0.1", "ko"),
    (None, "ko;q=nonsense", "en"),
    (None, ",,;;", "en"),
    (None, "korean", "en"),
    ("en", "ko", "en"),
    ("ko", "en", "ko"),
    ("fr", "en", "en"),
    ("", "ko", "ko"),
]


@pytest.mark.parametrize(("told", "accept_language", "language"), CHOICES)
def test_the_address_counts_before_the_browser(
    told: str | None, accept_language: str | None, language: str
) -> None:
    assert choose_language(told, accept_language, "ko") == language


def test_a_page_is_in_the_language_asked_for(server: Server) -> None:
    english = server.get("/sparql", "text/html", Accept_Language="en")
    assert '<html lang="en">' in english.text
    assert "Saved queries" in english.text
    korean = server.get("/sparql?locale=ko", "text/html", Accept_Language="en")
    assert '<html lang="ko">' in korean.text
    assert "저장된 질의" in korean.text
    assert korean.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"


def test_the_language_chosen_stays_in_the_links(server: Server) -> None:
    assert 'href="/api?locale=en"' in server.get("/?locale=en", "text/html").text
    assert 'href="/api"' in server.get("/", "text/html").text
    switched = server.get("/sparql?query=ASK%20%7B%7D&locale=en", "text/html").text
    assert 'href="/sparql?query=ASK%20%7B%7D&amp;locale=ko"' in switched


@pytest.mark.parametrize(
    ("query", "pairs", "language"),
    [
        ("q=%EC%B1%85&locale=en", (("q", "책"),), "en"),
        ("q=책", (("q", "책"),), "ko"),
        ("a=%FF&locale=en", (("a", "\ufffd"),), "en"),
        ("a&" * 3000, (("a", ""),) * 200, "ko"),
        ("locale=x&locale=en", (), "ko"),
    ],
)
def test_a_view_repeats_what_can_be_read_of_the_address(
    query: str, pairs: tuple[tuple[str, str], ...], language: str
) -> None:
    view = request_for(create_site(Settings()), f"/search?{query}").view
    assert (view.pairs, view.language, view.path) == (pairs, language, "/search")


@given(st.lists(st.tuples(st.text(), st.text())))
def test_parameters_stand_in_an_address_as_the_standard_library_writes_them(
    pairs: list[tuple[str, str]],
) -> None:
    assert query_string(pairs) == urlencode(pairs, quote_via=quote)


@pytest.mark.parametrize(("pairs", "kept"), [((), ""), ((("q", "a&b 책"),), "q=a%26b%20%EC%B1%85&")])
def test_downloads_lead_to_every_format_that_is_no_page(
    pairs: tuple[tuple[str, str], ...], kept: str
) -> None:
    view = request_for(create_site(Settings()), "/search?locale=en").view
    assert view.downloads("/sparql", (*pairs, ("format", "html")), (CSV, HTML, EXCEL_CSV)) == [
        (EXCEL_CSV.title, f"/sparql?{kept}format={EXCEL_CSV.name}&download=1"),
        ("CSV for programs", f"/sparql?{kept}format={CSV.name}&download=1"),
    ]
