"""Writes of a resource at its address: PUT replaces what is stated of it, DELETE removes that.

As in the Linked Data Platform (W3C, sections 4.2.4 and 4.2.5), with the tokens, bodies and answers of the
graph store. A parameter names the graph, as there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final, Literal, cast

from endpoint.engine.writes import Write
from endpoint.errors import MethodNotAllowed
from endpoint.storage.generations import Generation
from endpoint.tokens import GRAPH_STORE
from endpoint.web import Site
from endpoint.web.http.answer import Answer
from endpoint.web.http.request import Request
from endpoint.web.http.send import READING
from endpoint.web.own_queries import Snapshot
from endpoint.web.pages.resource.lookup import PARAMETERS, Address, KnownResource, UnknownResource, look_up
from endpoint.web.sparql.graph_store import named_target
from endpoint.web.sparql.graph_writes import commit_body, read_condition, stored_answer
from endpoint.web.sparql.updates import authorize, commit, written_answer

WRITING: Final = ("PUT", "DELETE")

# Returns the entity tags of a resource in a generation, whatever the content coding.
Tags = Callable[[str, Generation, Sequence[str]], AbstractSet[str]]


def methods(site: Site) -> tuple[str, ...]:
    """Return the methods of a resource's address: those that write where somebody may."""
    return ("GET", "HEAD", *WRITING, "OPTIONS") if site.tokens.grant(GRAPH_STORE) else READING


async def write_resource(request: Request, snapshot: Snapshot, address: Address, tags: Tags) -> Answer:
    """Put or delete what is stated of a resource.

    Raises MethodNotAllowed, BadParameter, and what a write to the graph store is refused for.
    """
    token = authorize(request, GRAPH_STORE)
    target = named_target([pair for pair in request.pairs if pair[0] not in PARAMETERS], ("graph", "default"))
    resource = await _meant(snapshot, address)
    write = Write(
        cast("Literal['put', 'delete']", request.method.lower()),
        token.name,
        request.exchange.identifier,
        resource,
        token.graphs,
        target="dataset" if target.dataset else "default" if target.default else "graph",
        graph=target.graph or "",
        resource=resource,
        expects=read_condition(request, partial(tags, resource)),
    )
    if request.method == "DELETE":
        return written_answer(await commit(request, write))
    return stored_answer(request, await commit_body(request, lambda _: write))


async def _meant(snapshot: Snapshot, address: Address) -> str:
    """Return the IRI that is written: of a resource that is known, as the data writes it."""
    try:
        known: KnownResource = await look_up(snapshot, address)
    except UnknownResource:
        return address.wanted
    if known.extension:
        raise MethodNotAllowed(
            "Files are read. Write to the address of the resource itself, without an extension.", READING
        )
    return known.iri
