"""Terms of generated queries, written in all the ways that SPARQL has."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeVar

from pyoxigraph import Literal, NamedNode

from tests.columns.differential.answers import written
from tests.columns.differential.data import RDF_TYPE, Data
from tests.columns.differential.tree import Node
from tests.columns.every_kind import NS, XSD, Term

_T = TypeVar("_T")
_LOCAL: Final = re.compile(r"[A-Za-z0-9_가-힣]+(?:/[A-Za-z0-9]+)?")
# How literals of these datatypes can be written without quotes.
_SHORT: Final = {
    "integer": re.compile(r"-?[0-9]+"),
    "decimal": re.compile(r"-?[0-9]*\.[0-9]+"),
    "double": re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE][0-9]+"),
    "boolean": re.compile("true|false"),
}
_ESCAPES: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\ufffd]")


class Writer:
    """Choices of one query, all from ``rng``, and terms as it writes them."""

    def __init__(self, data: Data, rng: Random) -> None:
        self.data = data
        self.rng = rng
        self.shapes: set[str] = set()
        own = rng.choice(("ex:", ":", "e-1:"))
        self.prefixes = (
            (own, NS),
            ("xsd:", XSD),
            ("rdfs:", "http://www.w3.org/2000/01/rdf-schema#"),
        )
        self._own = own

    def one(self, *choices: _T) -> _T:
        """Return one of them."""
        return self.rng.choice(choices)

    def pick(self, choices: Sequence[_T]) -> _T:
        """Return one of them."""
        return self.rng.choice(choices)

    def chance(self, probability: float) -> bool:
        """Return whether something is to be."""
        return self.rng.random() < probability

    def weighted(self, *choices: tuple[float, Callable[[], _T]]) -> _T:
        """Return what one of the functions makes, which are chosen by their weights."""
        weights = [weight for weight, _ in choices]
        (make,) = self.rng.choices([make for _, make in choices], weights)
        return make()

    def term(self, term: Term) -> str:
        """Write an IRI, a literal or a triple."""
        if isinstance(term, NamedNode):
            return self.iri(term.value)
        if isinstance(term, Literal):
            return self._literal(term)
        return written(term) or ""

    def iri(self, iri: str) -> str:
        """Write an IRI."""
        if self.chance(0.7):
            for prefix, namespace in self.prefixes:
                local = iri.removeprefix(namespace)
                if local != iri and _LOCAL.fullmatch(local):
                    return prefix + local.replace("/", "\\/")
        return f"<{iri}>"

    def verb(self, name: NamedNode) -> str:
        """Write a predicate."""
        return "a" if name == RDF_TYPE and self.chance(0.8) else self.iri(name.value)

    def string(self, text: str) -> str:
        """Write a string between quotes of some kind."""
        quote = self.one('"', '"', "'", '"""', "'''")
        kept = "\n" if len(quote) == 3 and self.chance(0.5) else ""
        for character, escape in _ESCAPES.items():
            if character not in kept:
                text = text.replace(character, escape)
        text = text.replace(quote[0], "\\" + quote[0])
        text = _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04X}", text)
        return f"{quote}{text}{quote}"

    def _literal(self, literal: Literal) -> str:
        if literal.language:
            if literal.direction is not None:
                return str(literal)
            tag = self.one(literal.language, literal.language.upper())
            return f"{self.string(literal.value)}@{tag}"
        datatype = literal.datatype.value
        short = _SHORT.get(datatype.removeprefix(XSD))
        if short and short.fullmatch(literal.value) and self.chance(0.7):
            return literal.value
        if datatype == XSD + "string" and self.chance(0.95):
            return self.string(literal.value)
        return f"{self.string(literal.value)}^^{self.iri(datatype)}"

    def constant(self, kind: str) -> str:
        """Write a term of a kind: mostly one of the data."""
        found = self.data.absent if self.chance(0.12) else self.data.terms
        usable = [term for term in found[kind] if "_:" not in str(term)] or [NamedNode(NS + "none")]
        return self.term(self.pick(usable))


def leaf(text: str) -> Node:
    """Return an expression of one variable or constant."""
    return Node("expression", (text,))


def piece(sort: str, *parts: str | Node, optional: bool = False) -> Node:
    """Return a node of these parts."""
    return Node(sort, parts, optional)
