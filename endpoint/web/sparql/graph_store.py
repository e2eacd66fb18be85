"""The graph store: graphs and the whole dataset as files, at ``/store``.

SPARQL 1.1 Graph Store HTTP Protocol, reading (sections 5.2, 5.6; :mod:`endpoint.web.sparql.graph_writes` has
the rest), by indirect identification (section 4.2): ``graph`` names a graph, ``default`` is the default graph
of queries; or directly (section 4.1), the graph whose name is the address below ``/store/``. Without either
it is the dataset in a format that keeps the names of its graphs, as other stores have it.
``/store.EXTENSION`` is the same in one format, and ends in the extension of a compression where the file is
compressed as it is: a dump to download.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypedDict
from urllib.parse import quote

from pyoxigraph import DefaultGraph, NamedNode

from endpoint.engine import Limits
from endpoint.errors import BadParameter, NotAcceptable, NotFound
from endpoint.formats import GRAPH_FORMATS, JSON_LD, N_QUADS, TRIG, Representation, negotiate
from endpoint.storage.dump_order import DumpOrder, Selection
from endpoint.storage.generations import Generation
from endpoint.tokens import GRAPH_STORE
from endpoint.web import Site
from endpoint.web.http.answer import (
    VARY,
    Answer,
    Headers,
    Made,
    Streamed,
    attachment,
    document_tag,
    server_timing,
)
from endpoint.web.http.request import (
    Pairs,
    Request,
    allowed_limits,
    choose,
    read_download,
    read_formats,
    read_timeout,
    single,
)
from endpoint.web.http.send import READING, check_method
from endpoint.web.machine.datasets import STORE_PATH, VOID_PATH
from endpoint.wording import nearest, shown

# Formats of a dataset, which keep the names of graphs.
DATASET_FORMATS: Final = (N_QUADS, TRIG, JSON_LD)
# Compressions of a file by its last extension, with their media types (RFC 6713, RFC 8878).
COMPRESSIONS: Final = {"gz": "application/gzip", "zst": "application/zstd"}

_PARAMETERS: Final = ("graph", "default", "format", "output", "download", "timeout")
METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")


class Head(TypedDict):
    """The members of an answer's head, see :class:`~endpoint.web.http.answer.Described`."""

    tag: str
    modified: datetime
    vary: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class Target:
    """A part of the dataset: ``graph`` where one is named, the default graph, else the dataset."""

    graph: str | None = None
    default: bool = False

    @property
    def dataset(self) -> bool:
        """Return whether it is the whole dataset."""
        return self.graph is None and not self.default

    def selection(self, site: Site) -> Selection:
        """Return the statements of it; the default graph is that of queries."""
        if self.graph is not None:
            return Selection((NamedNode(self.graph),), union=True)
        if self.default and site.settings.default_graph == "strict":
            return Selection((DefaultGraph(),), union=True)
        return Selection(union=self.default)

    def name(self, site: Site) -> str:
        """Return the name of a file with it."""
        if self.graph is None:
            return "default" if self.default else "dataset"
        named = (graph.name for graph in site.dataset.graphs if graph.iri == self.graph)
        return next(named, None) or self.graph.rstrip("/#").rpartition("/")[2].rpartition("#")[2] or "graph"


@dataclass(frozen=True, slots=True)
class File:
    """A part of the dataset in one representation, compressed as it is where that is named.

    ``download``: browsers are to save it. ``negotiated``: other requests for its address may get another one.
    """

    target: Target
    representation: Representation
    compression: str = ""
    download: bool = False
    negotiated: bool = True

    @property
    def content_type(self) -> str:
        """The Content-Type, which is that of the compression where there is one."""
        return COMPRESSIONS[self.compression] if self.compression else self.representation.content_type

    def order(self, site: Site, probe: bool) -> DumpOrder:
        """Return the order for the engine."""
        return DumpOrder(
            self.target.selection(site), self.representation.format, self.compression, probe=probe
        )

    def head(self, request: Request, generation: Generation) -> Head:
        """Return the head of an answer with it. Its entity tag is strong: the bytes are always the same."""
        return {
            "tag": self.tag(request.site, generation),
            "modified": generation.created.astimezone(UTC).replace(microsecond=0),
            "vary": VARY if self.negotiated else "",
            "headers": self._headers(request, generation),
        }

    def tag(self, site: Site, generation: Generation) -> str:
        """Return the entity tag, without that of a content coding."""
        target = self.target
        parts = (str(target.default), target.graph or "", self.representation.digest, self.compression)
        return document_tag(generation, STORE_PATH, site.version, *parts).removeprefix("W/")

    def _headers(self, request: Request, generation: Generation) -> Headers:
        headers: Headers = (
            (b"link", f'<{request.view.root}{VOID_PATH}>; rel="describedby"'.encode()),
            # Clients that read tables by parts then read it whole.
            (b"accept-ranges", b"none"),
        )
        if not self.download:
            return headers
        extension = ".".join(filter(None, (self.representation.format.extension, self.compression)))
        name = f"{self.target.name(request.site)}-{generation.number}.{extension}"
        return (*headers, attachment(name))


