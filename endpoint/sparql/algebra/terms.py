"""The terms that the leaves of a syntax tree stand for, read as the engine reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Variable, parse

from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.vocabulary import RDF_TYPE, XSD

_INTEGER: Final = NamedNode(f"{XSD}integer")
_DECIMAL: Final = NamedNode(f"{XSD}decimal")
_DOUBLE: Final = NamedNode(f"{XSD}double")
_BOOLEAN: Final = NamedNode(f"{XSD}boolean")
_TYPE: Final = NamedNode(RDF_TYPE)
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
# The engine reads one run of dots in a name.
_SEVERAL_DOTS: Final = re.compile(r"[^:]*+:(?:[^.\\]|\\.)++\.++(?:[^.\\]|\\.)++\.")
# The engine counts rows in 64 bits.
_COUNTED: Final = 2**64
IRI_KINDS: Final = frozenset({Kind.IRIREF, Kind.PNAME})
_LAST_OF_NAMES: Final = "\uffff"


class Terms:
    """The terms of one query: ``prefixes`` and ``base_iri`` are those that hold without a declaration."""

    def __init__(
        self,
        prologue: tuple[tree.BaseDecl | tree.PrefixDecl, ...],
        prefixes: Mapping[str, str],
        base_iri: str | None,
    ) -> None:
        self.base_iri = base_iri
        self._prefixes = dict(prefixes)
        for declaration in prologue:
            iri = self._resolved(declaration.iri).value
            if isinstance(declaration, tree.BaseDecl):
                self.base_iri = iri
            else:
                self._prefixes[declaration.namespace.text[:-1]] = iri
        self._iris: dict[str, NamedNode] = {"a": _TYPE}
        self._variables: dict[str, Variable] = {}
        self._blanks: dict[str, BlankNode] = {}
        self._named: set[str] = set()

    def iri(self, token: Token) -> NamedNode:
        """Return what an IRI, a prefixed name or the word ``a`` stands for."""
        text = token.text
        found = self._iris.get(text)
        if found is None:
            found = self._iris[text] = self.named(token)
        return found

    def named(self, token: Token) -> NamedNode:
        """Return what an IRI or a prefixed name stands for, read anew."""
        return self._resolved(token) if token.kind is Kind.IRIREF else self._prefixed(token.text)

    def variable(self, token: Token) -> Variable:
        """Return a variable. Raises :class:`Unsupported` for a name that the engine does not take."""
        found = self._variables.get(token.text)
        if found is None:
            try:
                found = self._variables[token.text] = Variable(_read_alike(token.text[1:]))
            except ValueError:
                raise Unsupported("a variable has no valid name") from None
        return found

    def fresh(self, unit: tree.QueryUnit) -> Variable:
        """Return a variable that the query does not name."""
        if not self._named:
            self._named = {text[1:] for _, text, _ in unit.tokens if text[0] in "?$"}
        number = len(self._named)
        while (name := f"v{number}") in self._named:
            number += 1
        self._named.add(name)
        return Variable(name)

    def blank(self, token: Token) -> BlankNode:
        """Return the blank node of a label; they are numbered, so that texts with other labels are equal."""
        found = self._blanks.get(token.text)
        if found is None:
            found = self._blanks[_read_alike(token.text)] = BlankNode(f"b{len(self._blanks)}")
        return found

    def fresh_blank(self) -> BlankNode:
        """Return a blank node that stands between two steps of a path."""
        # No label has a blank in it.
        found = self._blanks[f"_: {len(self._blanks)}"] = BlankNode(f"b{len(self._blanks)}")
        return found

    def literal(self, leaf: tree.Term) -> Literal:
        """Return a literal."""
        if isinstance(leaf, Token):
            if leaf.kind is Kind.STRING:
                return Literal(_unquoted(leaf.text))
            return _number(leaf.text) if leaf.kind is Kind.NUMBER else Literal(leaf.text, datatype=_BOOLEAN)
        if isinstance(leaf, tree.SignedNumber):
            if leaf.sign.end != leaf.number.start:
                raise Unsupported("a blank stands behind the sign of a number")
            return _number(leaf.sign.text + leaf.number.text)
        if not isinstance(leaf, tree.RDFLiteral):
            raise Unsupported("a triple is a term")
        value = _unquoted(leaf.string.text)
        if leaf.datatype is not None:
            return Literal(value, datatype=self.iri(leaf.datatype))
        return _tagged(value, leaf.language.text[1:] if leaf.language is not None else "")

    def count(self, token: Token) -> int:
        """Return the number of LIMIT or OFFSET."""
        # A longer number may have zeros before it.
        if len(token.text) > 20 or int(token.text) >= _COUNTED:
            raise Unsupported("a number of rows is too large")
        return int(token.text)

    def _prefixed(self, text: str) -> NamedNode:
        prefix, _, local = _read_alike(text).partition(":")
        namespace = self._prefixes.get(prefix)
        if namespace is None or ("." in local and _SEVERAL_DOTS.match(text)):
            raise Unsupported(f"the name {text} is not read")
        return _checked(namespace + local.replace("\\", ""))

    def _resolved(self, token: Token) -> NamedNode:
        iri = _unescaped(token.text[1:-1])
        if _ABSOLUTE.match(iri) or self.base_iri is None:
            return _checked(iri)
        try:
            # Turtle and SPARQL have the same relative IRIs, and the engine one way to resolve them.
            (triple,) = parse(f"<x:> <x:> {token.text} .", RdfFormat.TURTLE, base_iri=self.base_iri)
        except (SyntaxError, ValueError) as error:
            raise Unsupported(str(error)) from None
        if not isinstance(triple.object, NamedNode):
            raise Unsupported(f"{token.text} is no IRI")
        return triple.object


def _read_alike(name: str) -> str:
    """Return a name that the engine has in one piece: its names have no characters above U+FFFF."""
    if not name.isascii() and max(name) > _LAST_OF_NAMES:
        raise Unsupported(f"the engine does not read the name {name}")
    return name


def _checked(iri: str) -> NamedNode:
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise Unsupported(str(error)) from None


def _tagged(value: str, tag: str) -> Literal:
    if "--" in tag:
        raise Unsupported("a literal has a direction")
    try:
        return Literal(value, language=tag)
    except ValueError as error:
        raise Unsupported(str(error)) from None


def _number(text: str) -> Literal:
    if "e" in text or "E" in text:
        return Literal(text, datatype=_DOUBLE)
    return Literal(text, datatype=_DECIMAL if "." in text else _INTEGER)


def _unquoted(text: str) -> str:
    quotes = 3 if len(text) > 5 and text[0] == text[1] == text[2] else 1
    return _unescaped(text[quotes:-quotes])


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(
        lambda match: _ESCAPED[match[3]] if match[3] else chr(int(match[1] or match[2], 16)), text
    )
