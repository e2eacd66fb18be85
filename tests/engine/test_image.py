"""The image of a generation: everything in the store, whatever was loaded."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store

from endpoint.engine.image import write_trig
from endpoint.ingest.columns import build_columns
from endpoint.storage.generations import Generation
from tests.live import ROOT, environment
from tests.storage.publishing import publish_quads

G1, G2 = NamedNode("urn:g1"), NamedNode("http://example.org/그래프?a=b&c#d")
S, P, Q = NamedNode("urn:s"), NamedNode("urn:p"), NamedNode("http://example.org/ns#속성")
XSD = "http://www.w3.org/2001/XMLSchema#"

QUADS = [
    Quad(S, P, Literal('quotes " and \\ and\nlines\r\t\u00a0·'), G1),
    Quad(S, P, Literal("외교", language="ko"), G2),
    Quad(S, P, Literal("20230522", datatype=NamedNode(f"{XSD}integer")), G1),
    Quad(S, P, Literal("http://x.org/?a=b&c", datatype=NamedNode(f"{XSD}anyURI")), G1),
    Quad(S, P, Literal(""), G2),
    Quad(S, Q, S, G2),
    Quad(S, Q, S, G1),
    Quad(BlankNode("a"), Q, BlankNode("b"), G1),
    Quad(BlankNode("b"), P, Literal("again"), G2),
    Quad(S, Q, Literal(1), DefaultGraph()),
    Quad(S, Q, Literal(2), DefaultGraph()),
]


def test_the_stream_holds_every_quad() -> None:
    store = Store()
    store.extend(QUADS)
    out = io.BytesIO()
    write_trig(store, out)
    read = Store()
    read.bulk_load(out.getvalue(), RdfFormat.TRIG, lenient=True)
    plain = {quad for quad in QUADS if not isinstance(quad.subject, BlankNode)}
    assert {quad for quad in read if not isinstance(quad.subject, BlankNode)} == plain
    linked = "ASK { GRAPH <urn:g1> { ?a ?q ?b } GRAPH ?g { ?b <urn:p> 'again' } FILTER(isBlank(?a)) }"
    assert read.query(linked)
    assert len(read) == len(QUADS)


def test_a_graph_without_an_iri_cannot_be_streamed() -> None:
    store = Store()
    store.add(Quad(S, P, Literal(1), BlankNode("graph")))
    with pytest.raises(ValueError, match="blank node"):
        write_trig(store, io.BytesIO())


PROGRAM = """
import json, sys
from pathlib import Path
from pyoxigraph import RdfFormat
from endpoint.columns.opening import open_columns
from endpoint.columns.reader import Columns
from endpoint.storage.generations import read_folder
from endpoint.engine.image import build_image
generation = read_folder(Path(sys.argv[1]))
folder = generation.path / "columns"
columns = open_columns(folder) if folder.exists() else None
image = build_image(generation, sys.argv[2] == "union", columns)
assert len([*Path("/proc/self/task").iterdir()]) == 1, "workers are forked from a process without threads"
print(json.dumps(sorted(map(str, image.named_graphs())), ensure_ascii=False))
sys.stdout.flush()
image.dump(sys.stdout.buffer, RdfFormat.N_QUADS)
"""


def build(generation: Generation, *, union: bool) -> tuple[list[str], list[str]]:
    """Its graphs and its N-Quads; in a process of its own, since building forks and wants no threads."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(generation.path), "union" if union else ""]
    # numpy's linear algebra starts threads where it may.
    variables = environment() | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env=variables, check=True)
    names, *quads = done.stdout.decode().removesuffix("\n").split("\n")
    return json.loads(names), quads


def stored(quads: list[str]) -> Store:
    store = Store()
    store.load("\n".join(quads), RdfFormat.N_QUADS)
    return store


@pytest.mark.parametrize("columns", ["", "whole", "damaged"])
def test_an_image_equals_its_generation(columns: str, tmp_path: Path) -> None:
    generation = publish_quads(tmp_path, QUADS)
    if columns:
        folder = generation.path / "columns"
        build_columns(Store.read_only(str(generation.path / "store")), folder)
    if columns == "damaged":
        text = (folder / "terms.nt").read_bytes()
        (folder / "terms.nt").write_bytes(text.replace(b"again", b"never"))
    names, quads = build(generation, union=False)
    assert any("again" in quad for quad in quads)
    image = stored(quads)
    assert names == sorted(map(str, (G1, G2)))
    assert len(image) == len(QUADS)
    assert {quad for quad in image if not isinstance(quad.subject, BlankNode)} <= set(QUADS)


def test_the_union_is_a_set_in_the_default_graph(tmp_path: Path) -> None:
    _, quads = build(publish_quads(tmp_path, QUADS), union=True)
    default = [*stored(quads).quads_for_pattern(None, None, None, DefaultGraph())]
    assert len(default) == len({quad.triple for quad in QUADS}) == len(QUADS) - 1


def test_a_graph_named_by_a_blank_node_is_copied_quad_by_quad(tmp_path: Path) -> None:
    odd = Quad(S, P, Literal("odd"), BlankNode("graph"))
    names, quads = build(publish_quads(tmp_path, [*QUADS, odd]), union=False)
    assert len(quads) == len(QUADS) + 1
    assert sum(name.startswith("_:") for name in names) == 1


UNCHECKED = [
    (RdfFormat.TURTLE, b"<http://example.org/a b> <urn:p> 1 ."),
    (RdfFormat.TURTLE, b"<relative> <urn:p> 1 ."),
    (RdfFormat.TURTLE, b"<urn:s> <http://example.org/{p}> 1 ."),
    (RdfFormat.TURTLE, b"<urn:a\\u003Eb> <urn:p> 1 ."),
    (RdfFormat.TURTLE, b"<urn:a\\u005Cb> <urn:p> 1 ."),
    (RdfFormat.TURTLE, b"<urn:a b> <urn:p> <<( <urn:c d> <urn:p> 'e'@en--ltr )>> ."),
    (RdfFormat.JSON_LD, b'{"@id": "urn:s", "urn:p": {"@value": "x", "@language": "no language"}}'),
    (RdfFormat.JSON_LD, b'{"@id": "urn:s", "urn:p": {"@value": "x", "@language": "!", "@direction": "rtl"}}'),
]


@pytest.mark.parametrize(("syntax", "text"), UNCHECKED, ids=str)
def test_what_was_loaded_unchecked_is_in_the_image(tmp_path: Path, syntax: RdfFormat, text: bytes) -> None:
    loaded = Store()
    loaded.bulk_load(b"<urn:s> <urn:p> 2 .", RdfFormat.TURTLE)
    loaded.bulk_load(text, syntax, lenient=True)
    _, quads = build(publish_quads(tmp_path, loaded), union=False)
    assert len(loaded) == 2
    assert sorted(quads) == sorted(f"{quad} ." for quad in loaded)
