"""RDF files of one statement in each format, written and loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyoxigraph import NamedNode, Store

from endpoint.ingest.rdf import load_rdf
from endpoint.ingest.sources.discovery import discover

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/"'
# One statement, <a> <p> "한글", in each syntax.
STATEMENT = {
    ".ttl": "@prefix e: <http://example.org/> . e:a e:p '한글' .",
    ".nt": '<http://example.org/a> <http://example.org/p> "한글" .',
    ".nq": '<http://example.org/a> <http://example.org/p> "한글" .',
    ".trig": "PREFIX e: <http://example.org/> { e:a e:p '한글' }",
    ".rdf": f'<rdf:RDF {RDF}><rdf:Description rdf:about="http://example.org/a" e:p="한글"/></rdf:RDF>',
    ".jsonld": '{"@id": "http://example.org/a", "http://example.org/p": "한글"}',
    ".n3": "@prefix e: <http://example.org/> . e:a e:p '한글' .",
}
STATEMENT |= {".owl": STATEMENT[".rdf"], ".xml": STATEMENT[".rdf"], ".json": STATEMENT[".jsonld"]}
MORE = 1 << 20  # bytes from which a source is loaded in bulk
Write = Callable[[str, str | bytes], Path]


def load(
    path: Path, graph: NamedNode | None = None, base_iri: str | None = None, lenient: bool = False
) -> Store:
    store = Store()
    for target in (None, store):  # a dry run sees the same errors
        for source in discover([path], graph)[0]:
            load_rdf(target, source, source.open, base_iri, lenient)
    return store
