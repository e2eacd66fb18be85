"""Writes of what is stated of one resource, as PUT and DELETE of its address ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from endpoint.engine.writes import Write
from endpoint.errors import Conflict, MalformedData, NotFound
from endpoint.ingest.change import own_statements
from endpoint.ingest.writes.ledger import Graph, Ledger
from endpoint.ingest.writes.uploads import check, coming, ensure_one_graph, graph_of


def write_resource(write: Write, ledger: Ledger, folder: Path, limit: int) -> bool:
    """Do a PUT or DELETE of a resource; return whether nothing was stated of it before.

    What is derived follows by itself. ``folder`` and ``limit`` are those of
    :func:`~endpoint.ingest.writes.uploads.write_graph`. Raises NotFound, Conflict, PreconditionFailed,
    PayloadTooLarge, Forbidden and MalformedData; the store may have some of the changes after Forbidden.
    """
    resource, graph, gone = NamedNode(write.resource), graph_of(write), Store()
    there = own_statements(ledger.store, resource, graph, ledger.derived, gone)
    check(write.expects, there, "resource")
    if write.kind == "delete":
        if not there:
            where = "" if graph is None else f" in {_shown(graph)}"
            raise NotFound(f"Nothing is stated of {resource}{where}.")
        ledger.remove(gone)
        return False
    with coming(write.files, graph, write.base, folder, limit) as sent:
        ensure_one_graph(sent, graph)
        _ensure_own(sent, resource)
        place: Graph | None = graph
        if graph is None and not any(True for _ in sent.named_graphs()):
            place = _only_graph(gone, resource)
        here = DefaultGraph() if graph is None else graph
        ledger.remove(quad for quad in gone if (quad if place is None else _in(here, quad)) not in sent)
        ledger.add(_stated(sent, place, ledger))
    return not there


def _stated(sent: Store, place: Graph | None, ledger: Ledger) -> Iterator[Quad]:
    """Yield what was sent, in the graph ``place``, without what is there because it is derived.

    Whoever reads a resource, corrects it and puts it back sends what is derived of it too.
    """
    derived = ledger.derived
    for quad in sent:
        stated = quad if place is None else _in(place, quad)
        if derived is None or stated in ledger.store or _in(derived, quad) not in ledger.store:
            yield stated


def _in(graph: Graph, quad: Quad) -> Quad:
    return Quad(quad.subject, quad.predicate, quad.object, graph)


def _only_graph(gone: Store, resource: NamedNode) -> Graph:
    """Return the graph that states something of the resource. Raises Conflict for none, and for several."""
    graphs: set[Graph] = {quad.graph_name for quad in gone if quad.subject == resource}
    if len(graphs) == 1:
        return graphs.pop()
    how = "Name the graph with graph=IRI or default, or send N-Quads or TriG."
    if not graphs:
        raise Conflict(f"Nothing is stated of {resource} yet, so no graph is known for it. {how}")
    listed = ", ".join(sorted(map(_shown, graphs)))
    raise Conflict(f"Several graphs state something of {resource}: {listed}. {how}")


def _shown(graph: Graph) -> str:
    return "the default graph" if isinstance(graph, DefaultGraph) else f"the graph {graph}"


def _ensure_own(sent: Store, resource: NamedNode) -> None:
    """Raise MalformedData where nothing was sent, or something of another resource."""
    reached: set[BlankNode] = set()
    waiting: list[NamedNode | BlankNode] = [resource]
    while waiting:
        for quad in sent.quads_for_pattern(waiting.pop(), None, None, None):
            if isinstance(quad.object, BlankNode) and quad.object not in reached:
                reached.add(quad.object)
                waiting.append(quad.object)
    if not sent:
        raise MalformedData(f"The body states nothing of {resource}. To remove it, use DELETE.")
    for quad in sent:
        if quad.subject != resource and quad.subject not in reached:
            raise MalformedData(
                f"The body states something of {quad.subject}, and the request is for {resource} with the "
                "blank nodes that it leads to. Send that to its own address, or use the graph store."
            )
