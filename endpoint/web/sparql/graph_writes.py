"""Writes to the graph store: PUT, POST, DELETE and PATCH (Graph Store HTTP Protocol, section 5)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Final, Literal, cast

from endpoint.engine.writes import Upload, Write, Written
from endpoint.errors import (
    BadParameter,
    MalformedRequest,
    MethodNotAllowed,
    PreconditionFailed,
    UnsupportedMediaType,
)
from endpoint.formats import N_QUADS, TRIG, Format
from endpoint.storage.generations import Generation
from endpoint.tokens import GRAPH_STORE
from endpoint.web.http.answer import NO_STORE, Answer, Whole
from endpoint.web.http.encodings import CODINGS
from endpoint.web.http.request import Request
from endpoint.web.http.send import READING
from endpoint.web.http.uploads import Received
from endpoint.web.machine.datasets import STORE_PATH
from endpoint.web.sparql.graph_store import entity_tags, read_graph, read_target
from endpoint.web.sparql.updates import UPDATE_TYPE, authorize, commit, written_answer

WRITING: Final = ("PUT", "POST", "DELETE", "PATCH")
# Formats that name graphs, so that a whole dataset can be in them.
_NAMING: Final = {N_QUADS.name, TRIG.name}
# Media types of RDF Patch, as Jena names them.
_PATCH_TYPES: Final = ("application/rdf-patch", "text/rdf-patch")


async def graph_store(request: Request) -> Answer:
    """Answer a request to read or to write a graph, or the dataset.

    Raises what reading raises, and what writes are refused for.
    """
    if request.method not in WRITING:
        answer = await read_graph(request)
        return _with_patches(answer) if request.method == "OPTIONS" and isinstance(answer, Whole) else answer
    if not request.site.tokens.grant(GRAPH_STORE):
        raise MethodNotAllowed(
            f"{request.method} would write, and this server takes no writes here: there is no token for it.",
            READING,
        )
    if "extension" in request.scope["path_params"]:
        raise MethodNotAllowed(
            f"Files are read. Write to {STORE_PATH}, in the format of Content-Type.", READING
        )
    token = authorize(request, GRAPH_STORE)
    target = read_target(request)
    write = Write(
        cast("Literal['put', 'post', 'delete']", request.method.lower()),
        token.name,
        request.exchange.identifier,
        target.graph or request.base + request.path,
        token.graphs,
        target="dataset" if target.dataset else "default" if target.default else "graph",
        graph=target.graph or "",
        expects=read_condition(request, partial(entity_tags, request.site, target)),
    )
    if request.method == "PATCH":
        return await _patch(request, write)
    if request.method == "DELETE":
        if target.dataset:
            raise BadParameter("graph", "Name the graph to delete: graph=IRI, or default.")
        return written_answer(await commit(request, write))
    return await _store(request, write)


def _with_patches(answer: Whole) -> Answer:
    """Return the answer to OPTIONS with the media types of PATCH where that is allowed (RFC 5789)."""
    if not any(b"PATCH" in value for name, value in answer.headers if name == b"allow"):
        return answer
    types = ", ".join((UPDATE_TYPE, *_PATCH_TYPES))
    return replace(answer, headers=(*answer.headers, (b"accept-patch", types.encode())))


async def _store(request: Request, write: Write) -> Answer:
    """Receive what is to be put into a graph, or added to it, and do it."""
    location = ""

    def located(files: tuple[Upload, ...]) -> Write:
        nonlocal location
        placed, location = _located(request, write, files)
        return placed

    written = await commit_body(request, located)
    return stored_answer(request, written, location)


async def commit_body(
    request: Request, write: Callable[[tuple[Upload, ...]], Write], fmt: Format | None = None
) -> Written:
    """Receive the body, and commit what ``write`` returns for its files, with these.

    ``fmt`` is the format of the body where it is not that of its Content-Type.
    """
    with ExitStack() as closing:
        received = Received(request, closing)
        await received.receive(request.site.settings.max_upload, fmt)
        files = tuple(received.files)
        whole = replace(write(files), files=files)
        # The process that writes opens the files by their numbers, which nothing else may get meanwhile.
        release = closing.pop_all().close
    return await commit(request, whole, release)


def _located(request: Request, write: Write, files: tuple[Upload, ...]) -> tuple[Write, str]:
    """Return the write, with the graph that the server names where it makes a new one, and its name."""
    if write.target == "dataset" and not all(file.format in _NAMING for file in files):
        if write.kind == "put":
            raise BadParameter(
                "graph",
                "PUT without graph and default replaces the whole dataset, and needs a format that names "
                "graphs: N-Quads or TriG.",
            )
        # Section 5.5: the server names the new graph, which is then identified directly.
        location = f"{request.base}{STORE_PATH}/{uuid.uuid4()}"
        return replace(write, target="graph", graph=location, base=location), location
    return write, ""


def stored_answer(request: Request, written: Written, location: str = "") -> Answer:
    """Return the answer to a body that was stored; ``location`` is the address of a new one, else its own."""
    if written.created:
        return written_answer(written, 201, location or _address(request))
    if request.method == "PUT":
        headers = ((b"endpoint-generation", b"%d" % written.generation),)
        return Whole(b"", "", 204, cache=NO_STORE, vary="", headers=headers)
    return written_answer(written)


def _address(request: Request) -> str:
    """Return the address of the graph that the request is for."""
    query: bytes = request.scope["query_string"]
    return f"{request.base}{request.path}{'?' * bool(query)}{query.decode('latin-1')}"


async def _patch(request: Request, write: Write) -> Answer:
    """Do an RDF Patch, or evaluate an update on one graph, which is its default graph (section 5.7)."""
    if request.media_type in _PATCH_TYPES:
        patch = replace(write, kind="patch")
        return written_answer(await commit_body(request, lambda _: patch, N_QUADS))
    if request.media_type != UPDATE_TYPE:
        raise UnsupportedMediaType(
            f"PATCH takes an update, as {UPDATE_TYPE}, or an RDF Patch, as {_PATCH_TYPES[0]}."
        )
    try:
        text = (await request.body(request.site.settings.max_update)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The update is not UTF-8: byte {error.start + 1}.") from None
    return written_answer(await commit(request, replace(write, kind="update", text=text)))


def read_condition(request: Request, tags: Callable[[Generation, Sequence[str]], AbstractSet[str]]) -> str:
    """Return what a write expects of what is there (RFC 9110 section 13.1). Raises PreconditionFailed.

    ``tags`` returns the entity tags of a generation in all representations, with these content codings. Such
    a tag is that of a generation: whatever was written since, to any graph, is another one.
    """
    wanted, refused = _listed(request, "if-match"), _listed(request, "if-none-match")
    if not wanted and not refused:
        return ""
    generation = request.site.engine.generation
    if "*" in wanted or "*" in refused:
        return "present" if "*" in wanted else "absent"
    current = tags(generation, tuple(coding.name for coding in CODINGS))
    if current.isdisjoint(wanted) if wanted else not current.isdisjoint(refused):
        named = "If-Match" if wanted else "If-None-Match"
        raise PreconditionFailed(f"The data is not what {named} names. Read it again.")
    return str(generation.number) if wanted else ""


def _listed(request: Request, name: str) -> set[str]:
    return {tag.strip() for sent in request.headers.getlist(name) for tag in sent.split(",") if tag.strip()}
