"""RDF terms rendered for a page, and the addresses of a resource and its representations.

A term has a text, and is a link where a browser may follow it. The templates of resources are written in
terms of the classes of this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from pyoxigraph import BlankNode, Literal, NamedNode

from endpoint.dataset import resource_path
from endpoint.formats import BIBLIOGRAPHIES, GRAPH_FORMATS, HTML, LINKSET, TURTLE, Representation
from endpoint.vocabulary import RDF, RDF_LANG_STRING, XSD
from endpoint.web.http.view import PARAMETER, View
from endpoint.web.own_queries import Term
from endpoint.web.pages.resource.labels import Labels, Text
from endpoint.web.pages.resource.statements import Statements

# All formats of a resource; the bibliographies only where it is a publication.
FORMATS: Final = (*GRAPH_FORMATS, HTML, *BIBLIOGRAPHIES)

# Texts of more characters are folded; the most bytes of texts on a page without ``whole``.
LONG: Final = 600
BUDGET: Final = 70_000
# The depth to which nested blank nodes are shown, and the number of members of a list.
_DEEPEST: Final = 8
_MEMBERS: Final = 200

_IN_URI: Final = "/:@!$&'()*+,;=~%?#[]"
# Only addresses with these schemes become links: a browser would execute some others.
_FOLLOWED: Final = re.compile(
    r"(?:https?://|mailto:|urn:|doi:)[^\x00-\x20\x7f-\xa0\u2028\u2029]+", re.IGNORECASE
)
_LOCAL: Final = re.compile(r"[\w.-]*[\w-]|")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value on a page.

    ``kind`` is "iri", "text", "typed", "node" or "list". ``href`` leads to a page of this site,
    ``outside`` to the thing itself elsewhere. ``tag`` is a language; ``cut`` the characters left out.
    """

    kind: str
    text: str
    href: str = ""
    outside: str = ""
    name: Text | None = None
    tag: str = ""
    datatype: str = ""
    excerpt: str = ""
    cut: int = 0
    same: str = ""
    rows: tuple[tuple[Cell, tuple[Cell, ...]], ...] = ()
    members: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRow:
    """One property of the table of statements.

    ``total`` is the number of values where some are left out; then ``more`` leads to them.
    """

    property: Cell
    name: Text | None
    help: Text | None
    cells: tuple[Cell, ...]
    total: int | None = None
    more: str = ""


