"""Skeletons: the algebra of texts that differ in their constants only, with places for these.

A text is cut into its constants and what is between them. Texts that
are the same between their constants, and have constants of the same kinds, are the same terminals of the
grammar, so that their syntax trees differ in the texts of tokens only. The translation looks at the constant
itself in few places: in declarations and dataset clauses, predicates and paths, names of functions,
datatypes, language tags, and aggregates, of which two equal ones are one. There, and wherever else a constant
does not come out as a term of the algebra, both texts must have the same one. The others are put in, each
read, and refused, as it is in a text that is new.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

from pyoxigraph import Literal, NamedNode

from endpoint.sparql import algebra
from endpoint.sparql.algebra.terms import IRI_KINDS, Terms
from endpoint.sparql.algebra.translation import translate, translate_with
from endpoint.sparql.lexer import (
    BLANK,
    IRIREF,
    LANGTAG,
    LESS,
    NUMBER,
    PNAME,
    PREFIX_NAME,
    SIGN,
    SKIP,
    STRING,
    VAR,
    Token,
    lex,
)
from endpoint.sparql.remembered import Remembered
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.parser import Unsupported, parse

T = TypeVar("T")

# The declarations at the beginning of a text, which the texts of one program have in common.
_APART: Final = rf"(?=[ \t\r\n#]){SKIP}"
_DECLARATIONS: Final = re.compile(
    rf"(?:{SKIP}(?:[Bb][Aa][Ss][Ee]{_APART}"
    rf"|[Pp][Rr][Ee][Ff][Ii][Xx]{_APART}(?:{PREFIX_NAME})?+:{SKIP}){IRIREF})*+"
)
# A run of what is no constant; then a comment, a constant, what begins with "<", or a character that begins
# no token. The order is that of the lexer.
_PIECE: Final = re.compile(
    rf"((?:[ \t\r\n]++|{VAR}|{PREFIX_NAME}(?!:)|{SIGN}|{BLANK})*+)"
    rf"(#[^\r\n]*+|{IRIREF}|{LESS}|{PNAME}|{STRING}|{NUMBER}|{LANGTAG}|(?s:.))?"
)
_FREE: Final = frozenset({"IRIREF", "NAME", "STRING", "INTEGER", "NUMBER"})
# The members of the algebra whose constants the translation looks at.
_LOOKED_AT: Final = {
    (algebra.TriplePattern, "predicate"),
    (algebra.PathPattern, "path"),
    (algebra.FunctionCall, "name"),
    (algebra.Group, "aggregates"),
    (algebra.Query, "dataset"),
}
# The size of all that is remembered, in characters of texts, where each piece counts as so many more: what is
# kept of these takes some 20 bytes. And skeletons that are the same between their constants.
_MOST: Final = 400_000
_PIECES: Final = 40
_VARIANTS: Final = 8

_Key = tuple[str | None, ...]
_Make = Callable[[Sequence[object]], Any]


class Skeletons:
    """The skeletons of the texts that were read last.

    ``prefixes`` are those that a text need not declare. ``prepare`` returns a query as it is wanted, whatever
    its constants are, or raises :class:`~endpoint.sparql.syntax.parser.Unsupported`.
    """

    def __init__(
        self, prefixes: Mapping[str, str], prepare: Callable[[algebra.Query], algebra.Query]
    ) -> None:
        self._prefixes = prefixes
        self._prepare = prepare
        self._kept: Remembered[_Key, _Variants] = Remembered(_MOST)

    def read(self, text: str, base_iri: str | None = None) -> algebra.Query:
        """Return the algebra of a query as parsing, translating and preparing it does.

        Raises :class:`~endpoint.sparql.syntax.parser.Unsupported`.
        """
        declared = _DECLARATIONS.match(text)
        begin = declared.end() if declared else 0
        parts = pieces(text, begin)
        constants = [constant for _, constant in parts]
        if "#" in text:
            constants = ["#" if constant[:1] == "#" else constant for constant in constants]
        key = (base_iri, text[:begin], *[between for between, _ in parts])
        size = len(text) + _PIECES * len(parts)
        variants = self._kept.get(key)
        if variants is None:
            # To make a skeleton takes as long again as to read a text, and few texts are followed by others.
            self._kept.put(key, _Variants(), size)
            return self._anew(text, base_iri)
        for skeleton in variants.skeletons:
            query = skeleton.query(constants)
            if query is not None:
                return query
        places = None if variants.closed else _places(text, begin, parts)
        if places is None:
            variants.closed = True
            return self._anew(text, base_iri)
        unit = parse(text)
        terms = _RecordingTerms(unit, self._prefixes, base_iri)
        query, refusal = translate_with(unit, terms), None
        try:
            query = self._prepare(query)
        except Unsupported as reason:
            refusal = str(reason)
        skeleton = _Maker(places, terms.recorded).skeleton(query, constants, refusal)
        variants.skeletons.append(skeleton)
        variants.closed = len(variants.skeletons) == _VARIANTS
        self._kept.put(key, variants, size * (1 + len(variants.skeletons)))
        return skeleton.filled(constants)

    def _anew(self, text: str, base_iri: str | None) -> algebra.Query:
        return self._prepare(translate(parse(text), self._prefixes, base_iri))


@dataclass(slots=True)
class _Variants:
    """Skeletons that are the same between the constants. ``closed``: no more are made."""

    skeletons: list[_Skeleton] = field(default_factory=list)
    closed: bool = False


class _Free(NamedTuple):
    """The place of a constant that may be another one of its kind, and what makes a term of it."""

    place: int
    kind: str
    read: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class _Skeleton:
    """The algebra of a text, and which of its constants others may have in their place.

    ``make`` makes it of the terms of the ``free`` constants; ``pick`` picks the others, which are ``fixed``.
    ``refusal`` is the reason why all queries with it are refused.
    """

    make: _Make
    free: tuple[_Free, ...]
    pick: Callable[[Sequence[str]], object]
    fixed: object
    refusal: str | None

    def query(self, constants: Sequence[str]) -> algebra.Query | None:
        """Return the algebra of a text with these constants; None where it has another skeleton."""
        if self.pick(constants) != self.fixed:
            return None
        for place, kind, _ in self.free:
            if _kind(constants[place]) != kind:
                return None
        return self.filled(constants)

    def filled(self, constants: Sequence[str]) -> algebra.Query:
        """Return the algebra with these constants."""
        if self.refusal is not None:
            raise Unsupported(self.refusal)
        query: algebra.Query = self.make([read(constants[place]) for place, _, read in self.free])
        return query


def pieces(text: str, position: int) -> list[tuple[str, str]]:
    """Return the constants of a text from ``position`` on, where a token begins, each with what is before it.

    A constant is an IRI, a prefixed name, a string, a number or a language tag, read as the lexer reads it
    but where that takes the beginning of an IRI for an operator. Pieces as if they were constants are
    comments, what begins with ``<``, and characters that begin no token. The last one is empty.
    """
    return _PIECE.findall(text, position)


def shape_of(text: str) -> Hashable:
    """Return what texts of the same terminals of the grammar have in common, whatever their constants."""
    between, constants = zip(*pieces(text, 0), strict=True)
    return between, tuple(map(_kind, constants))


def _kind(constant: str) -> str:
    """Return the terminal of the grammar that a constant is; other pieces are of no kind but themselves."""
    first = constant[:1]
    if first == "#":
        return "#"
    if first == "<":
        return "IRIREF" if constant[-1] == ">" else constant
    if first in ('"', "'"):
        return "STRING" if len(constant) > 1 else constant
    if "0" <= first <= "9" or first == ".":
        return "INTEGER" if constant.isdigit() else "NUMBER"
    colon = constant.find(":")
    return constant if colon < 0 else "NAMESPACE" if colon == len(constant) - 1 else "NAME"


def _places(text: str, begin: int, parts: Sequence[tuple[str, str]]) -> dict[Token, int] | None:
    """Return the places of the tokens that are constants; None where the lexer reads one otherwise."""
    tokens = {token.start: token for token in lex(text).tokens}
    places: dict[Token, int] = {}
    for place, (between, constant) in enumerate(parts):
        begin += len(between)
        if constant and constant[0] != "#":
            token = tokens.get(begin)
            if token is None or token.text != constant:
                return None
            places[token] = place
        begin += len(constant)
    return places


class _Count(int):
    """A number of rows that is told from others of the same value."""


class _Recorded(NamedTuple):
    """A term, the token that it was read of, and what reads another one in its place."""

    term: object
    token: Token
    read: Callable[[str], object]


class _RecordingTerms(Terms):
    """Terms that are told from others of the same value: ``recorded`` has them by their identity."""

    def __init__(self, unit: tree.QueryUnit, prefixes: Mapping[str, str], base_iri: str | None) -> None:
        super().__init__(unit.prologue, prefixes, base_iri)
        self.recorded: dict[int, _Recorded] = {}
        self._plain = Terms(unit.prologue, prefixes, base_iri)

    def _record(self, term: T, token: Token, read: Callable[[str], object]) -> T:
        self.recorded[id(term)] = _Recorded(term, token, read)
        return term

    def iri(self, token: Token) -> NamedNode:
        """Return what an IRI or a name stands for, recorded."""
        if token.kind not in IRI_KINDS:
            return super().iri(token)
        named = self._plain.named
        return self._record(named(token), token, lambda text: named(_other(token, text)))

    def literal(self, leaf: tree.Term) -> Literal:
        """Return a literal, recorded with its string or its number."""
        literal = self._plain.literal
        token: Token
        make: Callable[[Token], tree.Term]
        match leaf:
            case Token():
                token, make = leaf, lambda other: other
            case tree.RDFLiteral(string):
                token, make = string, lambda other: leaf._replace(string=other)
            case tree.SignedNumber(_, number):
                token, make = number, lambda other: leaf._replace(number=other)
            case _:
                return literal(leaf)
        return self._record(literal(leaf), token, lambda text: literal(make(_other(token, text))))

    def count(self, token: Token) -> int:
        """Return the number of LIMIT or OFFSET, recorded."""
        count = self._plain.count
        return self._record(_Count(count(token)), token, lambda text: count(_other(token, text)))


def _other(token: Token, text: str) -> Token:
    """Return a token with another text; the method of a named tuple takes five times as long."""
    return Token(token.kind, text, token.start)


class _Maker:
    """The maker of a skeleton: ``places`` are those of the tokens that are constants."""

    def __init__(self, places: Mapping[Token, int], recorded: Mapping[int, _Recorded]) -> None:
        self._places = places
        self._recorded = recorded
        self._free: dict[int, _Free] = {}

    def skeleton(self, query: algebra.Query, constants: Sequence[str], refusal: str | None) -> _Skeleton:
        """Return the skeleton of a query with these constants, which is refused, or not."""
        make = self._part(query) or (lambda _: query)
        # The last piece of a text has no constant.
        pick = itemgetter(*[place for place in range(len(constants)) if place not in self._free])
        return _Skeleton(make, tuple(self._free.values()), pick, pick(constants), refusal)

    def _part(self, part: object) -> _Make | None:
        """Return what makes a part of the algebra; None where it has no free constant."""
        recorded = self._recorded.get(id(part))
        if recorded is not None:
            return self._constant(recorded)
        of = part.__class__
        if of is tuple:
            members: list[Any] = [*part]  # type: ignore[misc]
            names: Sequence[str] = ()
        elif of in algebra.FIELDS:
            names = algebra.FIELDS[of]
            members = [getattr(part, name) for name in names]
        else:
            return None
        makers = []
        for place, member in enumerate(members):
            if not names or (of, names[place]) not in _LOOKED_AT:
                maker = self._part(member)
                if maker is not None:
                    makers.append((place, maker))
        return _assembly(of, members, makers) if makers else None

    def _constant(self, recorded: _Recorded) -> _Make | None:
        token = recorded.token
        place, kind = self._places.get(token), _kind(token.text)
        if place is None or kind not in _FREE:
            return None
        self._free.setdefault(place, _Free(place, kind, recorded.read))
        return itemgetter([*self._free].index(place))


def _assembly(of: type, members: list[Any], makers: list[tuple[int, _Make]]) -> _Make:
    def make(terms: Sequence[object]) -> Any:
        parts = members.copy()
        for place, maker in makers:
            parts[place] = maker(terms)
        return tuple(parts) if of is tuple else of(*parts)

    return make
