"""RDF Patch, applied to a store."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import BlankNode, NamedNode, RdfFormat, Store

from endpoint.engine.writes import Upload, Write
from endpoint.errors import Forbidden, MalformedData, PreconditionFailed
from endpoint.ingest.writes.ledger import Ledger, Permission
from endpoint.ingest.writes.patch import apply_patch
from endpoint.storage.difference import between

DERIVED = "http://example.org/derived"
BEFORE = b"""<a:s> <a:p> "1" <a:g> .
<a:s> <a:p> "2" <a:g> .
<a:s> <a:p> _:inner <a:g> .
_:inner <a:p> "deep" <a:g> .
<a:s> <a:p> "default" .
"""


def before() -> Store:
    store = Store()
    store.load(BEFORE, RdfFormat.N_QUADS)
    return store


def apply(store: Store, folder: Path, text: str | bytes, graph: str = "", expects: str = "") -> Ledger:
    file = folder / "patch"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    upload = Upload(str(file), "the body", "n-quads")
    target = "default" if graph == "default" else "graph" if graph else "dataset"
    write = Write(
        "patch",
        "token",
        "1",
        "http://example.org/",
        target=target,  # type: ignore[arg-type]
        graph=graph if target == "graph" else "",
        files=(upload,),
        expects=expects,
    )
    ledger = Ledger(store, Permission("token", (), NamedNode(DERIVED)))
    apply_patch(write, ledger, folder, 10**6)
    assert [path.name for path in folder.iterdir()] == ["patch"]
    return ledger


def objects(store: Store, graph: str = "a:g") -> list[str]:
    quads = store.quads_for_pattern(NamedNode("a:s"), None, None, NamedNode(graph))
    return sorted("_" if isinstance(term := quad.object, BlankNode) else str(term)[1:-1] for quad in quads)


def test_statements_come_and_go_in_order(tmp_path: Path) -> None:
    store = before()
    ledger = apply(
        store,
        tmp_path,
        '\ufeffH id <uuid:1> .\r\nTX .\r\nPA "a" "a:" .\n# remark\n\nD <a:s> <a:p> "1" <a:g> .\n'
        'A <a:s> <a:p> "3" <a:g> .\nA <a:s> <a:p> "4" <a:g> .\nD <a:s> <a:p> "4" <a:g> .\n'
        'A <a:s> <a:p> "2" <a:g> .\nD <a:s> <a:p> "absent" <a:g> .\nTC .',
    )
    assert objects(store) == ["2", "3", "_"]
    assert (ledger.added, ledger.removed) == (2, 2)


def test_the_difference_of_two_stores_makes_the_one_of_the_other(tmp_path: Path) -> None:
    """Also where it has blank nodes, which keep their labels."""
    old, new = before(), Store()
    new.extend(quad for quad in old if str(quad.object) not in ('"1"', '"deep"'))
    new.load(b'<a:t> <a:p> [ <a:p> "new" ; <a:q> """a\nb""" ] .', RdfFormat.TURTLE, to_graph=NamedNode("a:h"))
    apply(old, tmp_path, "\n".join(str(change) for change in between(old, new)))
    assert set(old) == set(new)


def test_transactions(tmp_path: Path) -> None:
    store = before()
    row = 'A <a:s> <a:p> "{}" <a:g> .\n'
    texts = ("TX .\n", row.format("a"), "TA .\n", "TX .\n", row.format("b"), "TC .\n", row.format("c"))
    aborted = ("TX .\n", row.format("d"), "TA .\n")
    apply(store, tmp_path, "".join((*texts, *aborted, *aborted, row.format("e"))))
    assert objects(store) == ["1", "2", "_", "b", "c", "e"]


@pytest.mark.parametrize("graph", ["a:g", "default"])
def test_statements_without_a_graph_are_in_that_of_the_request(tmp_path: Path, graph: str) -> None:
    store = before()
    apply(store, tmp_path, 'A <a:s> <a:p> "new" .\nD <a:s> <a:p> "1" .\nD <a:s> <a:p> "default" .\n', graph)
    assert objects(store) == (["2", "_", "new"] if graph == "a:g" else ["1", "2", "_"])
    with pytest.raises(MalformedData, match="names the graph"):
        apply(store, tmp_path, "A <a:s> <a:p> <a:o> <a:other> .", graph)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('A <a:s> <a:p> "1" .\nA <a:s> <a:p>\n', 2, "statement"),
        ("A <a:s> <a:p> <a:o> . <a:s> <a:p> <a:o> .", 1, "statement"),
        ("A .", 1, "statement"),
        ("A", 1, "statement"),
        ("A e:s e:p e:o .", 1, "statement"),
        ("\nX <a:s> <a:p> <a:o> .", 2, "no row X"),
        ("TX .\nA <a:s> <a:p> <a:o> .", 1, "cut"),
        ("TX .\nTX .\nTC .", 2, "missing"),
        ("TC .", 1, "not begun"),
        (b'A <a:s> <a:p> "\xff" .', 1, "statement"),
    ],
)
def test_mistakes_have_their_line(tmp_path: Path, text: str | bytes, line: int, says: str) -> None:
    with pytest.raises(MalformedData, match=says) as raised:
        apply(before(), tmp_path, text)
    assert raised.value.line == line


def test_what_may_not_be_changed(tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        apply(before(), tmp_path, f"A <a:s> <a:p> <a:o> <{DERIVED}> .")
    with pytest.raises(PreconditionFailed):
        apply(before(), tmp_path, "A <a:s> <a:p> <a:o> .", "a:new", "present")