@dataclass(frozen=True, slots=True)
class InverseRow:
    """One property whose value is the resource; ``href`` leads to the list of its subjects.

    With ``more`` there may be more than ``count``. ``listing`` is the page of subjects that is shown;
    ``derived`` is true where all statements follow from rules.
    """

    property: Cell
    count: int
    more: bool
    href: str
    derived: bool
    listing: Listing | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the resources or values of one property; ``before`` and ``after`` lead to its neighbours."""

    property: Cell
    cells: tuple[Cell, ...]
    page: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class WebRecord:
    """An address of the thing itself on the web, and the name of the property that gives it."""

    name: Text | None
    url: str
    host: str


@dataclass(frozen=True, slots=True)
class TermEntry:
    """One term in the document of an ontology."""

    cell: Cell
    explanation: Text | None


def outside_of(address: str) -> str:
    """Return the target of a link to this address; empty where it must not be a link."""
    if _FOLLOWED.fullmatch(address) is None or address.lower().startswith("urn:"):
        return ""
    if address.lower().startswith("doi:"):
        return f"https://doi.org/{address[4:]}"
    return address


def is_followed(address: str) -> bool:
    """Return whether the IRI may be a link: a click must not run a script."""
    return _FOLLOWED.fullmatch(address) is not None


def prefixed(name: str, prefixes: Mapping[str, str]) -> str:
    """Return the IRI as a prefixed name where a prefix fits, else as it is."""
    return _prefixed(name, tuple(prefixes.items()))


@lru_cache(maxsize=2048)
def _prefixed(name: str, prefixes: tuple[tuple[str, str], ...]) -> str:
    fitting = [row for row in prefixes if row[1] and name.startswith(row[1])]
    for prefix, namespace in sorted(fitting, key=lambda row: -len(row[1])):
        local = name[len(namespace) :]
        if local and _LOCAL.fullmatch(local):
            return f"{prefix}:{local}"
    return name


class CellRenderer:
    """Renders the cells of one page; long texts are cut once its budget of bytes is spent."""

    def __init__(self, view: View, labels: Labels, nodes: Statements, whole: bool = False) -> None:
        self._view = view
        self._labels = labels
        self._nodes = nodes.nodes
        self._left = 1 << 40 if whole else BUDGET
        self._seen: dict[str, str] = {}
        # Whether a long text that was shown already is only referred to.
        self.referring = False

    def iri(self, name: str) -> Cell:
        """Return a resource: its name as a link to its page."""
        site = self._view.site.dataset
        text = prefixed(name, site.prefixes)
        followed = is_followed(name)
        outside = "" if name.startswith(site.base) else outside_of(name)
        return Cell(
            "iri",
            text,
            href=page_address(self._view, name) if followed else "",
            outside=outside,
            name=self._labels.name(name, self._view),
        )

    def value(self, term: Term, of: str = "", depth: int = 0) -> Cell:
        """Return a value of the property ``of``."""
        if isinstance(term, NamedNode):
            return self.iri(term.value)
        if isinstance(term, Literal):
            return self._literal(term, of)
        if isinstance(term, BlankNode):
            return self._node(term, depth)
        return Cell("text", str(term))

    def _literal(self, term: Literal, of: str) -> Cell:
        text, datatype = term.value, term.datatype.value
        tag = term.language or ""
        if datatype not in (f"{XSD}string", RDF_LANG_STRING, f"{RDF}dirLangString"):
            outside = outside_of(text) if datatype == f"{XSD}anyURI" else ""
            shown = prefixed(datatype, {"xsd": XSD, **self._view.site.dataset.prefixes})
            return Cell("typed", text[:LONG], outside=outside, datatype=shown, cut=max(0, len(text) - LONG))
        if len(text) <= LONG:
            self._left -= len(text.encode())
            return Cell("text", text, tag=tag)
        same = self._seen.setdefault(text, of)
        if self.referring and same != of:
            return Cell(
                "text", _excerpt(text), tag=tag, same=prefixed(same, self._view.site.dataset.prefixes)
            )
        kept = text.encode()[: max(self._left, LONG)].decode(errors="ignore")
        self._left -= len(kept.encode())
        return Cell("text", kept, tag=tag, excerpt=_excerpt(text), cut=len(text) - len(kept))

    def _node(self, node: BlankNode, depth: int) -> Cell:
        pairs = self._nodes.get(node.value, ())
        if depth >= _DEEPEST or not pairs:
            return Cell("node", "[ … ]" if pairs else "[ ]")
        if any(name == f"{RDF}first" for name, _ in pairs):
            members = self._members(node)
            return Cell("list", "", members=tuple(self.value(term, depth=depth + 1) for term in members))
        by_property: dict[str, list[Term]] = {}
        for name, value in sorted(pairs, key=lambda row: (row[0], str(row[1]))):
            by_property.setdefault(name, []).append(value)
        rows = (
            (self.iri(name), tuple(self.value(value, depth=depth + 1) for value in values))
            for name, values in by_property.items()
        )
        return Cell("node", "", rows=tuple(rows))

    def _members(self, node: BlankNode) -> Sequence[Term]:
        """Return the members of an RDF collection in order (RDF Schema 1.1 section 5.2)."""
        members: list[Term] = []
        seen: set[str] = set()
        left: Term | None = node
        while isinstance(left, BlankNode) and left.value not in seen and len(members) < _MEMBERS:
            seen.add(left.value)
            pairs = dict(reversed(self._nodes.get(left.value, ())))
            if f"{RDF}first" in pairs:
                members.append(pairs[f"{RDF}first"])
            left = pairs.get(f"{RDF}rest")
        return members


def _excerpt(text: str) -> str:
    start = " ".join(text[: LONG // 2].split())
    return f"{start.rpartition(' ')[0] or start} …"


def page_address(view: View, name: str, **parameters: str) -> str:
    """Return the address of the page of an IRI, in the language that the reader chose."""
    path, _, query = resource_path(name, view.site.dataset.base).partition("?")
    if query:
        parameters = {"uri": name, **parameters}
    return view.url(path, **parameters)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the resource ``iri`` and its representations, below the server's own.

    ``taken`` are extensions that lead to other resources.
    """

    iri: str
    view: View
    taken: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The resource's address below the server's own."""
        return resource_path(self.iri, self.view.site.dataset.base)

    def of(self, chosen: Representation, language: str | None = None) -> str:
        """Return the path of one representation, which needs no negotiation."""
        fmt = chosen.format
        extension = "json" if chosen.content_type == "application/json" else fmt.extension
        locale = f"{PARAMETER}={language}" if language else ""
        if "?" in self.path or self.path.endswith("/") or extension in self.taken:
            named = "&".join(filter(None, (f"format={fmt.name}", locale)))
            return f"{self.path}{'&' if '?' in self.path else '?'}{named}"
        return f"{self.path}.{extension}" + (f"?{locale}" if locale else "")

    def absolute(self, path: str) -> str:
        """Return a path of this server as a whole address."""
        return self.view.base + path

    def own_links(self) -> Iterator[tuple[str, str, str]]:
        """Yield the links of FAIR Signposting that are the same whatever the resource is."""
        yield quote(self.iri, safe=_IN_URI), "cite-as", ""
        if self.view.site.dataset.licence:
            yield self.view.site.dataset.licence, "license", ""
        yield self.absolute(self.of(Representation.of(LINKSET))), "linkset", LINKSET.media_type

    def links(self, cited: bool) -> Iterator[tuple[str, str, str]]:
        """Yield address, relation and media type of each link, the canonical one first."""
        yield self.absolute(self.path), "canonical", ""
        yield quote(self.iri, safe=_IN_URI), "describes", ""
        yield from self.own_links()
        yield self.absolute(self.of(Representation.of(TURTLE))), "describedby", TURTLE.media_type
        for fmt in FORMATS if cited else (*GRAPH_FORMATS, HTML):
            yield self.absolute(self.of(Representation.of(fmt))), "alternate", fmt.media_type
