"""Our own query page in a browser: YASGUI runs, stops, draws, completes and remembers."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from endpoint.engine.processes import processor_time
from tests.browser.query_editor import QueryEditor, query_page
from tests.browser.reader import Reader, reading
from tests.live import Server
from tests.waiting import until

SEED = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture(scope="module")
def window(browser: Browser, catalogue: Server) -> Iterator[Reader]:
    with reading(browser, catalogue) as opened:
        opened.expected = {400, 504}
        yield opened
        opened.check()


@pytest.fixture(scope="module")
def editor(window: Reader) -> QueryEditor:
    return query_page(window)


def test_select_is_a_table(editor: QueryEditor) -> None:
    answer = editor.run(f"SELECT ?p ?o WHERE {{ <{SEED}> mofapub:pubNumber|mofapub:hasAuthor ?o ; ?p ?o }}")
    assert answer.status == 200
    rows = editor.rows()
    assert ["mofapub:pubNumber", "2023.-07E"] in rows
    assert ["mofapub:hasAuthor", "SONG Tae Eun"] in rows


@pytest.mark.parametrize(("pattern", "answer"), [("?s ?p ?o", "True"), ("<urn:none> ?p ?o", "False")])
def test_ask_is_true_or_false(editor: QueryEditor, pattern: str, answer: str) -> None:
    editor.run(f"ASK {{ {pattern} }}")
    assert editor.results.inner_text().strip() == answer


def test_construct_is_a_table_of_triples(editor: QueryEditor) -> None:
    editor.run(f"CONSTRUCT {{ <{SEED}> dcterms:title ?t }} WHERE {{ <{SEED}> mofapub:pubNumber ?t }}")
    assert editor.rows() == [
        ["mofapub:resource/Publication/14209", "dcterms:title", '"2023.-07E"^^xsd:string']
    ]


def test_describe_is_a_table_of_triples(editor: QueryEditor) -> None:
    editor.run(f"DESCRIBE <{SEED}>")
    assert ["mofapub:resource/Publication/14209", "mofa:yearOfData", '"2023"^^xsd:integer'] in editor.rows()


def test_an_empty_graph_is_an_empty_table(editor: QueryEditor) -> None:
    editor.run("CONSTRUCT WHERE { ?s a <urn:none> }")
    assert "No data available in table" in editor.results.inner_text()


def test_a_mistake_is_told_in_words_with_its_place(editor: QueryEditor) -> None:
    assert editor.run("SELECT * WHERE { ?s ?p }").status == 400
    told = editor.results.inner_text()
    assert "400 Bad Request – SPARQL syntax error" in told
    assert 'Line 1, column 24: "}" is not expected here.' in told
    assert "    SELECT * WHERE { ?s ?p }\n                           ^" in told
    assert "The query failed after" in editor.page.locator("#timing").inner_text()


def test_the_timing_is_the_servers_own(editor: QueryEditor) -> None:
    editor.run("SELECT * WHERE { ?s a mofa:Country } LIMIT 1")
    told = editor.page.locator("#timing").inner_text()
    assert [part.rsplit(" ", 2)[0] for part in told.split(" · ")] == [
        "waited",
        "planned",
        "evaluated and written",
        "received",
    ]


def test_a_deadline_is_told_in_words(editor: QueryEditor) -> None:
    assert editor.run(ENDLESS).status == 504
    told = editor.results.inner_text()
    assert "504 Gateway Timeout" in told
    assert "ran longer than 5 s and was stopped" in told


def test_stopping_ends_the_worker(editor: QueryEditor, catalogue: Server) -> None:
    editor.run("ASK {}")
    editor.write(ENDLESS)
    before = set(catalogue.children())
    with editor.page.expect_request("**/sparql") as asked:
        editor.press_run()
    assert asked.value.method == "POST"
    editor.page.locator(".yasqe_queryButton.busy").wait_for()
    busy = busiest(before)
    late = catalogue.log.read_text().count("status=504")
    editor.press_run()
    expect(editor.page.locator("#timing")).to_have_text("Stopped; the server has ended the query.")
    until(lambda: busy not in catalogue.children())
    # It did not run into the deadline of five seconds, which would have ended it anyway.
    assert catalogue.log.read_text().count("status=504") == late
    assert editor.run("ASK {}").status == 200
    assert editor.results.inner_text().strip() == "True"


def busiest(pids: set[int]) -> int:
    """The process that uses a processor now: wait until one of them has for a tenth of a second."""

    def used(pid: int) -> float:
        return processor_time(pid) or 0.0

    start = {pid: used(pid) for pid in pids}
    while True:
        worked = {pid: used(pid) - start[pid] for pid in pids}
        pid = max(worked, key=lambda pid: worked[pid])
        if worked[pid] >= 0.1:
            return pid
        time.sleep(0.02)


def test_korean_words_typed_into_the_editor_are_searched(editor: QueryEditor) -> None:
    editor.run(
        'SELECT ?title WHERE { SERVICE text:search { ?s text:query "우크라이나 전쟁의 향방" } '
        "?s rdfs:label ?title }"
    )
    assert ["한 해를 넘긴 우크라이나 전쟁의 향방 전망"] in editor.rows()


YEARS = "SELECT ?year (COUNT(*) AS ?n) WHERE { ?s mofa:yearOfData ?year } GROUP BY ?year ORDER BY ?year"
AUTHORS = (
    "SELECT ?author (COUNT(*) AS ?n) WHERE { ?s mofapub:hasAuthor ?author } "
    "GROUP BY ?author ORDER BY DESC(?n) LIMIT 7"
)
PLACES = (
    "SELECT ?name ?lat ?long WHERE { VALUES (?name ?lat ?long) "
    '{ ("서울" 37.57 126.98) ("Paris" 48.86 2.35) } }'
)


def choose(editor: QueryEditor, view: str) -> None:
    editor.page.locator(f".tabPanel.active .select_{view}").click()
    editor.results.locator("figure.drawing svg").last.wait_for()


def test_a_series_is_drawn_as_columns_with_a_scale(editor: QueryEditor) -> None:
    editor.run(YEARS)
    rows = len(editor.rows())
    choose(editor, "chart")
    assert editor.results.locator("svg g[aria-label=bar] rect").count() == 49 >= rows
    assert "2023" in editor.results.locator("figure.drawing").text_content()  # type: ignore[operator]
    tallest = editor.results.locator("svg g[aria-label=bar] rect").last.bounding_box()
    assert tallest is not None
    assert tallest["height"] > 20
    choose_table(editor)


def choose_table(editor: QueryEditor) -> None:
    editor.page.locator(".tabPanel.active .select_table").click()
    editor.results.locator("table").first.wait_for()


def test_names_with_numbers_are_drawn_as_bars(editor: QueryEditor) -> None:
    editor.run(AUTHORS)
    names = [row[0] for row in editor.rows()]
    choose(editor, "chart")
    shown = editor.results.locator("figure.drawing").inner_text()
    assert editor.results.locator("svg g[aria-label=bar] rect").count() == 7
    assert [name for name in names if name not in shown] == []
    choose_table(editor)


def test_coordinates_are_drawn_on_a_map(editor: QueryEditor) -> None:
    editor.run(PLACES)
    choose(editor, "map")
    dots = editor.results.locator("svg g[aria-label=dot] circle")
    assert dots.count() == 2
    seoul, paris = dots.nth(0).bounding_box(), dots.nth(1).bounding_box()
    assert seoul is not None
    assert paris is not None
    assert seoul["x"] > paris["x"]
    assert seoul["y"] > paris["y"]
    assert len(editor.results.locator("svg g[aria-label=geo] path").first.get_attribute("d") or "") > 1000
    choose_table(editor)


@pytest.mark.parametrize("view", ["chart", "map"])
def test_what_cannot_be_drawn_offers_no_drawing(editor: QueryEditor, view: str) -> None:
    editor.run(f"SELECT ?s WHERE {{ BIND (<{SEED}> AS ?s) }}")
    assert "disabled" in (
        editor.page.locator(f".tabPanel.active .select_{view}").get_attribute("class") or ""
    )
