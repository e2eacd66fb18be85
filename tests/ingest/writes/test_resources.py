"""What is stated of one resource, put and deleted in a store."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from endpoint.engine.writes import Upload, Write
from endpoint.errors import Conflict, EndpointError, Forbidden, MalformedData, NotFound, PreconditionFailed
from endpoint.ingest.writes.ledger import Ledger, Permission
from endpoint.ingest.writes.resources import write_resource

E = "http://example.org/"
DERIVED = NamedNode(f"{E}derived")
BEFORE = """@prefix e: <http://example.org/> .
GRAPH e:one { e:a e:p "1" ; e:part [ e:q "deep" ] . e:b e:p "2" ; e:of e:a }
GRAPH e:two { e:c e:p "3" } GRAPH e:three { e:c e:p "4" }
GRAPH e:derived { e:a e:title "1" . e:c e:title "3" }
"""


@pytest.fixture
def store() -> Store:
    made = Store()
    made.load(BEFORE.encode(), RdfFormat.TRIG)
    return made


class Writing:
    """Writes to a store, of a token that may change ``graphs``."""

    def __init__(self, store: Store, folder: Path, *graphs: str) -> None:
        self.ledger = Ledger(store, Permission("token", graphs, DERIVED))
        self._folder = folder

    def put(self, name: str, text: str, fmt: str = "turtle", graph: str = "", expects: str = "") -> bool:
        file = self._folder / "body"
        file.write_text(f"PREFIX e: <{E}> {text}{' .' if fmt == 'turtle' and text[0] != '#' else ''}")
        return self._write("put", name, graph, expects, (Upload(str(file), "the body", fmt),))

    def delete(self, name: str, graph: str = "", expects: str = "") -> bool:
        return self._write("delete", name, graph, expects, ())

    def _write(self, kind: str, name: str, graph: str, expects: str, files: tuple[Upload, ...]) -> bool:
        write = Write(
            kind,  # type: ignore[arg-type]
            "token",
            "1",
            E + name,
            target="graph" if graph else "dataset",
            graph=E + graph if graph else "",
            files=files,
            expects=expects,
            resource=E + name,
        )
        return write_resource(write, self.ledger, self._folder, 10**6)


@pytest.fixture
def writing(store: Store, tmp_path: Path) -> Writing:
    return Writing(store, tmp_path)


def stated(store: Store, name: str) -> list[str]:
    """Return predicate, object and graph of each statement about a resource, in short."""
    quads = store.quads_for_pattern(NamedNode(E + name), None, None, None)
    return sorted(
        f"{str(quad.predicate)[20:-1]} {'[]' if str(quad.object)[0] == '_' else quad.object} "
        f"{str(quad.graph_name)[20:-1]}"
        for quad in quads
    )


def test_what_is_put_replaces_what_was_stated_and_its_blank_nodes(store: Store, writing: Writing) -> None:
    assert writing.put("a", '<> e:p "new" ; e:part [ e:q [ e:r 1 ] ]') is False
    assert stated(store, "a") == ['p "new" one', "part [] one", 'title "1" derived']
    assert (writing.ledger.added, writing.ledger.removed) == (4, 3)
    assert not [*store.quads_for_pattern(None, None, None, NamedNode(f"{E}derived"))][2:]
    assert stated(store, "b") == [f"of <{E}a> one", 'p "2" one']


def test_what_is_derived_is_not_stated_when_it_is_put_back(store: Store, writing: Writing) -> None:
    writing.put("a", 'e:a e:p "1" ; e:title "1", "other"')
    assert stated(store, "a") == ['p "1" one', 'title "1" derived', 'title "other" one']
    assert (writing.ledger.added, writing.ledger.removed) == (1, 2)


def test_the_same_statements_change_nothing(store: Store, writing: Writing) -> None:
    assert writing.put("b", 'e:b e:p "2" ; e:of e:a') is False
    assert not writing.ledger.changed


def test_a_new_resource_is_put_into_a_graph_that_is_named(store: Store, writing: Writing) -> None:
    with pytest.raises(Conflict, match="Nothing is stated"):
        writing.put("new", '<> e:p "1"')
    assert writing.put("new", '<> e:p "1"', graph="one") is True
    assert writing.put("other", 'e:fresh { e:other e:p "1" }', "trig") is True
    assert [*stated(store, "new"), *stated(store, "other")] == ['p "1" one', 'p "1" fresh']


def test_a_resource_of_several_graphs(store: Store, writing: Writing) -> None:
    with pytest.raises(Conflict, match=r"Several graphs .*three>, the graph .*two>"):
        writing.put("c", '<> e:p "5"')
    writing.put("c", '<> e:p "5"', graph="two")
    assert stated(store, "c") == ['p "4" three', 'p "5" two', 'title "3" derived']
    # With names of graphs it is all that is stated of the resource.
    writing.put("c", 'e:two { e:c e:p "6" } e:c e:p "none" .', "trig")
    assert stated(store, "c") == ['p "6" two', 'p "none" ', 'title "3" derived']


def test_deletion(store: Store, writing: Writing) -> None:
    writing.delete("c", graph="two")
    assert stated(store, "c") == ['p "4" three', 'title "3" derived']
    writing.delete("c")
    assert stated(store, "c") == ['title "3" derived']
    for graph in ("", "one"):
        with pytest.raises(NotFound):
            writing.delete("c", graph)
    before = len(store)
    writing.delete("a")
    assert len(store) == before - 3


@pytest.mark.parametrize(
    ("name", "text", "fmt", "graph", "error"),
    [
        ("a", 'e:b e:p "1"', "turtle", "", MalformedData),
        ("a", '<> e:p 1 . [] e:p "1"', "turtle", "", MalformedData),
        ("a", "# nothing", "turtle", "", MalformedData),
        ("a", "<> e:p e:q e:r", "turtle", "", MalformedData),
        ("a", 'e:two { <> e:p "1" }', "trig", "one", MalformedData),
        ("a", 'e:derived { <> e:p "1" }', "trig", "", Forbidden),
        ("a", '<> e:p "1"', "turtle", "derived", Forbidden),
    ],
)
def test_refusals(
    writing: Writing, name: str, text: str, fmt: str, graph: str, error: type[EndpointError]
) -> None:
    with pytest.raises(error):
        writing.put(name, text, fmt, graph)


def test_a_token_of_some_graphs_changes_no_others(store: Store, tmp_path: Path) -> None:
    writing = Writing(store, tmp_path, f"{E}two")
    writing.put("c", '<> e:p "5"', graph="two")
    with pytest.raises(Forbidden):
        writing.put("a", '<> e:p "5"')
    with pytest.raises(Forbidden):
        writing.put("c", 'e:two { e:c e:p "5" }', "trig")
    with pytest.raises(Forbidden):
        writing.delete("c")


def test_conditions(store: Store, writing: Writing) -> None:
    with pytest.raises(PreconditionFailed):
        writing.put("new", '<> e:p "1"', graph="one", expects="present")
    with pytest.raises(PreconditionFailed):
        writing.put("a", '<> e:p "1"', expects="absent")
    with pytest.raises(PreconditionFailed):
        writing.delete("new", expects="present")
    assert writing.put("new", '<> e:p "1"', graph="one", expects="absent")
