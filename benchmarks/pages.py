"""Each kind of page of the site over a generated catalogue: its first answer, and the same again.

    python -m benchmarks.pages 20000
    python -m benchmarks.pages --data DIRECTORY

The server serves from memory where the data fits into its image, else from disk; one client asks for one page
after another, without compression. The first answer to an address is made for it, and what all pages of a
kind share with the first of them. What is repeated is the median of several answers. With ``--saved`` every
saved query is asked too: its page, its answer, and the values of its parameters. Beside each time is what the
server and its workers take of a processor, in hundredths of a second, which says more on a busy machine.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from benchmarks.scale import Row, Running, fits, generated, load, serving
from benchmarks.streaming_memory import family
from endpoint.app import create_site
from endpoint.settings import Settings
from endpoint.vocabulary import RDF_TYPE
from endpoint.web import Site
from endpoint.web.api.values import has_values

_REPEATS: Final = 5
_MOST: Final = 600.0  # seconds to wait for one page
_BASE: Final = "http://opendata.mofa.go.kr/"
_PUB: Final = f"{_BASE}mofapub/"
_BROWSER: Final = "text/html,application/xhtml+xml"


@dataclass(frozen=True)
class Page:
    """A kind of page, an address of it, and the media types that the client wants."""

    name: str
    path: str
    accept: str = _BROWSER


def ask(port: int, page: Page) -> tuple[float, int, int]:
    """Return the milliseconds until the answer is whole, its status and its bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_MOST)
    connection.connect()
    try:
        started = time.perf_counter()
        connection.request("GET", page.path, headers={"Accept": page.accept, "Accept-Language": "en"})
        response = connection.getresponse()
        body = response.read()
        return (time.perf_counter() - started) * 1000, response.status, len(body)
    finally:
        connection.close()


