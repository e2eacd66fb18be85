"""Descriptions as a client reads them: into a store, and by patterns."""

from __future__ import annotations

from pyoxigraph import QuerySolutions, RdfFormat, Store

from tests.live import Server

PREFIXES = """PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX void: <http://rdfs.org/ns/void#>
"""


def read(server: Server, path: str) -> Store:
    answer = server.get(path, "text/turtle")
    assert answer.status == 200
    store = Store()
    store.load(answer.body, RdfFormat.TURTLE, base_iri=f"{server.url}{path}")
    return store


def rows(store: Store, pattern: str) -> list[dict[str, str]]:
    found = store.query(f"{PREFIXES} SELECT * {{ {pattern} }}")
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name].value for name in names if row[name] is not None} for row in found]
