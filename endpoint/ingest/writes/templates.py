"""Templates of INSERT and DELETE (SPARQL 1.1 Update section 3.1.3), filled with the solutions of a pattern.

The engine's own parser reads a template, with an IRI of nobody in place of each variable, as INSERT DATA.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, QuerySolution, Store, Triple

from endpoint.errors import MalformedQuery
from endpoint.sparql.lexer import Kind, Token

Term = NamedNode | BlankNode | Literal | Triple


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a text may use without declaring them: the ``base`` of relative IRIs, and prefixes."""

    base: str | None
    prefixes: Mapping[str, str]

    def update(self, store: Store, text: str) -> None:
        """Let the engine read and do an update of data. Raises SyntaxError."""
        store.update(text, base_iri=self.base, prefixes=dict(self.prefixes))


class Template:
    """The statements of a template; ``default`` takes those without a graph."""

    def __init__(
        self,
        quads: Sequence[Quad],
        variables: Mapping[NamedNode, str],
        default: NamedNode | DefaultGraph,
    ) -> None:
        self._quads = quads
        self._variables = variables
        self._default = default

    @classmethod
    def read(
        cls, names: Names, prologue: str, block: Sequence[Token], default: NamedNode | DefaultGraph
    ) -> Template:
        """Read a block of tokens, with its braces. Raises SyntaxError."""
        if not block:
            return cls((), {}, default)
        # Nobody can write these IRIs, because nobody knows the number.
        space = f"urn:endpoint:{secrets.token_hex(16)}:"
        variables: dict[NamedNode, str] = {}
        words, end = [], block[0].start
        for token in block:
            words.append(" " * (token.start > end))
            end = token.end
            if token.kind is Kind.VAR:
                name = token.text[1:]
                variables[NamedNode(space + name)] = name
                words.append(f"<{space}{name}>")
            else:
                words.append(token.text)
        return cls(read_data(names, prologue, "".join(words)), variables, default)

    def refuse_blank_nodes(self) -> None:
        """Raise MalformedQuery where it has one, as a template of DELETE may not (grammar note 7)."""
        if any(True for quad in self._quads for _ in _blank_nodes(quad)):
            raise MalformedQuery(
                "DELETE has a blank node, which would match nothing. Write a variable, and bind it in WHERE."
            )

    def fill(self, solution: QuerySolution, bound: frozenset[str]) -> Iterator[Quad]:
        """Yield its statements for a solution, which has the variables ``bound``.

        Those with a variable that is not bound, or with a term in a place where it cannot stand, are left
        out. Blank nodes are new ones each time.
        """
        fresh: dict[BlankNode, BlankNode] = {}

        def filled(term: object) -> Term | None:
            if isinstance(term, BlankNode):
                return fresh.setdefault(term, BlankNode())
            if isinstance(term, Triple):
                return _triple(filled(term.subject), filled(term.predicate), filled(term.object))
            if isinstance(term, NamedNode) and (name := self._variables.get(term)) is not None:
                return cast("Term | None", solution[name]) if name in bound else None
            return cast(Term, term)

        for quad in self._quads:
            triple = _triple(filled(quad.subject), filled(quad.predicate), filled(quad.object))
            graph = quad.graph_name
            graph = self._default if isinstance(graph, DefaultGraph) else cast(NamedNode, filled(graph))
            if triple is not None and isinstance(graph, NamedNode | DefaultGraph | BlankNode):
                yield Quad(triple.subject, triple.predicate, triple.object, graph)


def read_data(names: Names, prologue: str, block: str, delete: bool = False) -> list[Quad]:
    """Return the statements of INSERT DATA, or of DELETE DATA. Raises SyntaxError."""
    store = Store()
    if delete:
        # The engine knows what may not stand there.
        names.update(store, f"{prologue}\nDELETE DATA {block}")
    names.update(store, f"{prologue}\nINSERT DATA {block}")
    return list(store)


def read_iri(names: Names, prologue: str, written: str) -> NamedNode:
    """Return the IRI that a text such as ``ex:a`` stands for. Raises SyntaxError."""
    (quad,) = read_data(names, prologue, f"{{ <urn:a> <urn:a> {written} }}")
    return cast(NamedNode, quad.object)


def _triple(subject: Term | None, predicate: Term | None, object: Term | None) -> Triple | None:
    if isinstance(subject, NamedNode | BlankNode) and isinstance(predicate, NamedNode) and object is not None:
        return Triple(subject, predicate, object)
    return None


def _blank_nodes(quad: Quad | Triple) -> Iterator[BlankNode]:
    terms: Iterable[object] = (quad.subject, quad.object)
    for term in terms:
        if isinstance(term, BlankNode):
            yield term
        elif isinstance(term, Triple):
            yield from _blank_nodes(term)
