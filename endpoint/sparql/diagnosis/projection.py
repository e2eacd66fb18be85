"""Mistakes of SELECT clauses: what is projected beside an aggregate, over another variable, or twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from endpoint.sparql.diagnosis.mistake import Mistake
from endpoint.sparql.diagnosis.usage import AGGREGATES, aggregate_in_filter
from endpoint.sparql.lexer import Kind, Token

_GROUPING_ENDS = frozenset({"HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"})
_STAR = "SELECT * is not authorized with GROUP BY"
_UNGROUPED = "that is unbound"
_OVERRIDDEN = "overrides an existing variable"
_TWICE = "Duplicated variable"
# Tokens that are examined: one counts for each SELECT around it.
_EXAMINED = 50_000


@dataclass(slots=True)
class _Select:
    """The projection of one SELECT: ``free`` are variables of its expressions outside aggregates."""

    keyword: Token
    star: Token | None = None
    bare: list[Token] = field(default_factory=list)
    named: list[Token] = field(default_factory=list)
    free: list[Token] = field(default_factory=list)
    body: frozenset[str] = frozenset()
    grouped: frozenset[str] = frozenset()
    aggregated: bool = False


def wrong_select(tokens: Sequence[Token], message: str) -> Mistake | None:
    """Find where the rule about SELECT that ``message`` names is broken; any such rule if it is empty."""
    if _STAR in message and (misplaced := aggregate_in_filter(tokens)):
        return misplaced
    for select in _selects(tokens):
        if _says(message, _STAR) and select.star is not None and select.aggregated:
            return Mistake(
                select.star.start,
                "SELECT * does not go with GROUP BY or an aggregate.",
                "Name the variables that are grouped, and the aggregates: (COUNT(*) AS ?count).",
            )
        if _says(message, _UNGROUPED) and select.aggregated and (mistake := _ungrouped(select)):
            return mistake
        if _says(message, _OVERRIDDEN) and (mistake := _overridden(select)):
            return mistake
        if _says(message, _TWICE) and (mistake := _twice(select)):
            return mistake
    return None


def _says(message: str, rule: str) -> bool:
    return not message or rule in message


def _ungrouped(select: _Select) -> Mistake | None:
    for token in select.bare:
        if token.text[1:] not in select.grouped:
            return Mistake(
                token.start,
                f"{token.text} is neither grouped nor aggregated.",
                f"Add GROUP BY {token.text}, or aggregate it: (SAMPLE({token.text}) AS ?name).",
            )
    named = {token.text[1:] for token in select.named}
    for token in select.free:
        if token.text[1:] not in select.grouped | named:
            return Mistake(
                token.start,
                f"{token.text} is neither grouped nor aggregated.",
                f"Add GROUP BY {token.text}, or aggregate it: SAMPLE({token.text}).",
            )
    return None


def _overridden(select: _Select) -> Mistake | None:
    for token in select.named:
        if token.text[1:] in select.body:
            return Mistake(
                token.start,
                f"{token.text} already has a value in the query, so nothing can be named {token.text}.",
                "Choose another name after AS.",
            )
    return None


def _twice(select: _Select) -> Mistake | None:
    seen: set[str] = set()
    for token in sorted((*select.bare, *select.named), key=lambda token: token.start):
        if token.text[1:] in seen:
            return Mistake(token.start, f"{token.text} is named twice in SELECT.", "Remove one of the two.")
        seen.add(token.text[1:])
    return None


def _selects(tokens: Sequence[Token]) -> Iterator[_Select]:
    left = _EXAMINED
    for index, token in enumerate(tokens):
        if token.kind is Kind.WORD and token.upper == "SELECT" and left > 0:
            select = _Select(token)
            opening = _read_projection(tokens, index + 1, select)
            closing = _read_body(tokens, opening, select)
            _read_grouping(tokens, closing, select)
            left -= closing - index
            yield select


def _read_projection(tokens: Sequence[Token], index: int, select: _Select) -> int:
    aggregates: list[bool] = []
    while index < len(tokens) and tokens[index].text != "{":
        token = tokens[index]
        if token.text == "(":
            aggregate = tokens[index - 1].upper in AGGREGATES
            select.aggregated = select.aggregated or aggregate
            aggregates.append(aggregate or (bool(aggregates) and aggregates[-1]))
        elif token.text == ")" and aggregates:
            aggregates.pop()
        elif token.text == "*" and not aggregates:
            select.star = token
        elif token.kind is Kind.VAR:
            if not aggregates:
                select.bare.append(token)
            elif tokens[index - 1].upper == "AS":
                select.named.append(token)
            elif not aggregates[-1]:
                select.free.append(token)
        index += 1
    return index


def _read_body(tokens: Sequence[Token], opening: int, select: _Select) -> int:
    depth = 0
    names: set[str] = set()
    for index in range(opening, len(tokens)):
        token = tokens[index]
        depth += (token.text == "{") - (token.text == "}")
        if token.kind is Kind.VAR:
            names.add(token.text[1:])
        if depth == 0:
            break
    else:
        index = len(tokens)
    select.body = frozenset(names)
    return index


def _read_grouping(tokens: Sequence[Token], closing: int, select: _Select) -> None:
    names: set[str] = set()
    if closing + 1 < len(tokens) and tokens[closing + 1].upper == "GROUP":
        select.aggregated = True
        depth = 0
        for index in range(closing + 2, len(tokens)):
            token = tokens[index]
            depth += (token.text == "(") - (token.text == ")")
            if token.text == "}" or token.upper in _GROUPING_ENDS:
                break
            if token.kind is Kind.VAR and (depth == 0 or tokens[index - 1].upper == "AS"):
                names.add(token.text[1:])
    select.grouped = frozenset(names)
