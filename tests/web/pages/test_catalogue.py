"""The catalogue as a reader without scripts sees it, on the project's own dataset."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from lxml import html  # type: ignore[import-untyped]

from endpoint.errors import BadParameter, NotFound
from endpoint.search import Facet, Field, SearchConfiguration
from endpoint.web.pages.catalogue import CHOSEN, DEEPEST, HITS, read_search
from tests.live import Server

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CONFIGURATION = SearchConfiguration((Field("title", ("http://e/t",)),), (Facet("year", ("http://e/y",)),))


def page(server: Server, address: str = "/?locale=en") -> html.HtmlElement:
    answer = server.get(address, BROWSER)
    assert (answer.status, answer.type) == (200, "text/html"), answer.text
    return html.fromstring(answer.body)


def titles(found: html.HtmlElement) -> list[str]:
    return [link.text_content() for link in found.cssselect(".hits h2 a")]


def total(found: html.HtmlElement) -> int:
    (told,) = found.cssselect("[role=status]")
    return int(told.text_content().split()[0].replace(",", ""))


def test_the_first_page_shows_the_newest(server: Server) -> None:
    first = page(server)
    assert first.cssselect("h1")[0].text_content().startswith("Publications of the Ministry")
    assert total(first) == server.get("/search?q=").json()["total"]
    newest = server.get(f"/search?q=&sort=newest&limit={HITS}").json()["hits"]
    assert titles(first) == [" ".join(hit["title"].split("\n")) for hit in newest]


def test_words_in_korean_find_and_are_marked(server: Server) -> None:
    found = page(server, f"/?locale=en&q={quote('우크라이나 전쟁')}")
    assert "한 해를 넘긴 우크라이나 전쟁의 향방 전망" in titles(found)
    assert "우크라이나" in [mark.text_content() for mark in found.cssselect(".snippet mark")]
    assert found.cssselect("#q")[0].get("value") == "우크라이나 전쟁"


def test_facets_combine_and_come_off_again(server: Server) -> None:
    start = page(server)
    series = next(
        row for row in start.cssselect(".facet") if row.cssselect("h2")[0].text_content() == "Series"
    )
    link = next(row for row in series.cssselect("li a") if row.text_content() == "IFANS Focus")
    narrowed = page(server, link.get("href"))
    assert urlsplit(link.get("href")).query == "series=IFANS%20Focus&locale=en"
    assert 0 < total(narrowed) < total(start)
    further = page(server, narrowed.cssselect(".facet li a[href*='language=ENG']")[0].get("href"))
    assert "Language: English" in [
        " ".join(chip.text_content().split()[:2]) for chip in further.cssselect(".chip")
    ]
    off = next(chip for chip in further.cssselect(".chip") if "Language" in chip.text_content())
    assert total(page(server, off.get("href"))) == total(narrowed)


def test_the_search_box_keeps_what_is_chosen(server: Server) -> None:
    form = page(server, "/?locale=en&series=IFANS+Focus&sort=title").cssselect("form.search")[0]
    hidden = {row.get("name"): row.get("value") for row in form.cssselect("input[type=hidden]")}
    assert hidden == {"series": "IFANS Focus", "sort": "title", "locale": "en"}


SEARCHES = [
    {},
    {"q": "arms exports"},
    {"q": "외교"},
    {"q": "외교 -중국"},
    {"q": '"국제 정세"'},
    {"year": "2023"},
    {"year": ["2022", "2023"], "language": "KOR"},
    {"series": "IFANS Focus", "q": "Korea"},
    {"author": "SONG Tae Eun"},
    {"author": 'no "such" author\\'},
    {"q": "title:한국"},
]


@pytest.mark.parametrize("searched", SEARCHES, ids=str)
@pytest.mark.parametrize("sort", ["newest", "title"])
def test_its_sparql_finds_the_same_in_the_same_order(
    server: Server, searched: dict[str, str | list[str]], sort: str
) -> None:
    found = page(server, f"/?{urlencode({**searched, 'sort': sort}, doseq=True)}&locale=en")
    text = found.cssselect(".takeaway code")[0].text_content()
    rows = server.query(text, "application/sparql-results+json").rows()
    wanted = server.get(
        f"/search?{urlencode({'q': '', **searched}, doseq=True)}&limit=100&sort={sort}"
    ).json()
    assert len(rows) == wanted["total"] == total(found)
    assert {row["resource"] for row in rows} == {hit["iri"] for hit in wanted["hits"]}
    if sort == "newest":
        dates = [row.get("date", "") for row in rows]
        assert dates == sorted(dates, reverse=True)


def test_the_result_can_be_taken_away(server: Server) -> None:
    found = page(server, "/?locale=en&q=arms+exports")
    links = {link.text_content(): link.get("href") for link in found.cssselect(".takeaway a[download]")}
    # What a spreadsheet opens comes first, and holds no formulas.
    assert next(iter(links)) == "CSV (Excel)"
    assert {"CSV for programs", "BibTeX"} <= links.keys()
    for name in ("CSV (Excel)", "CSV for programs"):
        assert "14209" in server.get(links[name]).text
    assert server.get(links["BibTeX"]).text.startswith("@")


def test_nothing_found_says_what_to_do(server: Server) -> None:
    wrong_keyboard = page(server, "/?locale=en&q=dhlry")
    assert "외교" in [link.text_content() for link in wrong_keyboard.cssselect(".card a")]
    nothing = page(server, "/?locale=en&q=zzzzqqqq&year=2023")
    assert "Nothing was found." in nothing.text_content()
    assert "Remove one of the choices" in nothing.text_content()


def test_a_page_is_not_sent_twice(server: Server) -> None:
    first = server.get("/?locale=en", BROWSER)
    assert server.get("/?locale=en", BROWSER, if_none_match=first.headers["etag"]).status == 304
    assert server.get("/?locale=ko", BROWSER, if_none_match=first.headers["etag"]).status == 200
    assert first.headers["content-language"] == "en"


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7*7 }}",
    "\x00",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["q", "series", "sort", "page", "locale", "other"])
def test_markup_in_parameters_stays_text(server: Server, name: str, text: str) -> None:
    answer = server.get(f"/?{urlencode({name: text})}", BROWSER)
    assert answer.status == 200
    found = html.fromstring(answer.body)
    assert not found.xpath("//img | //script[not(@src) and not(@type)] | //@onerror")
    assert not [link for link in found.xpath("//@href") if link.lower().startswith("javascript")]
    assert "49" not in found.cssselect("#q")[0].get("value")


@pytest.mark.parametrize(
    ("pairs", "offset", "sort"),
    [
        ([], 0, "newest"),
        ([("q", "x")], 0, "relevance"),
        ([("q", "x"), ("sort", "oldest")], 0, "oldest"),
        ([("sort", "nonsense")], 0, "newest"),
        ([("page", "3")], 2 * HITS, "newest"),
        ([("page", "0")], 0, "newest"),
        ([("page", "-1")], 0, "newest"),
        ([("page", "x")], 0, "newest"),
        ([("page", str(DEEPEST // HITS))], DEEPEST - HITS, "newest"),
        ([("page", "9" * 40)], 0, "newest"),
        ([("page", "٣")], 0, "newest"),
    ],
)
def test_what_makes_no_sense_becomes_the_nearest_that_does(
    pairs: list[tuple[str, str]], offset: int, sort: str
) -> None:
    request = read_search(pairs, CONFIGURATION)
    assert (request.offset, request.sort) == (offset, sort)


@pytest.mark.parametrize("page", [str(DEEPEST // HITS + 1), "99999", "99999999"])
def test_no_list_has_more_pages_than_there_are(server: Server, page: str) -> None:
    with pytest.raises(NotFound):
        read_search([("page", page)], CONFIGURATION)
    assert server.get(f"/?page={page}", BROWSER).status == 404


def test_a_page_after_the_last_is_not_found(server: Server) -> None:
    assert server.get("/?page=2&year=2023", BROWSER).status == 404
    assert server.get("/?page=1&year=1900", BROWSER).status == 200


def test_more_values_than_a_reader_chooses_are_refused(server: Server) -> None:
    most = [("year", str(2000 + number)) for number in range(CHOSEN)]
    found = page(server, f"/?{urlencode(most)}")
    # No value leads to a list that would be refused.
    links = [urlsplit(link.get("href")).query for link in found.cssselect(".facets a")]
    assert max(len(parse_qsl(link)) for link in links) <= CHOSEN
    answer = server.get(f"/?{urlencode([*most, ('author', 'x')])}", BROWSER)
    assert answer.status == 400
    assert f"at most {CHOSEN} values" in answer.text
    assert server.get(f"/?author={'x' * 2001}", BROWSER).status == 400


DEPTHS = [
    ("/", "/", False),
    ("/?sort=title&locale=ko&utm_source=x", "/", False),
    ("/?year=2023", "/?year=2023", False),
    ("/?sort=title&year=2023&year=2023&locale=en", "/?year=2023", False),
    ("/?year=2023&language=KOR", "/?language=KOR&year=2023", True),
    ("/?year=2023&year=2022", "/?year=2022&year=2023", True),
    ("/?q=%EC%99%B8%EA%B5%90&sort=title", "/?q=%EC%99%B8%EA%B5%90", True),
    ("/?page=2", "/?page=2", True),
]


@pytest.mark.parametrize(("path", "canonical", "deep"), DEPTHS)
def test_crawlers_are_told_which_lists_count(server: Server, path: str, canonical: str, deep: bool) -> None:
    answer = server.get(path, BROWSER)
    found = html.fromstring(answer.body)
    assert found.xpath('//link[@rel="canonical"]/@href') == [server.url + canonical]
    told = ["noindex, nofollow"] if deep else []
    assert found.xpath('//meta[@name="robots"]/@content') == told
    assert ([answer.headers["x-robots-tag"]] if "x-robots-tag" in answer.headers else []) == told


def test_the_first_page_leads_to_everything(server: Server) -> None:
    answer = server.get("/", BROWSER)
    relations = dict(re.findall(r'<([^>]+)>; rel="([\w-]+)"', answer.headers["link"]))
    assert set(relations.values()) == {"sitemap", "describedby", "api-catalog", "item", "alternate"}
    assert [server.get(url.removeprefix(server.url)).status for url in relations] == [200] * 6
    assert html.fromstring(answer.body).xpath('//link[@rel="sitemap"]/@href') == ["/sitemap.xml"]


def test_unknown_parameters_are_passed_over() -> None:
    request = read_search(
        [("utm_source", "x"), ("year", "2023"), ("year", " "), ("year", "2023")], CONFIGURATION
    )
    assert request.filters == {"year": ("2023",)}


def test_browsing_lists_every_value_once(server: Server) -> None:
    found = page(server, "/browse/author?locale=en")
    names = [link.text_content() for link in found.cssselect(".columns a")]
    counted = server.get("/search?q=&limit=0&facets=1000").json()["facets"]["author"]
    assert sorted(names) == sorted(row["value"] for row in counted)
    link = next(row for row in found.cssselect(".columns a") if row.text_content() == "SONG Tae Eun")
    assert titles(page(server, link.get("href")))[0].startswith("South Korea’s Arms Exports")


@pytest.mark.parametrize("path", ["/browse/nothing", "/browse/%3Cb%3E"])
def test_an_unknown_facet_is_not_found(server: Server, path: str) -> None:
    assert server.get(path, BROWSER).status == 404


def test_the_first_page_is_small(server: Server) -> None:
    assert len(server.get("/", BROWSER).body) < 150_000


@pytest.mark.parametrize("chosen", ["abc", "²²²²", "२०२३", "0001"])
def test_a_chosen_year_that_is_none_finds_nothing(server: Server, chosen: str) -> None:
    assert total(page(server, f"/?locale=en&{urlencode({'year': chosen})}")) == 0


@pytest.mark.parametrize(
    "address",
    [
        "/?" + urlencode([("year", number) for number in range(6000)]),
        "/?" + urlencode([("author", "x" * 1500 + str(number)) for number in range(40)]),
        "/?" + urlencode([("utm", number) for number in range(6000)]),
        "/?" + urlencode({"q": "word " * 10_000}),
    ],
    ids=["many values", "long values", "many unknown", "long search"],
)
def test_a_long_address_makes_no_endless_page(server: Server, address: str) -> None:
    answer = server.get(address, BROWSER)
    assert answer.status == (400 if "year=" in address or "author=" in address else 200)
    assert len(answer.body) < 2_000_000


def test_only_so_much_is_chosen_at_once() -> None:
    many = [("year", str(number)) for number in range(CHOSEN + 1)]
    assert len(read_search(many[1:], CONFIGURATION).filters["year"]) == CHOSEN
    for pairs in (many, [("year", "9" * 2001)]):
        with pytest.raises(BadParameter, match=f"at most {CHOSEN} values"):
            read_search(pairs, CONFIGURATION)
    assert len(read_search([("q", "x" * 3000)], CONFIGURATION).query) == 2000


def test_no_link_of_a_page_leads_to_the_host_that_a_path_names(server: Server) -> None:
    answer = server.get("//other.example/page", BROWSER)
    assert answer.status == 404
    found = html.fromstring(answer.body)
    assert not [link for link in found.xpath("//@href | //@action") if link.startswith("//")]


def test_years_are_browsed_by_decade(server: Server) -> None:
    found = page(server, "/browse/year?locale=en")
    decades = [row.text_content() for row in found.cssselect(".group h2")]
    assert decades == sorted(decades, reverse=True)
    assert decades[0].endswith("0–")


def test_other_names_that_were_searched_are_told(server: Server) -> None:
    found = page(server, "/?locale=en&q=IPEF")
    (told,) = [line for line in found.cssselect(".catalogue p.quiet") if "other names" in line.text_content()]
    assert "인태경제프레임워크" in told.text_content()
    (link,) = told.cssselect("a")
    assert parse_qsl(urlsplit(link.get("href")).query)[0] == ("q", '"IPEF"')
    assert "다른 이름으로도 찾았습니다" in page(server, "/?locale=ko&q=IPEF").text_content()
    assert "other names" not in page(server, '/?locale=en&q="IPEF"').text_content()
    assert server.get("/search?q=IPEF").json()["names"] == ["인태경제프레임워크"]


def test_a_query_of_more_than_words_is_not_offered_as_it_is_written(server: Server) -> None:
    found = page(server, f"/?locale=en&q={quote('IPEF OR (title:한국)')}")
    (told,) = [line for line in found.cssselect(".catalogue p.quiet") if "other names" in line.text_content()]
    assert not told.cssselect("a")
