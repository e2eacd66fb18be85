"""The query page in a window: typing into YASGUI, running, and reading what it shows."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, Response

from tests.browser.reader import Reader

# The code editor of the tab in front, as CodeMirror keeps it at its element.
_EDITOR = "document.querySelector('.tabPanel.active .CodeMirror').CodeMirror"


@dataclass
class QueryEditor:
    """YASGUI's tab in front, on any page that has one."""

    page: Page

    @property
    def results(self) -> Locator:
        return self.page.locator(".tabPanel.active .yasr_results")

    @property
    def tab(self) -> Locator:
        return self.page.locator(".tab.active")

    def write(self, text: str) -> None:
        """Put the text in place of what is in the editor, as the clipboard would."""
        self.page.locator(".tabPanel.active .CodeMirror").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        # YASQE may have declared a prefix above it.
        assert self.written().endswith(text)

    def written(self) -> str:
        """The query in the editor."""
        return str(self.page.evaluate(f"{_EDITOR}.getValue()"))

    def put_cursor(self, before: str, after: str) -> None:
        """Write both, with the cursor between them."""
        self.write(before + after)
        self.page.keyboard.press("Control+End")
        for _ in after:
            self.page.keyboard.press("ArrowLeft")

    def press_run(self) -> None:
        """Press the button that runs a query, and stops a running one."""
        self.page.locator(".tabPanel.active .yasqe_queryButton").click()

    def run(self, text: str, endpoint: str = "/sparql") -> Response:
        """Run the query; returns the server's answer once its result is shown."""
        self.write(text)
        with self.page.expect_response(lambda response: endpoint in response.url) as awaited:
            self.press_run()
        answer = awaited.value
        answer.finished()
        self.settled()
        return answer

    def settled(self) -> None:
        """Wait until nothing runs, and what came is on the screen."""
        self.page.locator(".tabPanel.active .yasqe_queryButton:not(.busy)").wait_for()
        self.page.locator(".tabPanel.active .yasr_results > *").first.wait_for()

    def rows(self) -> list[list[str]]:
        """The cells of the table, row by row, without their numbers."""
        lines = self.results.locator("tbody tr").all()
        return [[cell.inner_text().strip() for cell in line.locator("td").all()[1:]] for line in lines]

    def hints(self, *keys: str) -> list[str]:
        """Return the completions that are offered after these keys."""
        for key in keys:
            self.page.keyboard.press(key)
        self.page.locator(".CodeMirror-hint").first.wait_for()
        return [" ".join(text.split()) for text in self.page.locator(".CodeMirror-hint").all_inner_texts()]


def query_page(reader: Reader, path: str = "/query") -> QueryEditor:
    """Open the query page and wait for its editor."""
    page = reader.goto(path)
    page.locator("html[data-editor=ready]").wait_for()
    return QueryEditor(page)
