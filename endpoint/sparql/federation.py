"""SERVICE (SPARQL 1.1 Federated Query): the calls of a query, and the query with what they returned.

A call is answered before the engine sees the query: its solutions are written into the text as inline data
(SPARQL 1.1 Query Language, section 10.2), so that a worker needs no network. What the query itself binds
before a call is sent along, as section 4 of the specification describes: the service is asked for what can be
joined, instead of all that it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from endpoint.errors import MalformedQuery, QueryTooComplex
from endpoint.sparql.lexer import Kind, Token, lex
from endpoint.sparql.operation import TEXT_SEARCH, read_prologue, resolve
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.parser import Unsupported, parse
from endpoint.vocabulary import TEXT

# A part of a query with which a call is joined, as text, or another call, by its place.
_Piece = str | int

# Elements whose solutions are joined with those of what follows them.
_JOINED: Final = (tree.TriplesSameSubject, tree.InlineData, tree.GraphGraphPattern, tree.UnionGraphPattern)
# Calls of one query, and characters of its text: the server's own process reads it.
MOST_CALLS: Final = 10
LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Call:
    """One SERVICE of a query, at these offsets: ``iri`` is asked for ``pattern``, with its braces.

    ``silent``: a failure is the empty solution (section 2.3.1). ``before`` are the parts of the query whose
    solutions it is joined with. ``variables`` are those of the pattern, in their order.
    """

    start: int
    end: int
    iri: str
    silent: bool
    pattern: str
    variables: tuple[str, ...]
    before: tuple[_Piece, ...]


@dataclass(frozen=True, slots=True)
class FederatedText:
    """A query with its calls; ``data`` has what replaces each of them, as far as it is known."""

    text: str
    prologue: str
    dataset: str
    calls: tuple[Call, ...]
    data: list[str] = field(default_factory=list)

    def bindings_query(self, call: Call, most: int) -> str | None:
        """Return a query for what the rest binds of the variables of a call, at most ``most`` solutions.

        None where the rest binds nothing of them.
        """
        parts = [self.data[piece] if isinstance(piece, int) else piece for piece in call.before]
        # Data of other calls may be long, and its variables are known.
        variables = [
            self.calls[piece].variables if isinstance(piece, int) else _variables(lex(piece).tokens)
            for piece in call.before
        ]
        bound = {name for names in variables for name in names}.intersection(call.variables)
        if not bound:
            return None
        names = " ".join(f"?{name}" for name in sorted(bound))
        body = " ".join(parts)
        return f"{self.prologue}SELECT DISTINCT {names} {self.dataset} WHERE {{ {body} }} LIMIT {most}"

    def request(self, call: Call, inline: str) -> str:
        """Return the query that the service gets; ``inline`` data restricts its solutions."""
        pattern = f"{{ {inline} {call.pattern} }}" if inline else call.pattern
        return f"{self.prologue}SELECT * WHERE {pattern}"

    def rewritten(self) -> str:
        """Return the query with the data in the place of its calls, each line where it was."""
        pieces, position = [], 0
        for call, data in sorted(zip(self.calls, self.data, strict=True), key=lambda pair: pair[0].start):
            lines = self.text.count("\n", call.start, call.end)
            pieces += [self.text[position : call.start], data, "\n" * lines]
            position = call.end
        return "".join([*pieces, self.text[position:]])


def inline_data(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return VALUES with rows of terms as SPARQL writes them, UNDEF for those that are not bound."""
    listed = " ".join(f"?{name}" for name in names)
    return f"VALUES ({listed}) {{ {' '.join('(' + ' '.join(row) + ')' for row in rows)} }}"


