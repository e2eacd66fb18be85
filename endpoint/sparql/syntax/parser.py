"""The parser of queries: the table of the grammar, run with the steps that build a syntax tree.

Its stack is its own, and its time is linear in the text, as those of
:func:`~endpoint.sparql.syntax.grammar.recognize` are. What it does not take is not therefore wrong: the
engine has no tokenizer, and reads ``LIMIT10`` too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

from endpoint.sparql.lexer import Kind, Token, lex
from endpoint.sparql.syntax.building import STEPS, Building, UpdateFound
from endpoint.sparql.syntax.grammar import END, TOKENS, building_rules, sparql, terminal_of
from endpoint.sparql.syntax.tree import QueryUnit

# An entry of the stack is a row, a terminal or a step. A row maps the next terminal to the entries that take
# its place, the first last; None stands for what is taken when the rule may be empty.
_Row: TypeAlias = dict[str | None, tuple[Any, ...]]


class Unsupported(Exception):
    """The text is no query, or what the engine reads in it is not surely known here: it is to be asked."""


def parse(text: str) -> QueryUnit:
    """Return the syntax tree of a query, in time linear in its length.

    Raises :class:`Unsupported`.
    """
    lexed = lex(text)
    keywords = sparql().keywords
    terminals = [terminal_of(token, keywords) for token in lexed.tokens]
    building = Building()
    try:
        _run(terminals, lexed.tokens, building)
    except UpdateFound:
        raise Unsupported("the text is an update") from None
    prologue, query = building.values
    return QueryUnit(prologue, query, lexed.tokens, lexed.doubtful)


def _run(terminals: list[str], tokens: Sequence[Token], building: Building) -> None:
    stack: list[Any] = [END, _start()]
    pop, extend, push = stack.pop, stack.extend, building.values.append
    for terminal, token in zip((*terminals, END), (*tokens, _LAST), strict=True):
        while True:
            entry = pop()
            if entry.__class__ is dict:
                entries = entry.get(terminal)
                if entries is None:
                    entries = entry.get(None)
                    if entries is None:
                        raise Unsupported("the text is no query")
                extend(entries)
            elif entry.__class__ is str:
                if entry != terminal:
                    raise Unsupported("the text is no query")
                break
            else:
                entry(building)
        building.token = token
        if terminal in TOKENS:
            push(token)


_LAST: Final = Token(Kind.INVALID, "", 0)


@cache
def _start() -> _Row:
    """Return the row of the first rule; all others are reached from it."""
    rules, grammar = building_rules(), sparql()
    rows: dict[str, _Row] = {name: {} for name in rules}
    for name, bodies in rules.items():
        for body in bodies:
            for terminal in _first(body):
                rows[name].setdefault(terminal, body)
            if all(symbol[0] == "@" or symbol in grammar.nullable for symbol in body):
                rows[name].setdefault(None, body)
    entries: dict[str, Any] = {**rows, **{f"@{name}": step for name, step in STEPS.items()}}
    derived = {
        name: {terminal: _derive(body, terminal, rows) for terminal, body in row.items()}
        for name, row in rows.items()
    }
    for name, row in rows.items():
        row.update(
            (terminal, tuple(entries.get(symbol, symbol) for symbol in reversed(body)))
            for terminal, body in derived[name].items()
        )
    return rows["Unit"]


def _first(body: Sequence[str]) -> Iterator[str]:
    """Yield the terminals that may begin an alternative."""
    table, nullable = sparql().table, sparql().nullable
    for symbol in body:
        if symbol[0] != "@":
            yield from table.get(symbol, (symbol,))
            if symbol not in nullable:
                break


def _derive(body: Sequence[str], terminal: str | None, rows: dict[str, _Row]) -> Sequence[str]:
    """Return what becomes of an alternative before ``terminal``, as far as the first step or terminal."""
    while body and body[0] in rows:
        row = rows[body[0]]
        body = (*(row[terminal] if terminal in row else row[None]), *body[1:])
    return body
