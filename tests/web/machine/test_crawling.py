"""What a crawler reads and reaches that honours the marks of pages, on two datasets of different size."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from lxml import html  # type: ignore[import-untyped]

from endpoint.dataset import resource_path
from tests.live import Answer, Server, serving

SIZES: Final = (12, 36)
BROWSER: Final = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"
LOC: Final = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
# Pages of the site itself, of the values that all records share, of terms: they do not grow with the data.
OWN: Final = 40


@dataclass(frozen=True)
class Rules:
    """The rules of a robots.txt for all crawlers, as RFC 9309 section 2.2.2 reads them."""

    lines: tuple[tuple[bool, str], ...]
    sitemaps: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Rules:
        named = [line.partition(": ")[::2] for line in text.splitlines()]
        rules = tuple((name == "Allow", value) for name, value in named if name in ("Allow", "Disallow"))
        return cls(rules, tuple(value for name, value in named if name == "Sitemap"))

    def allow(self, path: str) -> bool:
        longest = (0, True)
        for allowed, pattern in self.lines:
            if re.match(re.escape(pattern).replace(r"\*", ".*").replace(r"\$", "$"), path):
                longest = max(longest, (len(pattern), allowed))
        return longest[1]


@dataclass
class Crawler:
    """A crawler that begins at the first page and honours robots.txt, nofollow, noindex and canonical links.

    It takes ``noindex`` to mean that the links of the page do not count, as search engines do after a while,
    and reads a page that names another address as its canonical one there. With ``languages`` it also reads
    what pages name as their translations.
    """

    server: Server
    languages: bool = False
    sitemaps: bool = True
    read: dict[str, Answer] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def run(self, most: float) -> None:
        rules = Rules.read(self.server.get("/robots.txt").text)
        waiting = deque(["/", *(self._listed(rules.sitemaps) if self.sitemaps else ())])
        while waiting:
            path = waiting.popleft()
            if path not in self.read and rules.allow(path):
                assert len(self.read) < most, [*self.read][-200:]
                waiting.extend(self._links(path))

    def _listed(self, addresses: Iterable[str]) -> Iterator[str]:
        """Yield the paths in these sitemaps, and in those that they list."""
        for address in addresses:
            body = self.server.get(self._path(address) or "").body
            found = ElementTree.fromstring(body)  # noqa: S314 - from our own server
            named = [row.text or "" for row in found.iter(LOC)]
            if found.tag.endswith("sitemapindex"):
                yield from self._listed(named)
            else:
                yield from (path for row in named if (path := self._path(row)) is not None)

    def _links(self, path: str) -> Iterator[str]:
        """Read the page, and yield the paths that it leads to."""
        answer = self.read[path] = self.server.get(path, BROWSER)
        assert answer.status in (200, 302), (path, answer.text[:300])
        if answer.type != "text/html":
            return
        page = html.fromstring(answer.body)
        canonical = [self._path(address) for address in page.xpath("//link[@rel='canonical']/@href")]
        if canonical and canonical[0] != path:
            yield canonical[0] or ""
            if not self.languages:
                return
        told = " ".join(
            [answer.headers.get("x-robots-tag", ""), *page.xpath("//meta[@name='robots']/@content")]
        )
        if "noindex" in told:
            return
        self.kept.add(path)
        links = page.xpath("//a[@href][not(contains(concat(' ', @rel, ' '), ' nofollow '))]/@href")
        if self.languages:
            links += page.xpath("//link[@rel='alternate'][@hreflang]/@href")
        for link in links:
            found = self._path(urljoin(self.server.url + path, link))
            if found is not None:
                yield found

    def _path(self, address: str) -> str | None:
        """Return the path of an address on this server, without a fragment; None of another host."""
        parts = urlsplit(address)
        if f"{parts.scheme}://{parts.netloc}" != self.server.url:
            return None
        return parts.path + (f"?{parts.query}" if parts.query else "")


MANIFEST: Final = """base = "http://example.org/"
title.en = "Records"
description.en = "Some records."
[prefixes]
ex = "http://example.org/ns/"
[[graph]]
iri = "http://example.org/records"
title.en = "Records"
files = ["seed/*.ttl"]
"""
SEARCH: Final = """dates = ["ex:year"]
[field.title]
labels = { en = "Title" }
properties = ["ex:title"]
[field.author]
labels = { en = "Author" }
properties = ["ex:name"]
through = ["ex:author"]
[facet.subject]
labels = { en = "Subject" }
properties = ["ex:subject"]
[facet.language]
labels = { en = "Language" }
properties = ["ex:language"]
[facet.author]
labels = { en = "Author" }
properties = ["ex:name"]
through = ["ex:author"]
[facet.year]
labels = { en = "Year" }
properties = ["ex:year"]
"""


def make(folder: Path, records: int) -> Path:
    """Write a dataset of records, with one author for every two of them, into the folder."""
    for name in ("seed", "queries", "ontology"):
        (folder / name).mkdir(parents=True)
    (folder / "seed" / "dataset.toml").write_text(MANIFEST)
    (folder / "seed" / "search.toml").write_text(SEARCH)
    query = "SELECT ?record ?title { ?record <http://example.org/ns/title> ?title } ORDER BY ?title"
    (folder / "queries" / "titles.rq").write_text(f"#+ summary: Titles\n#+ pagination: 10\n{query}\n")
    with (folder / "seed" / "records.ttl").open("w") as out:
        out.write("@prefix ex: <http://example.org/ns/> .\n")
        for number in range(records):
            out.write(
                f"<http://example.org/r/{number}> ex:title 'Record {number}' ; ex:year {2000 + number % 9} ; "
                f"ex:subject 's{number % 7}' , 't{number % 5}' ; ex:language 'l{number % 2}' ; "
                f"ex:author <http://example.org/a/{number // 2}> .\n"
            )
        out.writelines(
            f"<http://example.org/a/{number}> ex:name 'Author {number}' .\n" for number in range(records // 2)
        )
    return folder


@pytest.fixture(scope="module", params=SIZES)
def records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = make(tmp_path_factory.mktemp("crawled") / "dataset", request.param)
    with serving(folder / "data", "--dataset", str(folder), "--workers", "2") as server:
        yield server


def resources(server: Server) -> set[str]:
    """The paths of all resources, as the engine counts them."""
    base = "http://example.org/"
    query = f'SELECT DISTINCT ?s {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{base}")) }}'
    rows = server.query(query, "application/sparql-results+json").rows()
    return {resource_path(row["s"], base) for row in rows}


@pytest.mark.parametrize("languages", [False, True], ids=["pages", "languages"])
def test_what_a_crawler_reads_grows_with_the_resources(records: Server, languages: bool) -> None:
    there = resources(records)
    crawler = Crawler(records, languages)
    # Each in Korean, in English and without a choice.
    crawler.run((4.5 if languages else 1.5) * (len(there) + OWN))
    assert there <= crawler.kept
    # Every list that it keeps is of one value.
    lists = [path for path in crawler.kept if path.startswith("/?")]
    assert lists
    assert {len([row for row in parse_qsl(path[2:]) if row[0] != "locale"]) for path in lists} <= {0, 1}


def test_a_crawler_without_a_sitemap_reads_no_more(records: Server) -> None:
    crawler = Crawler(records, sitemaps=False)
    crawler.run(1.5 * (len(resources(records)) + OWN))
    assert "/r/1" in crawler.kept


def followed(server: Server, client: str) -> Iterator[Answer]:
    """Yield the answers to one client that follows every link there is, whatever the pages say of it."""
    waiting, seen = deque(["/"]), {"/"}
    while waiting:
        path = waiting.popleft()
        answer = server.get(path, BROWSER, X_Forwarded_For=client)
        yield answer
        if answer.type == "text/html":
            links = html.fromstring(answer.body).xpath("//a/@href")
            found = {link for link in links if link.startswith("/") and "#" not in link} - seen
            seen |= found
            waiting.extend(sorted(found, key=len, reverse=True))


def test_a_crawler_that_honours_nothing_uses_up_its_budget_alone(tmp_path: Path) -> None:
    folder = make(tmp_path / "dataset", SIZES[0])
    flags = ("--dataset", str(folder), "--workers", "2", "--budget", "0.2")
    with serving(folder / "data", *flags) as server:
        answers = islice(followed(server, "192.0.2.1"), 5000)
        refused = next((answer for answer in answers if answer.status == 429), None)
        assert refused is not None
        assert int(refused.headers["retry-after"]) >= 1
        for other, path in enumerate(("/?q=Record", "/r/1", "/?year=2001&subject=s3")):
            assert server.get(path, BROWSER, X_Forwarded_For=f"198.51.100.{other}").status == 200