def group_of(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a group with the solutions of a service."""
    listed = " ".join(f"?{name}" for name in names)
    data = inline_data(names, rows)
    return f"{{ SELECT {listed} {{ {data} }} }}" if names else f"{{ {data} }}"


def read_calls(text: str, base: str | None, prefixes: Mapping[str, str]) -> FederatedText:
    """Return the calls of a query. ``base`` and ``prefixes`` apply where the text declares none.

    Raises :class:`MalformedQuery` where the text cannot be read in one way only, and
    :class:`QueryTooComplex` for a long text, and for too many calls.
    """
    if len(text) > LONGEST:
        raise QueryTooComplex(f"A query that calls services may have {LONGEST:,} characters.")
    try:
        unit = parse(text)
    except Unsupported:
        raise MalformedQuery(
            "The query is no SPARQL, or cannot be read in one way only, which SERVICE needs. Without SERVICE "
            "the answer says where a mistake is."
        ) from None
    declared = read_prologue(text).prefixes
    used = {token.text.partition(":")[0] for token in unit.tokens if token.kind is Kind.PNAME}
    lines = [f"BASE <{base}>\n"] if base else []
    lines += [
        f"PREFIX {name}: <{prefixes[name]}>\n" for name in sorted(used & prefixes.keys() - declared.keys())
    ]
    start = next(token.start for token in unit.tokens if _begins(token))
    calls = _Reader(text, unit, {"text": TEXT, **prefixes, **declared}).calls()
    clauses = " ".join(
        f"FROM {'NAMED ' if clause.named else ''}{clause.graph.text}" for clause in unit.query.dataset
    )
    return FederatedText(text, "".join(lines) + text[:start], clauses, calls)


def _begins(token: Token) -> bool:
    return token.kind is Kind.WORD and token.upper in ("SELECT", "CONSTRUCT", "DESCRIBE", "ASK")


def _variables(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(token.text[1:] for token in tokens if token.kind is Kind.VAR))


class _Reader:
    """A reader of the calls of a syntax tree."""

    def __init__(self, text: str, unit: tree.QueryUnit, prefixes: Mapping[str, str]) -> None:
        self._text = text
        self._tokens = unit.tokens
        self._places = {token.start: place for place, token in enumerate(unit.tokens)}
        self._prefixes = prefixes
        self._query = unit.query
        self._calls: list[Call] = []

    def calls(self) -> tuple[Call, ...]:
        """Return them in their order. Raises MalformedQuery."""
        if self._query.where is not None:
            self._group(self._query.where, ())
        # In filters and in what is projected a call is joined with nothing that is known before.
        for node in tree.nodes(self._query):
            if isinstance(node, tree.ServiceGraphPattern) and not self._is_known(node):
                self._call(node, ())
        if len(self._calls) > MOST_CALLS:
            raise QueryTooComplex(
                f"The query calls services {len(self._calls)} times, more than {MOST_CALLS}."
            )
        return tuple(self._calls)

    def _is_known(self, node: tree.ServiceGraphPattern) -> bool:
        """Return whether a call was read, or stands in one, so that its service makes it."""
        start = node.token.start
        return any(call.start <= start < call.end for call in self._calls) or self._is_search(node)

    def _is_search(self, node: tree.ServiceGraphPattern) -> bool:
        return resolve(node.name, self._prefixes) == TEXT_SEARCH

    def _group(self, group: tree.GroupGraphPattern, before: tuple[_Piece, ...]) -> None:
        """Read the calls of a group whose solutions are joined with those of ``before``."""
        ends = [_first(element).start for element in group.elements[1:]]
        ends.append(self._closing(group.token).start)
        for element, end in zip(group.elements, ends, strict=True):
            called = len(self._calls)
            match element:
                case tree.ServiceGraphPattern():
                    if not self._is_search(element):
                        self._call(element, before)
                        before = (*before, called)
                    continue
                case tree.GroupGraphPattern():
                    self._group(element, before)
                case tree.OptionalGraphPattern() if element.token.upper == "OPTIONAL":
                    self._group(element.group, before)
                case tree.UnionGraphPattern(groups):
                    for each in groups:
                        self._group(each, before)
                case tree.SubSelect(_, where):
                    self._group(where, ())
            if isinstance(element, _JOINED) and called == len(self._calls) and not _calls(element):
                before = (*before, self._written(_first(element).start, end))

    def _call(self, node: tree.ServiceGraphPattern, before: tuple[_Piece, ...]) -> None:
        iri = resolve(node.name, self._prefixes)
        if not iri.startswith("<"):
            raise MalformedQuery(f"SERVICE {node.name.text[:200]} names no service: write its IRI.")
        place = self._places[node.token.start]
        opening, closing = node.group.token, self._closing(node.group.token)
        inner = self._tokens[self._places[opening.start] : self._places[closing.start]]
        self._calls.append(
            Call(
                node.token.start,
                closing.end,
                iri[1:-1],
                self._tokens[place + 1].upper == "SILENT",
                self._text[opening.start : closing.end],
                _variables(inner),
                before,
            )
        )

    def _closing(self, opening: Token) -> Token:
        """Return the brace that closes an opening one."""
        depth = 0
        for token in self._tokens[self._places[opening.start] :]:
            if token.kind is Kind.PUNCTUATION:
                depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                return token
        raise MalformedQuery("A brace is not closed.")

    def _written(self, start: int, end: int) -> str:
        """Return what stands between two offsets, without comments, as a part that others may follow."""
        tokens = [token.text for token in self._tokens if start <= token.start < end]
        return " ".join(tokens[:-1] if tokens[-1] == "." else tokens) + " ."


def _first(element: tree.Element) -> Token:
    """Return the first token of an element of a group."""
    match element:
        case tree.UnionGraphPattern(groups):
            return groups[0].token
        case tree.SubSelect(clause):
            return clause.token
    return element.token


def _calls(element: tree.Element) -> bool:
    return any(isinstance(node, tree.ServiceGraphPattern) for node in tree.nodes(element))
