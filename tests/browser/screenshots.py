"""Pictures of every kind of page, for people to look at.

    python -m tests.browser.screenshots [OUTPUT]

Each kind in both languages at the width of a phone, a laptop and a wide screen, in light colours; dark ones
at the width of a laptop. OUTPUT is a folder, by default ``screenshots``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser

from tests.browser.example_pages import ERRORS, EXAMPLE_PAGES
from tests.browser.launch import started, stock, stocked
from tests.browser.query_editor import query_page
from tests.browser.reader import LOCALES, Reader, reading
from tests.live import ROOT, Server

WIDTHS: Final = (390, 1280, 1920)
DARK: Final = 1280
Scheme = Literal["light", "dark"]


def looks() -> Iterator[tuple[int, Scheme]]:
    """Every width and colour scheme that a page is pictured in."""
    for width in WIDTHS:
        yield width, "light"
    yield DARK, "dark"


def take(reader: Reader, kind: str, path: Path) -> None:
    """One picture of the whole page, as far down as a reader would go."""
    reader.expected = {ERRORS[kind]} if kind in ERRORS else set()
    if kind == "editor":
        editor = query_page(reader)
        with reader.page.expect_response("**/sparql"):
            editor.press_run()
        editor.settled()
    else:
        reader.goto(EXAMPLE_PAGES[kind])
    if kind == "swagger":
        reader.page.locator("#swagger .opblock").first.wait_for()
    # Images further down load when they come near.
    reader.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    reader.page.evaluate("() => Promise.all([...document.images].map((image) => image.decode()))")
    reader.page.evaluate("window.scrollTo(0, 0)")
    reader.page.screenshot(path=path, full_page=True)


def take_all(browser: Browser, server: Server, output: Path, kinds: list[str]) -> int:
    """All pictures of these kinds. Returns how many there are."""
    made = 0
    for language, (width, scheme) in product(LOCALES, looks()):
        with reading(browser, server, language, width, scheme=scheme) as reader:
            for kind in kinds:
                take(reader, kind, output / f"{kind}-{language}-{width}-{scheme}.png")
                made += 1
            for complaint in reader.complaints:
                print(f"{language} {width} {scheme}: {complaint}", file=sys.stderr)
    return made


@contextmanager
def site() -> Iterator[tuple[Browser, Server]]:
    """A browser, and a server on a catalogue of some hundred publications."""
    with tempfile.TemporaryDirectory() as folder:
        stock(Path(folder))
        with stocked(Path(folder) / "data") as server, started() as browser:
            yield browser, server


def main() -> None:
    """Take the pictures that the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("output", nargs="?", type=Path, default=ROOT / "screenshots")
    parser.add_argument(
        "--kind", action="append", choices=list(EXAMPLE_PAGES), help="only these; may be repeated"
    )
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with site() as (browser, server):
        made = take_all(browser, server, options.output, options.kind or list(EXAMPLE_PAGES))
    print(f"{made} pictures in {options.output}")


if __name__ == "__main__":
    main()
