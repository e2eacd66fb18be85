"""The page of a saved query on the real server: its form, what is wrong with it, its rows."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html  # type: ignore[import-untyped]

from tests.datasets.query_forms import HOSTILE, make
from tests.live import Answer, Server, serving
from tests.properties import examples

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("forms")
    flags = ("--dataset", str(make(folder / "dataset")), "--timeout", "2", "--workers", "2")
    with serving(folder / "data", *flags) as running:
        yield running


def page(server: Server, path: str, language: str = "en") -> tuple[Answer, Any]:
    answer = server.get(path, BROWSER, Accept_Language=language)
    assert answer.type == "text/html", answer.text[:300]
    return answer, html.fromstring(answer.text)


def field(tree: Any, name: str) -> Any:
    (found,) = tree.xpath(f'//*[@id="p-{name}"]')
    return found


def text(element: Any) -> str:
    return " ".join(element.text_content().split())


def link(tree: Any, words: str) -> str:
    (found,) = [str(a.get("href")) for a in tree.iter("a") if words == text(a)]
    return found


# The form.


@pytest.mark.parametrize("path", ["/api/every-widget", "/api/every-widget.html", "/api/every-widget?whole=3"])
def test_without_its_parameters_a_query_is_a_form_and_no_failure(forms: Server, path: str) -> None:
    answer, tree = page(forms, path)
    assert answer.status == 200
    assert tree.xpath('//form[@class="parameters"]/@action') == ["/api/every-widget"]
    assert tree.xpath("//*[@aria-invalid]") == []
    assert tree.xpath('//*[@id="result"]') == []


def test_programs_get_the_failure(forms: Server) -> None:
    assert forms.get("/api/every-widget", "application/json").status == 400


WIDGETS = [
    ("name", {"type": "text", "required": "", "minlength": "2", "maxlength": "5"}),
    ("name", {"pattern": ".*(?:^[A-Za-z]+$).*"}),
    ("day", {"type": "date", "min": "2000-01-01", "max": "2030-12-31"}),
    ("year", {"type": "number", "min": "0", "max": "9999", "step": "1", "value": ""}),
    ("month", {"type": "month"}),
    ("whole", {"type": "number", "min": "1", "max": "10", "placeholder": "5"}),
    ("real", {"type": "number", "step": "any"}),
    ("moment", {"type": "text"}),
    ("words", {"type": "search"}),
    ("thing", {"type": "text", "inputmode": "url", "list": "values-thing"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "attributes"), WIDGETS)
def test_a_type_has_its_widget(forms: Server, name: str, attributes: dict[str, str]) -> None:
    _, tree = page(forms, "/api/every-widget")
    found = field(tree, name)
    assert found.tag == "input"
    assert {key: found.get(key) for key in attributes} == attributes
    assert (found.get("required") is not None) == (name == "name")


def test_choices_have_labels_in_the_language_of_the_reader(forms: Server) -> None:
    for language, labels in (("en", ["Any", "Small", "Big"]), ("ko", ["모두", "작은 것", "큰 것"])):
        _, tree = page(forms, "/api/every-widget", language)
        options = field(tree, "kind").findall("option")
        assert [text(option) for option in options] == labels
        assert [option.get("value") for option in options] == ["", "small", "big"]
    _, tree = page(forms, "/api/every-widget?yes=1&kind=big")
    chosen = [option.get("value") for option in tree.xpath("//option[@selected]")]
    assert chosen == ["big", "true"]


def test_several_values_need_no_script(forms: Server) -> None:
    _, tree = page(forms, "/api/every-widget?many=a&many=b&sizes=s&sizes=l")
    assert [found.get("value") for found in tree.xpath('//input[@name="many"]')] == ["a", "b", ""]
    boxes = tree.xpath('//fieldset//input[@name="sizes"]')
    assert [(box.get("value"), box.get("checked") is not None) for box in boxes] == [
        ("s", True),
        ("m", False),
        ("l", True),
    ]


def test_every_field_has_a_label_and_what_describes_it(forms: Server) -> None:
    _, tree = page(forms, "/api/every-widget?name=1&many=x")
    for found in tree.xpath('//form[@class="parameters"]//*[self::input or self::select]'):
        if found.get("type") == "hidden":
            continue
        labelled = tree.xpath(f'//label[@for="{found.get("id")}"]') if found.get("id") else []
        assert labelled or found.get("aria-label") or found.xpath("ancestor::label"), found.get("name")
        for told in (found.get("aria-describedby") or "").split():
            assert text(tree.get_element_by_id(told))
    identifiers = tree.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))


def test_a_parameter_with_values_offers_them_while_typing(forms: Server) -> None:
    _, tree = page(forms, "/api/every-widget")
    address = field(tree, "thing").get("data-values")
    assert address == "/api/every-widget/values/thing"
    values = forms.get(f"{address}?q=101", "application/json").json()["values"]
    assert [row["value"] for row in values] == ["http://example.org/t/101"]
    (script,) = [src for src in tree.xpath("//script/@src") if "typeahead.js" in src]
    assert forms.get(script).status == 200
    _, tree = page(forms, "/api/echo")
    assert not [src for src in tree.xpath("//script/@src") if "typeahead.js" in src]


def test_the_example_is_one_click_away(forms: Server) -> None:
    _, tree = page(forms, "/api/echo?locale=en")
    answer, tree = page(forms, link(tree, "Try the example"))
    assert answer.status == 200
    assert field(tree, "text").get("value") == "abc"


# What is wrong with a value.

CHOOSE = ("Please choose one of the values.", "목록에 있는 값 가운데 하나를 선택하십시오.")
WRONG = [
    ("whole=x&name=ab", "whole", "Please give a whole number.", "정수를 입력하십시오."),
    ("whole=11&name=ab", "whole", "Please give a value of 10 or less.", "10 이하의 값을 입력하십시오."),
    ("whole=0&name=ab", "whole", "Please give a value of 1 or more.", "1 이상의 값을 입력하십시오."),
    ("name=", "name", "Please fill in this field.", "값을 입력하십시오."),
    ("name=a", "name", "Please write at least 2 characters.", "2자 이상 입력하십시오."),
    ("name=abcdef", "name", "Please write at most 5 characters.", "5자 이하로 입력하십시오."),
    (
        "name=12",
        "name",
        "Please follow the form of the example: abc",
        "예시와 같은 형식으로 입력하십시오: abc",
    ),
    ("name=ab&name=cd", "name", "Please give this value once.", "이 값은 한 번만 입력하십시오."),
    ("name=ab&kind=x", "kind", *CHOOSE),
    ("name=ab&yes=x", "yes", *CHOOSE),
    (
        "name=ab&day=x",
        "day",
        "Please give a date, such as 2023-05-22.",
        "날짜를 2023-05-22와 같이 입력하십시오.",
    ),
    (
        "name=ab&year=23",
        "year",
        "Please give a year of four digits, such as 2023.",
        "연도를 2023과 같이 네 자리로 입력하십시오.",
    ),
    (
        "name=ab&thing=x",
        "thing",
        "Please give a whole IRI, such as http://example.org/1.",
        "IRI 전체를 http://example.org/1과 같이 입력하십시오.",
    ),
]


@pytest.mark.parametrize(("sent", "name", "english", "korean"), WRONG)
def test_what_is_wrong_is_told_at_its_field(
    forms: Server, sent: str, name: str, english: str, korean: str
) -> None:
    for language, told in (("en", english), ("ko", korean)):
        answer, tree = page(forms, f"/api/every-widget?{sent}", language)
        assert answer.status == 400
        wrong = field(tree, name)
        assert wrong.get("aria-invalid") == "true"
        assert wrong.get("autofocus") is not None
        described = wrong.get("aria-describedby").split()
        assert told in [text(tree.get_element_by_id(identifier)) for identifier in described]
        assert len(tree.xpath("//*[@autofocus]")) == 1


def test_a_wrong_value_stays_to_be_mended(forms: Server) -> None:
    _, tree = page(forms, "/api/every-widget?whole=eleven&name=ab")
    wrong = field(tree, "whole")
    # A browser empties an input of type number that holds no number.
    assert (wrong.get("value"), wrong.get("type")) == ("eleven", "text")
    assert field(tree, "name").get("value") == "ab"


ELSEWHERE = ["nobody=1&name=ab", "name=ab&page=0", "name=ab&page=1&after=x", "name=ab&pageSize=10001"]


@pytest.mark.parametrize("sent", ELSEWHERE)
def test_what_is_about_no_field_is_told_above_them(forms: Server, sent: str) -> None:
    answer, tree = page(forms, f"/api/every-widget?{sent}")
    assert answer.status == 400
    (alert,) = tree.xpath('//*[@role="alert"]')
    assert text(alert)
    assert field(tree, "name").get("value") == "ab"


def test_fields_left_empty_are_not_sent(forms: Server) -> None:
    answer, tree = page(forms, "/api/every-widget?name=ab&kind=&yes=&day=&year=&whole=&many=&thing=")
    assert answer.status == 200
    assert tree.xpath('//link[@rel="canonical"]/@href') == [f"{forms.url}/api/every-widget?name=ab"]
    assert forms.get("/api/every-widget?name=ab&year=", "application/json").status == 400


# The answer.


def test_rows_come_in_pages_with_their_numbers(forms: Server) -> None:
    _, tree = page(forms, "/api/rows?locale=en")
    assert len(tree.xpath("//tbody/tr")) == 100
    count = tree.xpath('//p[@class="count"]')[0]
    assert text(count) == "Rows 1 to 100 of 245"
    seen = 100
    while following := tree.xpath('//nav[@class="pager"]/a[@rel="next nofollow"]/@href'):
        address = urlsplit(following[0])
        _, tree = page(forms, f"{address.path}?{address.query}")
        seen += len(tree.xpath("//tbody/tr"))
    assert seen == 245
    assert text(tree.xpath('//p[@class="count"]')[0]) == "Rows 201 to 245 of 245"
    assert tree.xpath('//nav[@class="pager"]/a/@rel') == ["first nofollow", "prev nofollow"]


@pytest.mark.parametrize(
    ("path", "told"),
    [("/api/none", "No rows"), ("/api/rows?pageSize=300", "245 rows"), ("/api/echo?text=a", "1 row")],
)
def test_the_number_of_rows_is_told_once(forms: Server, path: str, told: str) -> None:
    _, tree = page(forms, path)
    assert text(tree.xpath('//p[@class="count"]')[0]) == told


def test_downloads_are_the_whole_answer_under_names_that_people_know(forms: Server) -> None:
    _, tree = page(forms, "/api/rows?page=2&pageSize=10&locale=en")
    for name, media_type in (
        ("CSV (Excel)", "text/csv"),
        ("CSV for programs", "text/csv"),
        ("JSON", "application/json"),
        ("Excel (XLSX)", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("SPARQL XML", "application/sparql-results+xml"),
        ("BibTeX", "application/x-bibtex"),
    ):
        answer = forms.get(link(tree, name))
        assert (answer.status, answer.type) == (200, media_type)
        assert answer.headers["content-disposition"].startswith('attachment; filename="rows.')
    assert len(forms.get(link(tree, "CSV (Excel)")).text.split()) == 1 + 245


def test_the_permalink_leads_to_the_same_answer(forms: Server) -> None:
    _, tree = page(forms, "/api/echo?locale=ko&text=" + quote("한글 & <b>"), "ko")
    (address,) = tree.xpath('//a[@rel="bookmark"]/@href')
    assert dict(parse_qsl(urlsplit(address).query)) == {"text": "한글 & <b>"}
    assert forms.get(address.removeprefix(forms.url)).json()["rows"] == [{"echo": "한글 & <b>"}]


def test_the_bound_text_is_shown_and_leads_to_the_editor(forms: Server) -> None:
    _, tree = page(forms, "/api/echo?text=a%22b&locale=en")
    shown = tree.xpath('//pre[contains(@class, "sparql")]')[0]
    assert [text(mark) for mark in shown.iter("mark")] == ['"a\\"b"']
    editor = urlsplit(link(tree, "Open in the query editor"))
    assert editor.path == "/query"
    bound = unquote(editor.fragment.removeprefix("query="))
    assert bound.strip() == shown.text_content().strip()
    assert forms.query(bound).rows() == [{"echo": 'a"b'}]
    assert forms.get(link(tree, "Text with the values"), "application/sparql-query").text == bound
    assert "?_text" in forms.get(link(tree, "Source (.rq)")).text


@pytest.mark.parametrize(
    ("path", "cell"), [("/api/is-there?n=101", "true"), ("/api/graph", "ex:number"), ("/api/hostile", "1")]
)
def test_other_answers_have_a_page_too(forms: Server, path: str, cell: str) -> None:
    answer, tree = page(forms, path)
    assert answer.status == 200
    assert cell in text(tree.xpath('//*[contains(@class, "rows")]')[0])
    assert tree.xpath('//nav[@class="pager"]') == []


def test_a_query_that_goes_away_says_so(forms: Server) -> None:
    answer, tree = page(forms, "/api/old?locale=en")
    notice = text(tree.xpath('//*[@class="notice"]')[0])
    assert "out of date" in notice
    assert "It is old." in notice
    assert "2030-01-01" in notice
    assert tree.xpath('//*[@class="notice"]//a/@href') == ["/api/rows?locale=en"]
    assert "deprecation" in answer.headers


def test_failures_are_no_forms(forms: Server) -> None:
    assert page(forms, "/api/slow")[0].status == 504
    assert page(forms, "/api/nothing")[0].status == 404
    assert page(forms, "/api/rows?generation=99")[0].status == 410


def test_it_is_fresh_or_unchanged(forms: Server) -> None:
    answer, _ = page(forms, "/api/rows")
    again = forms.get("/api/rows", BROWSER, Accept_Language="en", If_None_Match=answer.headers["etag"])
    assert again.status == 304
    other = forms.get("/api/rows", BROWSER, Accept_Language="ko", If_None_Match=answer.headers["etag"])
    assert other.status == 200
    assert answer.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"


def test_the_language_chosen_stays(forms: Server) -> None:
    _, tree = page(forms, "/api/rows?locale=ko&pageSize=10", "en")
    assert tree.get("lang") == "ko"
    assert all("locale=ko" in href for href in tree.xpath('//nav[@class="pager"]/a/@href'))
    _, tree = page(forms, "/api/echo?locale=ko", "en")
    assert tree.xpath('//input[@type="hidden"][@name="locale"]/@value') == ["ko"]


@pytest.mark.parametrize("path", ["/api/publications-by-year?year=2023", "/api/terms", "/api/search?q=a"])
def test_a_page_is_small(server: Server, path: str) -> None:
    assert len(server.get(path, BROWSER).body) < 150_000


def test_an_address_of_its_own_has_the_same_page(server: Server) -> None:
    _, tree = page(server, "/api/publications/by-year/2023")
    assert field(tree, "year").get("value") == "2023"
    assert tree.xpath('//form[@class="parameters"]/@action') == ["/api/publications-by-year"]


def test_every_query_of_ours_has_a_form_and_a_page(server: Server) -> None:
    for row in server.get("/api").json()["queries"]:
        for url in (row["url"], row["example"]):
            for language in ("ko", "en"):
                answer, tree = page(server, url.removeprefix(server.url), language)
                assert answer.status == 200, url
                assert text(tree.find(".//h1")) == row["summary"][language]


# Markup, and what would run, stays text.


TAGS = (
    {"html", "head", "meta", "title", "link", "body", "header", "nav", "main", "footer", "section", "script"}
    | {"h1", "h2", "p", "a", "code", "span", "div", "pre", "mark", "small", "strong", "em", "time", "figure"}
    | {"form", "label", "input", "select", "option", "datalist", "fieldset", "legend", "button", "details"}
    | {"summary", "table", "thead", "tbody", "tr", "th", "td", "figcaption", "img"}
)


def is_harmless(tree: Any) -> None:
    """There is no element, attribute or address that could come from a text alone."""
    assert {node.tag for node in tree.iter()} <= TAGS
    attributes = {name for node in tree.iter() for name in node.attrib}
    assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc")]
    for node in tree.iter():
        for name in ("href", "src", "action", "list", "data-values"):
            assert urlsplit(node.get(name, "")).scheme in ("", "http", "https"), node.get(name)
    assert all(src.startswith("/-/static/") for src in tree.xpath("//script/@src"))
    assert all(src.startswith("/api/") for src in tree.xpath("//img/@src"))
    assert tree.xpath("//script[not(@src)]") == []


@pytest.mark.parametrize("value", HOSTILE)
def test_markup_in_a_value_is_text(forms: Server, value: str) -> None:
    answer, tree = page(forms, f"/api/echo?{urlencode({'text': value})}")
    assert answer.status == 200
    assert field(tree, "text").get("value") == value
    assert tree.xpath("//td")[0].text_content() == value
    is_harmless(tree)


PARAMETERS = [
    "name",
    "kind",
    "yes",
    "day",
    "year",
    "whole",
    "thing",
    "many",
    "sizes",
    "nobody",
    "page",
    "after",
]


@pytest.mark.parametrize("name", PARAMETERS)
def test_markup_in_any_parameter_is_text(forms: Server, name: str) -> None:
    for value in HOSTILE:
        for pairs in ([(name, value)], [("name", "ab"), (name, value)], [(value, "x"), ("name", "ab")]):
            answer, tree = page(forms, f"/api/every-widget?{urlencode(pairs)}")
            assert answer.status in (200, 400)
            is_harmless(tree)


def test_markup_in_the_data_and_in_files_is_text(forms: Server) -> None:
    _, tree = page(forms, "/api/hostile")
    assert [cell.text_content() for cell in tree.xpath("//td[1]")] == list(HOSTILE)
    is_harmless(tree)
    _, tree = page(forms, "/api/links")
    assert tree.xpath("//td//a/@href") == ["/a"]
    _, tree = page(forms, "/api/every-widget")
    is_harmless(tree)
    prose = tree.xpath('//div[@class="prose"]')[0]
    assert "<script>x</script>" in text(prose)
    assert [str(a.get("href")) for a in prose.iter("a")] == ["https://example.org/"]
    assert [text(node) for node in prose.iter("strong")] == ["Bold"]
    assert "<b>" in [text(chip) for chip in tree.xpath('//a[@class="chip"]')]


@settings(
    max_examples=examples(60),
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(string.printable + "한글·\u2028\u200b\U0001f600", min_size=1))
def test_any_text_comes_back_as_it_was(forms: Server, value: str) -> None:
    answer, tree = page(forms, f"/api/echo?{urlencode({'text': value})}")
    if answer.status == 200:
        assert "".join(tree.xpath("//td")[0].text_content().split()) == "".join(value.split())
    else:
        assert answer.status == 400
        assert field(tree, "text").get("aria-invalid") == "true" or not value.strip()
    assert tree.xpath("//script[not(@src)]") == []