async def read_graph(request: Request) -> Answer:
    """Answer with a graph, or with the dataset.

    Raises BadParameter, MethodNotAllowed, NotAcceptable, NotFound, and what the engine raises.
    """
    methods = METHODS if request.site.tokens.grant(GRAPH_STORE) else READING
    if (answer := check_method(request, methods)) is not None:
        return answer
    pairs = [(name.strip(), value) for name, value in request.pairs]
    target = read_target(request)
    extension = request.scope["path_params"].get("extension")
    file = _file(request, pairs, target, extension)
    limits = allowed_limits(read_timeout(pairs), request.site.settings, request.began)
    make = partial(_dump, request, file, replace(limits, rows=0, size=0, renewed=True))
    return Made(make, file.content_type, **file.head(request, request.site.engine.generation))


def entity_tags(site: Site, target: Target, generation: Generation, codings: Sequence[str]) -> frozenset[str]:
    """Return the entity tags of a part of the dataset in all its representations."""
    tags = set()
    for fmt in DATASET_FORMATS if target.dataset else GRAPH_FORMATS:
        for media_type in (fmt.media_type, *fmt.aliases):
            if (representation := negotiate(media_type, (fmt,))) is not None:
                for compression in ("", *COMPRESSIONS):
                    tag = File(target, representation, compression).tag(site, generation)
                    tags.add(tag)
                    tags.update(f'{tag[:-1]}-{coding}"' for coding in codings)
    return frozenset(tags)


def read_target(request: Request) -> Target:
    """Return the part of the dataset that the parameters name, or the path. Raises BadParameter."""
    pairs = [(name.strip(), value) for name, value in request.pairs]
    path = request.scope["path_params"].get("name")
    if path is None:
        return named_target(pairs)
    if any(name in ("graph", "default") for name, _ in pairs):
        raise BadParameter("graph", f"The address names a graph itself; use {STORE_PATH}?graph=IRI.")
    return Target(f"{request.base}{STORE_PATH}/{quote(path)}")


def named_target(pairs: Pairs, known: Sequence[str] = _PARAMETERS) -> Target:
    """Return the part of the dataset that the parameters name. Raises BadParameter for one not ``known``."""
    for name, _ in pairs:
        if name not in known:
            # A graph under a misspelt name would be the whole dataset.
            near = nearest(name, known)
            hint = f" Did you mean {near}?" if near else f" There are: {', '.join(known)}."
            raise BadParameter(
                name[:80], f"There is no parameter {shown(name)} here.{hint}", rule="unknown", suggestion=near
            )
    graph, default = single(pairs, "graph"), single(pairs, "default")
    if graph is not None and default is not None:
        raise BadParameter("graph", "Give graph or default, not both: a request is for one graph.", graph)
    if default:
        raise BadParameter("default", "The parameter default has no value.", default[:200], "type")
    if graph is None:
        return Target(default=default is not None)
    try:
        NamedNode(graph)
    except ValueError:
        sentence = (
            "The parameter graph is not an absolute IRI. Give the whole IRI of the graph, percent-encoded."
        )
        raise BadParameter("graph", sentence, graph[:200], "type") from None
    return Target(graph)


def _file(request: Request, pairs: Pairs, target: Target, extension: str | None) -> File:
    names, compression = read_formats(pairs), ""
    if extension is not None:
        name, _, compression = extension.partition(".")
        names = (name,)
        if compression and compression not in COMPRESSIONS:
            raise NotAcceptable(
                f"There is no compression {compression[:80]!r} here. Offered are: {', '.join(COMPRESSIONS)}.",
                [*COMPRESSIONS.values()],
            )
    formats = DATASET_FORMATS if target.dataset else GRAPH_FORMATS
    try:
        representation = choose(names, request.accept, formats)
    except NotAcceptable as error:
        if not target.dataset:
            raise
        hint = "Other formats hold one graph: name it with graph=IRI, or ask for the default graph (default)."
        raise NotAcceptable(f"{error.detail} {hint}", error.offered) from None
    download = read_download(pairs) or bool(compression)
    return File(target, representation, compression, download, negotiated=extension is None)


async def _dump(request: Request, file: File, limits: Limits) -> Streamed:
    site = request.site
    try:
        result = await site.engine.dump(file.order(site, request.method == "HEAD"), limits)
    except NotFound as error:
        raise _unknown(site, file.target, error) from None
    generation, exchange = result.generation, request.exchange
    exchange.generation, exchange.queue = generation.number, result.queued
    # Never whole, however small: a stream is encoded in pieces, so the bytes are the same each time.
    answer = Streamed(result, file.content_type, **file.head(request, generation))
    return replace(answer, headers=(*answer.headers, server_timing(result)))


def _unknown(site: Site, target: Target, error: NotFound) -> NotFound:
    wanted = target.graph or ""
    space = wanted.rpartition("/")[0] + "/"
    near = nearest(wanted, [graph.iri for graph in site.dataset.graphs if graph.iri.startswith(space)])
    hint = f"Did you mean <{near}>?" if near else "The description of the data (/void) lists the graphs."
    return NotFound(f"{error.detail} {hint}")
