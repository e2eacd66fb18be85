"""A person at a browser: the window they see the site through, and everything that went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests import waiting
from tests.live import Server

# What each language of the interface is asked for with.
LOCALES: Final = {"ko": "ko-KR", "en": "en-GB"}
# Milliseconds for anything on a page to happen.
PATIENCE: Final = 1000 * waiting.PATIENCE

_TELL_VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@dataclass
class Reader:
    """One window: its page, every address it asked for, and every complaint of the browser."""

    server: Server
    context: BrowserContext
    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    # Statuses that the browser reports as errors on its console, and a test expects.
    expected: set[int] = field(default_factory=set)

    def goto(self, path: str) -> Page:
        """Open a page of the server, and wait until it is there with its scripts."""
        self.page.goto(self.server.url + path, wait_until="load")
        return self.page

    def text(self, selector: str = "main") -> str:
        """Return the text that a person reads in the part of the page at the selector."""
        return self.page.locator(selector).first.inner_text()

    def check(self) -> None:
        """Nothing went to another host, and the browser had nothing to complain about."""
        allowed = (self.server.url + "/", "data:", "blob:")
        assert [url for url in self.requests if not url.startswith(allowed)] == []
        assert self.complaints == []

    def heard(self, message: ConsoleMessage) -> None:
        """Keep what the browser says on its console where it matters."""
        if message.type not in ("error", "warning"):
            return
        if any(f"responded with a status of {status} " in message.text for status in self.expected):
            return
        self.complaints.append(f"{message.text} ({message.location['url']})")

    def asked(self, request: Request) -> None:
        """Keep the address of a request."""
        self.requests.append(request.url)


@contextmanager
def reading(
    browser: Browser,
    server: Server,
    language: str = "en",
    width: int = 1280,
    height: int = 900,
    scheme: Literal["light", "dark"] = "light",
    scripts: bool = True,
    policy: bool = True,
) -> Iterator[Reader]:
    """A new window on the server; the browser has kept nothing from other windows.

    Without ``policy`` it ignores the policy of pages, so that they must be safe without it.
    """
    context = browser.new_context(
        locale=LOCALES[language],
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        java_script_enabled=scripts,
        reduced_motion="reduce",
        bypass_csp=not policy,
    )
    context.set_default_timeout(PATIENCE)
    if scripts:
        context.add_init_script(_TELL_VIOLATIONS)
    reader = Reader(server, context, context.new_page())
    context.on("request", reader.asked)
    context.on("console", reader.heard)
    context.on("weberror", lambda error: reader.complaints.append(str(error.error)))
    try:
        yield reader
    finally:
        context.close()