def found(port: int, query: str) -> list[str]:
    """Return the values in the first column of the answer to a query."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_MOST)
    try:
        path, headers = f"/sparql?{urlencode({'query': query})}", {"Accept": "application/json"}
        connection.request("GET", path, headers=headers)
        rows = json.loads(connection.getresponse().read())["results"]["bindings"]
        return [row["x"]["value"] for row in rows]
    finally:
        connection.close()


def most_used(port: int, pattern: str) -> str:
    """Return the value of ``?x`` in most solutions."""
    return found(port, f"SELECT ?x {{ {pattern} }} GROUP BY ?x ORDER BY DESC(COUNT(*)) ?x LIMIT 1")[0]


def catalogue_pages(port: int, site: Site) -> Iterator[Page]:
    """The catalogue: lists, searches and the values of facets."""
    year = most_used(port, f"?p <{_BASE}core/yearOfData> ?x")
    series = most_used(port, f"?p <{_BASE}mofadocu/category> ?x")
    yield Page("catalogue, first page", "/")
    yield Page("catalogue, page 400", "/?page=400")
    yield Page("catalogue, by title", "/?sort=title")
    yield Page("catalogue, a year", f"/?year={year}")
    yield Page("catalogue, a year and a series", f"/?{urlencode({'year': year, 'series': series})}")
    yield Page("catalogue, words", "/?q=security")
    yield Page("search as JSON", "/search?q=korea", "application/json")
    for facet in site.search.facets if site.search else ():
        yield Page(f"browse by {facet.name}", f"/browse/{quote(facet.name)}")
    yield Page("overview", "/overview")


def resource_pages(port: int) -> Iterator[Page]:
    """Resources: records, what many records name, and terms that many statements have."""
    publications = found(port, f"SELECT ?x {{ ?x a <{_PUB}Publication> }} ORDER BY ?x LIMIT 3")
    country, city, person = (
        most_used(port, f"?p <{_BASE}{name}> ?x")
        for name in ("mofadocu/relatedCountry", "mofadocu/relatedCity", "core/relatedPerson")
    )
    # Something is read once for all pages; the second and third show what each of them takes.
    for place, iri in enumerate(publications):
        yield Page("a publication" if place else "a publication, the first page of any", path_of(iri))
    yield Page("a country", path_of(country))
    yield Page("a country, what is linked to it", inverse(country, f"{_BASE}mofadocu/relatedCountry"))
    yield Page("a city", path_of(city))
    yield Page("a person", path_of(person))
    yield Page("a class of everything", path_of(f"{_PUB}Publication"))
    yield Page("its instances", inverse(f"{_PUB}Publication", RDF_TYPE))
    yield Page("its instances, page 100", inverse(f"{_PUB}Publication", RDF_TYPE, 100))
    yield Page("a property", path_of(f"{_PUB}pubDate"))
    yield Page("an ontology", f"/lod/view.do?{urlencode({'uri': _PUB})}")
    yield Page("no resource", path_of(f"{publications[0]}0000"))
    yield Page("a publication, Turtle", path_of(publications[0]), "text/turtle")
    yield Page("a country, Turtle", path_of(country), "text/turtle")


def path_of(iri: str) -> str:
    """Return the path of a resource."""
    return quote("/" + iri.removeprefix(_BASE), safe="/%")


def inverse(iri: str, name: str, page: int = 1) -> str:
    """Return the address of a page of subjects."""
    return f"{path_of(iri)}?{urlencode({'inverse': name, 'page': page})}"


def machine_pages(port: int) -> Iterator[Page]:
    """What programs read."""
    yield Page("sitemap, index", "/sitemap.xml", "*/*")
    for number in (1, 2, 3):
        if ask(port, Page("", f"/sitemap-{number}.xml"))[1] == 200:
            yield Page(f"sitemap {number}", f"/sitemap-{number}.xml?", "*/*")
    yield Page("feed", "/feed", "*/*")
    yield Page("VoID", "/void.ttl", "*/*")
    yield Page("DCAT", "/catalog.ttl", "*/*")
    yield Page("service description", "/sparql", "text/turtle")
    yield Page("completion, classes", "/-/completion/classes?q=pub", "*/*")
    yield Page("completion, properties", "/-/completion/properties?q=date", "*/*")
    yield Page("OpenAPI", "/api/openapi.json", "*/*")


def saved_pages(site: Site) -> Iterator[Page]:
    """The saved queries: their list, and of each its page, its answer, and the values of its parameters."""
    yield Page("saved queries", "/api")
    for query in site.catalog.queries.values():
        values = "?" + urlencode(query.example_values()) if query.example_values() else ""
        if not query.lacking_examples():
            yield Page(f"{query.name}, page", f"/api/{query.name}{values}")
            yield Page(f"{query.name}, answer", f"/api/{query.name}{values}", "*/*")
        for parameter in query.parameters:
            if has_values(site.catalog, query, parameter):
                path = f"/api/{query.name}/values/{parameter.name}"
                yield Page(f"{query.name}, values of {parameter.name}", path, "*/*")


def processor(server: Running) -> float:
    """Return the milliseconds of a processor that the server and its workers have taken so far."""
    while True:
        with contextlib.suppress(OSError):  # a worker has ended meanwhile
            return sum(map(_processor, family(server.process.pid)))


def _processor(pid: int) -> float:
    # After the name of the program: user and system, of itself and of children that have ended.
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, stat[11:15])) * 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """A page with milliseconds: of the first answer, of another, and of a processor for each; its bytes."""

    page: Page
    first: float
    first_processor: float
    again: float
    again_processor: float
    size: int


def measure(server: Running, site: Site, saved: bool) -> list[Measured]:
    """Ask for all pages, each several times."""
    rows = []
    port = server.port
    pages = [catalogue_pages(port, site), resource_pages(port), machine_pages(port)]
    pages += [saved_pages(site)] if saved else []
    for page in (page for group in pages for page in group):
        before = processor(server)
        first, status, size = ask(port, page)
        made = processor(server)
        if status >= 500:
            print(f"{page.name}: {status} after {first:.0f} ms", file=sys.stderr, flush=True)
            continue
        again = statistics.median(ask(port, page)[0] for _ in range(_REPEATS))
        repeated = (processor(server) - made) / _REPEATS
        rows.append(Measured(page, first, made - before, again, repeated, size))
        print(f"{page.name}: {first:.0f} ms, {again:.0f} ms", file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("size", nargs="?", default="4174", help="number of publications, or a file")
    parser.add_argument("--abstracts", choices=("real", "short"), default="short")
    parser.add_argument("--data", type=Path, help="a data directory to serve, instead of loading one")
    parser.add_argument("--saved", action="store_true", help="ask every saved query too")
    options = parser.parse_args()
    with ExitStack() as stack:
        data = options.data
        if data is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            size = options.size
            file = generated(folder, int(size), options.abstracts) if size.isdigit() else Path(size)
            data = folder / "data"
            load(Row(size), data, file)
        server = stack.enter_context(serving(data))
        server.wait("serving generation")
        if fits(server):
            server.wait("from memory")
        rows = measure(server, create_site(Settings(data=data)), options.saved)
    print("| page, ms | first | of a processor | again | of a processor | kB |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in rows:
        times = (row.first, row.first_processor, row.again, row.again_processor, row.size / 1000)
        print(f"| {row.page.name} | {' | '.join(f'{time:,.0f}' for time in times)} |")


if __name__ == "__main__":
    main()
