"""Requests for resources: every representation, pages, terms, ontologies, what is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.recording.corpus.shorthand import (
    BROWSER,
    JSON,
    as_method,
    get,
    page,
    revalidated,
    slug,
    spelled,
    unordered,
)
from tests.recording.exchange import Request

BASE: Final = "http://opendata.mofa.go.kr/"
EXTENSIONS: Final = (
    *("ttl", "nt", "jsonld", "json", "json.data", "rdf", "trig", "nq", "html", "bib", "ris", "csl.json"),
    *("csv", "TTL"),
)
FORMATS: Final = (
    "ttl",
    "nt",
    "jsonld",
    "rdf",
    "trig",
    "nq",
    "html",
    "bib",
    "ris",
    "csl",
    "json",
    "csv",
    "xyz",
)
ACCEPTED: Final = (
    *("*/*", "text/turtle", "application/ld+json", "application/json", "application/rdf+xml", "text/html"),
    *(BROWSER, "application/n-triples", "application/trig", "application/n-quads", "application/x-bibtex"),
    *("text/csv", "image/png", "text/*", "application/*;q=0.2, text/turtle;q=0.1", "text/html;q=0, */*"),
    *("application/sparql-results+json", "application/problem+json", "text/plain"),
)
PUBLICATION: Final = "mofapub/resource/Publication/14209"
SEED: Final[Mapping[str, str]] = {
    "publication": PUBLICATION,
    "publication-korean": "mofapub/resource/Publication/13940",
    "archive-file": "mofadocu/resource/Document/51386",
    "briefing": "mofabrief/resource/Document/368579",
    "press-release": "mofapress/resource/Document/372959",
    "class": "mofapub/Publication",
    "property": "mofapub/hasAuthor",
    "core-class": "core/Country",
    "core-property": "core/yearOfData",
    "ontology": "mofapub/",
    "ontology-core": "core/",
    "shapes": "shapes/",
    "graph": "mofapub",
    "derived": "derived",
}
ELSEWHERE: Final[Mapping[str, str]] = {
    "bibo": "http://purl.org/ontology/bibo/",
    "bibo-document": "http://purl.org/ontology/bibo/Document",
    "skos": "http://www.w3.org/2004/02/skos/core",
    "skos-label": "http://www.w3.org/2004/02/skos/core#prefLabel",
    "rdf-type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
    "owl-class": "http://www.w3.org/2002/07/owl#Class",
    "schema": "https://schema.org/",
    "prefixed": "bibo:Document",
    "own-prefixed": "mofapub:Publication",
    "in-brackets": f"<{BASE}{PUBLICATION}>",
    "own": f"{BASE}{PUBLICATION}",
    "own-with-extension": f"{BASE}{PUBLICATION}.ttl",
    "unknown": "http://example.org/nothing",
    "near": f"{BASE}mofapub/Publicaton",
    "no-iri": "no iri",
    "empty": "",
}
MISSING: Final = (
    *("mofapub/resource/Publication/142090", "mofapub/resource/Publication/1420", "mofapub/Publicaton"),
    *("mofapub/resource/Publication/14209/", "mofapub/resource/Publication/", "mofapub/resource"),
    *(
        "nothing",
        "nothing/at/all.ttl",
        "korea",
        "%EC%A0%84%EC%9F%81",
        "%ff",
        "a%0Ab",
        "a//b",
        "..%2F",
        "-/nothing",
    ),
    *("browse", ".well-known/nothing", "wp-login.php", "mofapub/sparql/", "sparql/", "query/", "void/"),
)


def requests() -> Iterator[Request]:
    """Everything that is asked of resources of the seed."""
    for name, path in SEED.items():
        asked = representations(f"resource/{name}", f"/{path}")
        yield from unordered(asked) if path.endswith("/") else asked
    yield from _publication()
    for name, iri in ELSEWHERE.items():
        asked = _by_parameter(name, iri)
        yield from unordered(asked) if iri.endswith("/") else asked
    for path in MISSING:
        missing = f"resource/missing/{spelled(path)}"
        yield get(missing, f"/{path}")
        yield get(f"{missing}-as-json", f"/{path}", accept=JSON)
    yield from page("resource/missing/page", "/mofapub/Publicaton")
    yield from page("resource/missing/words", "/korea")


def representations(name: str, path: str) -> Iterator[Request]:
    """A resource: its page in both languages, Turtle, JSON-LD, without any preference."""
    yield get(f"{name}/plain", path)
    yield from page(f"{name}/page", path)
    yield get(f"{name}/json-ld", path, accept="application/ld+json")
    yield revalidated(get(f"{name}/valid", path, accept=BROWSER))


def _publication() -> Iterator[Request]:
    path, name = f"/{PUBLICATION}", "resource/publication"
    for extension in EXTENSIONS:
        yield get(f"{name}/extension-{extension}{'-upper' * extension.isupper()}", f"{path}.{extension}")
        yield get(f"resource/briefing/extension-{extension}{'-upper' * extension.isupper()}",
                  f"/{SEED['briefing']}.{extension}")  # fmt: skip
    for fmt in FORMATS:
        yield get(f"{name}/format-{fmt}", path, {"format": fmt})
    for at, accept in enumerate(ACCEPTED, 1):
        yield get(f"{name}/accept-{at:02}-{slug(accept)}", path, accept=accept)
    yield from page(f"{name}/whole", path, {"whole": 1})
    inverse = {"inverse": "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "page": 1}
    yield from page(f"{name}/inverse", f"/{SEED['class']}", inverse)
    yield from page(f"{name}/property-page", path, {"property": f"{BASE}mofapub/hasAuthor", "page": 1})
    yield from page(f"{name}/property-wrong", path, {"property": "no iri", "page": "x"})
    for locale in ("ko", "en", "xx"):
        yield get(f"{name}/locale-{locale}", path, {"locale": locale}, BROWSER, accept_language="ko")
    for language in ("fr", "ko;q=0.1, en;q=0.9", "*", ""):
        yield get(
            f"{name}/language-{slug(language.replace('*', 'any'))}",
            path,
            accept=BROWSER,
            accept_language=language,
        )
    for extension in ("", ".ttl", ".html", ".bib"):
        request = get(f"{name}/valid{slug(extension) if extension else '-none'}", f"{path}{extension}")
        yield as_method(request, "HEAD")
        yield revalidated(request)
        yield revalidated(request, "If-Modified-Since")
    for method in ("OPTIONS", "POST", "PUT", "DELETE"):
        yield as_method(get(f"{name}/method", path), method)
    yield get(f"{name}/encoded", "/mofapub/resource/Publication/%31%34209")
    yield get(f"{name}/twice-slashed", "//mofapub/resource/Publication/14209")


def _by_parameter(name: str, iri: str) -> Iterator[Request]:
    yield get(f"resource/by-iri/{name}", "/resource", {"iri": iri})
    yield get(f"resource/by-iri/{name}-view", "/lod/view.do", {"uri": iri})
    yield from page(f"resource/by-iri/{name}-page", "/lod/view.do", {"uri": iri})
    if name == "bibo-document":
        for fmt in FORMATS:
            yield get(f"resource/by-iri/{name}-format-{fmt}", "/lod/view.do", {"uri": iri, "format": fmt})
        for accept in ("text/turtle", JSON, "image/png", "application/rdf+xml"):
            yield get(f"resource/by-iri/{name}-accept-{slug(accept)}", "/lod/view.do", {"uri": iri}, accept)
        yield get(f"resource/by-iri/{name}-missing", "/lod/view.do")
        yield get(f"resource/by-iri/{name}-two", "/lod/view.do", {"uri": iri, "iri": "urn:other"})
        yield get(f"resource/by-iri/{name}-same", "/resource", {"uri": iri, "iri": iri})
        yield revalidated(get(f"resource/by-iri/{name}-valid", "/resource", {"iri": iri}))
        yield as_method(get(f"resource/by-iri/{name}-valid", "/resource", {"iri": iri}), "HEAD")
        yield as_method(get(f"resource/by-iri/{name}-valid", "/resource", {"iri": iri}), "POST")
