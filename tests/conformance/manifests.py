"""The manifests of the W3C's test suites, read as tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Store

from endpoint.vocabulary import RDF, RDFS

_TESTS: Final = "http://www.w3.org/2001/sw/DataAccess/tests/"
MF: Final = f"{_TESTS}test-manifest#"
QT: Final = f"{_TESTS}test-query#"
UT: Final = "http://www.w3.org/2009/sparql/tests/test-update#"
HT: Final = "http://www.w3.org/2011/http#"
CNT: Final = "http://www.w3.org/2011/content#"

Node = NamedNode | BlankNode
# The names of graphs, each with its file.
Graphs = tuple[tuple[str, Path], ...]


@dataclass(frozen=True)
class Request:
    """A request of a test of the protocol, and what is expected of its response.

    ``statuses`` are the classes or names of statuses of which one is right; ``boolean`` and ``format`` are
    None where nothing is said of them. ``content_type`` is that of the response and ``content`` its graph in
    Turtle, where either is said. In the requests after this one, ``location`` stands for its Location.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statuses: tuple[str, ...]
    boolean: bool | None
    format: str | None
    content_type: str | None
    content: bytes | None
    location: str | None


@dataclass(frozen=True)
class Case:
    """A test of a manifest.

    ``kind`` is the local name of its class. ``data`` are the files of the default graph, and ``graphs`` the
    named graphs with their files; ``data_after`` and ``graphs_after`` are those after an update. ``regime``:
    an entailment regime is asked for.
    """

    iri: str
    suite: str
    kind: str
    query: Path | None
    data: tuple[Path, ...]
    graphs: Graphs
    data_after: tuple[Path, ...]
    graphs_after: Graphs
    result: Path | None
    requests: tuple[Request, ...]
    regime: bool

    @property
    def name(self) -> str:
        """The suite and the last part of the test's IRI."""
        return f"{self.suite} {self.iri.rpartition('#')[2]}"

    @property
    def writes(self) -> bool:
        """Whether it needs a server that takes writes: also to be told what is wrong with one."""
        if self.kind == "GraphStoreProtocolTest":
            return any(each.method not in ("GET", "HEAD") for each in self.requests)
        return "Update" in self.kind or (self.kind == "ProtocolTest" and "update" in self.name)


def cases(folder: Path) -> Iterator[Case]:
    """Yield the tests that the manifests below a folder list, each once."""
    seen: set[str] = set()
    for file in sorted(folder.rglob("manifest*.ttl")):
        manifest = _Manifest(file, folder)
        for case in manifest.cases():
            if case.iri not in seen:
                seen.add(case.iri)
                yield case


