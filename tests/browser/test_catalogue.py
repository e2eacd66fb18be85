"""The catalogue and the pages to browse by, used as a reader does: with the keyboard, in Korean."""

from __future__ import annotations

import re

from playwright.sync_api import CDPSession, Page, expect

from tests.browser.reader import Reader

TITLE = "한 해를 넘긴 우크라이나 전쟁의 향방 전망"


def total(page: Page) -> int:
    """Return the number of records that the page shows."""
    told = re.search(r"[\d,]+", page.locator("main [role=status]").first.inner_text())
    assert told is not None
    return int(told[0].replace(",", ""))


def titles(page: Page) -> list[str]:
    return page.locator(".hits h2 a").all_inner_texts()


def test_a_korean_title_is_found_from_the_keyboard(korean: Reader) -> None:
    page = korean.goto("/")
    everything = total(page)
    page.locator("#q").focus()
    page.keyboard.insert_text("우크라이나 전쟁의 향방")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    assert titles(page)[0] == TITLE
    assert total(page) < everything
    assert "우크라이나" in page.locator(".hits mark").all_inner_texts()
    expect(page.locator("#q")).to_have_value("우크라이나 전쟁의 향방")
    page.go_back()
    assert total(page) == everything


def compose(keyboard: CDPSession, syllables: list[str]) -> None:
    """Send the events of a Korean input method while one syllable is composed of its letters."""
    for shown in syllables:
        keyboard.send("Input.imeSetComposition", {"text": shown, "selectionStart": 1, "selectionEnd": 1})
    keyboard.send("Input.insertText", {"text": syllables[-1]})


def test_titles_are_offered_while_a_korean_word_is_composed(korean: Reader) -> None:
    page = korean.goto("/")
    page.locator("#q").focus()
    keyboard = korean.context.new_cdp_session(page)
    for syllables in (["ㅇ", "우"], ["ㅋ", "크"], ["ㄹ", "라"], ["ㅇ", "이"], ["ㄴ", "나"]):
        compose(keyboard, syllables)
    expect(page.locator("#q")).to_have_value("우크라이나")
    expect(page.locator("#titles option").first).to_have_attribute("value", re.compile("우크라이나"))
    assert page.url == f"{korean.server.url}/"
    # Enter while composing ends the composition only; the next one searches.
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    assert TITLE in titles(page)


def test_what_is_offered_follows_what_is_typed(reader: Reader) -> None:
    page = reader.goto("/")
    page.locator("#q").press_sequentially("arms exp")
    options = page.locator("#titles option")
    expect(options.first).to_have_attribute("value", re.compile("Arms Exports"))
    page.locator("#q").press_sequentially(' "')
    page.locator("#q").fill("arms zzzz")
    expect(options).to_have_count(0)


def test_facets_combine_and_the_back_button_undoes_them(reader: Reader) -> None:
    page = reader.goto("/")
    numbers = [total(page)]
    for name in ("Series", "Language"):
        panel = page.locator("details.facet", has=page.get_by_role("heading", name=name, exact=True))
        value = panel.locator("li a").first
        counted = int(panel.locator("li .count").first.inner_text().replace(",", ""))
        value.click()
        page.wait_for_url(f"**{name.lower()}=*")
        assert total(page) == counted <= numbers[-1]
        numbers.append(counted)
    assert "series=" in page.url
    assert len(page.locator(".chips .chip").all()) == 3
    page.go_back()
    assert total(page) == numbers[1]
    page.go_back()
    assert total(page) == numbers[0]


def test_a_column_of_the_histogram_is_a_year(reader: Reader) -> None:
    page = reader.goto("/")
    column = page.locator(".histogram a").last
    year, counted = (column.get_attribute("aria-label") or "").split(": ")
    column.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**year={year}*")
    assert total(page) == int(counted)


def test_the_order_can_be_changed(reader: Reader) -> None:
    page = reader.goto("/?q=Korea")
    page.get_by_role("link", name="oldest first").click()
    page.wait_for_url("**sort=oldest*")
    oldest = titles(page)
    page.get_by_role("link", name="newest first").click()
    page.wait_for_url("**sort=newest*")
    assert titles(page) != oldest
    expect(page.locator("#q")).to_have_value("Korea")


def test_pages_follow_each_other(reader: Reader) -> None:
    page = reader.goto("/")
    first = titles(page)
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=2*")
    assert not set(first) & set(titles(page))
    page.get_by_role("link", name="Previous").click()
    page.wait_for_url(lambda url: "page=2" not in url)
    assert titles(page) == first


def test_the_result_can_be_downloaded(reader: Reader) -> None:
    page = reader.goto("/?q=arms+exports")
    page.locator(".takeaway > summary").click()
    with page.expect_download() as awaited:
        page.locator(".takeaway a[download]", has_text="csv").first.click()
    with awaited.value.path().open(encoding="utf-8") as file:
        assert "South Korea’s Arms Exports" in file.read()


def test_the_results_query_runs_in_the_editor(reader: Reader) -> None:
    page = reader.goto("/?q=arms+exports&sort=newest")
    newest = titles(page)[0]
    page.locator(".takeaway > summary").click()
    page.locator(".takeaway a.button").click()
    page.locator("html[data-editor=ready]").wait_for()
    page.locator("#held button").click()
    page.locator(".yasr_results table tbody tr").first.wait_for()
    assert " ".join(newest.split()) in " ".join(page.locator(".yasr_results").inner_text().split())


def test_values_are_browsed_and_lead_back_to_the_catalogue(korean: Reader) -> None:
    page = korean.goto("/browse/author")
    page.get_by_role("link", name="SONG Tae Eun", exact=True).click()
    page.wait_for_url("**author=*")
    assert titles(page)[0].startswith("South Korea’s Arms Exports")


def test_the_language_is_switched_and_stays(korean: Reader) -> None:
    page = korean.goto("/?q=%EC%9D%BC%EB%B3%B8")
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**locale=en*")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator("#q")).to_have_value("일본")
    page.get_by_role("link", name="API", exact=True).click()
    page.wait_for_url("**/api?locale=en")
    assert page.locator("html").get_attribute("lang") == "en"
