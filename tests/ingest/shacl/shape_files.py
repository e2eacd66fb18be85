"""Shapes written into files, and stores of a few statements."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Store
from pyoxigraph import parse as parse_rdf
from pyshacl import validate as validate_graph
from rdflib import SH, Graph

from endpoint.ingest.shacl.shapes import to_rdflib
from endpoint.ingest.shacl.targets import GraphName
from tests.ingest.shacl.shape_cases import (
    DATA,
    FOLDER,
    PREFIXES,
    Row,
    row_of,
)

OTHER_DATA = NamedNode("http://example.org/more")
SUBCLASS_OF = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")


def rows_of_whole(store: Store, graphs: list[GraphName], shapes: Path) -> Counter[Row]:
    """pySHACL's results on one rdflib graph of everything, targets and all."""
    data = Graph()
    hierarchy = (quad for quad in store.quads_for_pattern(None, SUBCLASS_OF, None))
    own = (quad for graph in graphs for quad in store.quads_for_pattern(None, None, None, graph))
    for quad in (*own, *hierarchy):
        data.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
    _, found, _ = validate_graph(data, shacl_graph=Graph().parse(shapes), advanced=True)
    assert isinstance(found, Graph)
    return Counter(row_of(found, node) for node in found.objects(None, SH.result))


def shapes_file(folder: Path, text: str) -> Path:
    path = folder / "shapes.ttl"
    path.write_text(PREFIXES + text, encoding="utf-8")
    return path


def store_with(text: str, graph: GraphName = DATA) -> Store:
    store = Store()
    add(store, text, graph)
    return store


def add(store: Store, text: str, graph: GraphName) -> None:
    store.extend(
        Quad(q.subject, q.predicate, q.object, graph)
        for q in parse_rdf(PREFIXES + text, format=RdfFormat.TURTLE)
    )


PEOPLE = """
ex:a a ex:Person ; ex:name "Ann" , "안나"@ko ; ex:born 1970 ; ex:died 1960 ; ex:knows ex:b , ex:c , _:x ;
    ex:address [ ex:city ex:seoul ; ex:lines [ ex:text "line" ] ] ; ex:nick "Ann" ; ex:extra true .
ex:b a ex:Person ; ex:name "Bob" , "Rob"@en , "Robert"@en ; ex:knows ex:seoul ; ex:home ex:seoul .
ex:c a ex:Robot ; ex:name "C" .
ex:seoul a ex:City ; ex:in ex:korea ; ex:name "Seoul" .
ex:korea a ex:Country .
_:x ex:name "hidden" .
"""
KINDS_TEXT = (FOLDER / "kinds.ttl").read_text(encoding="utf-8")
KINDS = {found[1]: found[2] for found in re.finditer(r"^# (.+)\n((?:ex:|[ ]).+(?:\n.+)*)", KINDS_TEXT, re.M)}