class _Manifest:
    def __init__(self, file: Path, folder: Path) -> None:
        self._suite = str(file.parent.relative_to(folder))
        self._store = Store()
        self._store.load(path=str(file), format=RdfFormat.TURTLE, base_iri=file.as_uri())

    def cases(self) -> Iterator[Case]:
        for entries in self._store.quads_for_pattern(None, NamedNode(f"{MF}entries"), None):
            for test in self._list(entries.object):
                yield self._case(test)

    def _case(self, test: Node) -> Case:
        (kind,) = self._all(test, f"{RDF}type")
        action = self._one(test, f"{MF}action")
        query: Node | None = None
        regime = False
        if isinstance(action, NamedNode):
            query = action  # a test of syntax
        elif action is not None:
            query = self._one(action, f"{QT}query") or self._one(action, f"{UT}request")
            regime = any("entailment" in each.value for each in self._store_predicates(action))
        data, graphs = self._dataset(action, test)
        result = self._one(test, f"{MF}result")
        data_after, graphs_after = self._dataset(result)
        return Case(
            iri=test.value,
            suite=self._suite,
            kind=_local(kind),
            query=path_of(query),
            data=data,
            graphs=graphs,
            data_after=data_after,
            graphs_after=graphs_after,
            result=path_of(result),
            requests=tuple(map(self._request, self._list(self._one(action, f"{HT}requests")))),
            regime=regime,
        )

    def _dataset(self, *nodes: Node | None) -> tuple[tuple[Path, ...], Graphs]:
        """Return the files of the default graph and the named graphs that nodes tell of."""
        named = [(node, name) for node in nodes for name in (QT, UT)]
        return (
            tuple(_files(self._all(node, f"{name}data") for node, name in named)),
            tuple(self._graph(each) for node, name in named for each in self._all(node, f"{name}graphData")),
        )

    def _store_predicates(self, subject: Node) -> Iterator[NamedNode]:
        for quad in self._store.quads_for_pattern(subject, None, None):
            yield quad.predicate

    def _graph(self, node: Node) -> tuple[str, Path]:
        """Return the name and the file of a named graph, which may be written as a node of its own."""
        if isinstance(node, NamedNode):
            return node.value, _path(node)
        file = self._one(node, f"{QT}graph") or self._one(node, f"{UT}graph")
        labels = list(self._store.quads_for_pattern(node, NamedNode(f"{RDFS}label"), None))
        assert isinstance(file, NamedNode)
        return (labels[0].object.value if labels else file.value), _path(file)  # type: ignore[union-attr]

    def _request(self, node: Node) -> Request:
        body = self._one(node, f"{HT}body")
        response = self._one(node, f"{HT}resp")
        encoding = self._text(body, f"{CNT}characterEncoding") or "UTF-8"
        content = self._text(self._one(response, f"{HT}body"), f"{CNT}chars")
        boolean = self._text(response, f"{MF}expectedBoolean")
        return Request(
            method=self._text(node, f"{HT}methodName") or "GET",
            path=self._text(node, f"{HT}absolutePath") or "/",
            headers=self._headers(node),
            body=(self._text(body, f"{CNT}chars") or "").encode(encoding),
            statuses=tuple(_local(each) for each in self._all(response, f"{MF}expectedStatus")),
            boolean=None if boolean is None else boolean == "true",
            format=self._text(response, f"{MF}expectedFormat"),
            content_type=dict(self._headers(response)).get("content-type"),
            content=None if content is None else content.encode(),
            location=self._text(response, f"{MF}expectedLocation"),
        )

    def _headers(self, node: Node | None) -> tuple[tuple[str, str], ...]:
        fields = self._list(self._one(node, f"{HT}headers"))
        return tuple(
            (self._text(each, f"{HT}fieldName") or "", self._text(each, f"{HT}fieldValue") or "")
            for each in fields
        )

    def _text(self, subject: Node | None, predicate: str) -> str | None:
        for quad in (
            [] if subject is None else self._store.quads_for_pattern(subject, NamedNode(predicate), None)
        ):
            return quad.object.value  # type: ignore[union-attr]
        return None

    def _all(self, subject: Node | None, predicate: str) -> list[Node]:
        if subject is None:
            return []
        found = (quad.object for quad in self._store.quads_for_pattern(subject, NamedNode(predicate), None))
        return sorted((each for each in found if isinstance(each, NamedNode | BlankNode)), key=str)

    def _one(self, subject: Node | None, predicate: str) -> Node | None:
        return next(iter(self._all(subject, predicate)), None)

    def _list(self, head: object) -> list[Node]:
        members: list[Node] = []
        while isinstance(head, BlankNode):
            members += self._all(head, f"{RDF}first")[:1]
            head = self._one(head, f"{RDF}rest")
        return members


def _files(nodes: Iterator[list[Node]]) -> Iterator[Path]:
    return (_path(node) for each in nodes for node in each if isinstance(node, NamedNode))


def _local(node: Node) -> str:
    return node.value.replace("/", "#").rpartition("#")[2]


def path_of(node: Node | None) -> Path | None:
    """Return the file that an IRI names; None for none, and for a blank node."""
    return _path(node) if isinstance(node, NamedNode) else None


def _path(node: NamedNode) -> Path:
    return Path(unquote(urlsplit(node.value).path))
