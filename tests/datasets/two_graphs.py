"""A small dataset of two graphs, an empty one and a derived one, with rules and a text index, for tests."""

from __future__ import annotations

from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, Store

from endpoint.dataset import Dataset, read_dataset
from endpoint.storage.generations import Generation

ONE, TWO, EMPTY, DERIVED = (
    NamedNode(f"http://example.org/{name}") for name in ("one", "two", "empty", "derived")
)

MANIFEST = """
base = "http://example.org/"
title.en = "Test"
description.en = "Test"

[prefixes]
e = "http://example.org/"

[[graph]]
iri = "http://example.org/one"
title.en = "One"
files = ["seed/1*.ttl"]

[[graph]]
iri = "http://example.org/two"
name = "two"
title.en = "Two"
files = ["seed/2.ttl"]

[[graph]]
iri = "http://example.org/empty"
title.en = "Empty"
files = []

[[graph]]
iri = "http://example.org/derived"
title.en = "Derived"
rules = ["rules/*.rq"]
"""
RULE = """PREFIX e: <http://example.org/>
CONSTRUCT { ?this e:q ?o } WHERE { ?this e:p ?o FILTER(isLiteral(?o)) }
"""
FIELDS = """
[field.title]
weight = 2
properties = ["e:p"]

[facet.text]
properties = ["e:p"]
"""
# Subject, object and graph of every statement, as :func:`statements` gives them.
STATED = {("a", "a1", "one"), ("a", "_", "one"), ("b", "b1", "one"), ("b", "_", "one"), ("a", "a2", "two")}
BUILT = STATED | {("a", "a1", "derived"), ("b", "b1", "derived"), ("a", "a2", "derived")}


def small_dataset(root: Path) -> Dataset:
    """Write the dataset into the folder ``root`` and read it."""
    files = {
        "seed/dataset.toml": MANIFEST,
        "seed/search.toml": FIELDS,
        "seed/1a.ttl": "<a> <p> 'a1', _:x .",
        "seed/1b.ttl": "<b> <p> 'b1', _:x .",
        "seed/2.ttl": "<a> <p> 'a2' .",
        "rules/10-copy.rq": RULE,
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return read_dataset(root)


def statements(generation: Generation | None) -> set[tuple[str, str, str]]:
    """Subject, object and graph, each without ``http://example.org/``; blank nodes are ``_``."""
    assert generation is not None

    def short(term: object) -> str:
        return "_" if isinstance(term, BlankNode) else str(getattr(term, "value", "")).rpartition("/")[2]

    quads = Store.read_only(str(generation.path / "store"))
    return {(short(quad.subject), short(quad.object), short(quad.graph_name)) for quad in quads}
