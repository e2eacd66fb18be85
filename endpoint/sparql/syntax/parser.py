"""The parser of queries: the table of the grammar, run with the steps that build a syntax tree.

Its stack is its own, and its time is linear in the text, as those of
:func:`~endpoint.sparql.syntax.grammar.recognize` are. What it does not take is not therefore wrong: the
engine has no tokenizer, and reads ``LIMIT10`` too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any, Final, TypeAlias

from endpoint.sparql.lexer import Kind, Token, lex
from endpoint.sparql.syntax.building import STEPS, Building, NotBuilt
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
    tokens = lex(text).tokens
    keywords = sparql().keywords
    terminals = [terminal_of(token, keywords) for token in tokens]
    building = Building()
    try:
        _run(terminals, tokens, building)
    except NotBuilt as error:
        raise Unsupported(str(error)) from None
    prologue, query = building.values
    return QueryUnit(prologue, query, tokens)


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
    return _Table().row(("Unit",))


class _Table:
    """The rows that are being made.

    Rules that may be empty often stand side by side: after each operand those of five levels of operators. A
    run of them is one row, so that most tokens pass all of it at once.
    """

    def __init__(self) -> None:
        rules, nullable = building_rules(), sparql().nullable
        self._rules: dict[str, dict[str | None, Sequence[str]]] = {name: {} for name in rules}
        for name, bodies in rules.items():
            for body in bodies:
                for terminal in _first(body):
                    self._rules[name].setdefault(terminal, body)
                if all(symbol[0] == "@" or symbol in nullable for symbol in body):
                    self._rules[name].setdefault(None, body)
        self._empty = {name for name in nullable if not self._derive(self._rules[name][None], None)}
        self._rows: dict[tuple[str, ...], _Row] = {}

    def row(self, names: tuple[str, ...]) -> _Row:
        """Return the row of a rule, or of several that may be empty, side by side."""
        row = self._rows.get(names)
        if row is None:
            row = self._rows[names] = {} if len(names) == 1 else {None: ()}
            for at, name in enumerate(names, 1):
                for terminal, body in self._rules[name].items():
                    if terminal not in row:
                        row[terminal] = self._entries((*self._derive(body, terminal), *names[at:]))
        return row

    def _derive(self, body: Sequence[str], terminal: str | None) -> Sequence[str]:
        """Return what becomes of an alternative before ``terminal``, as far as the first step or terminal."""
        while body and body[0] in self._rules:
            rule = self._rules[body[0]]
            body = (*(rule[terminal] if terminal in rule else rule[None]), *body[1:])
        return body

    def _entries(self, body: Sequence[str]) -> tuple[Any, ...]:
        entries: list[Any] = []
        for together, symbols in groupby(body, self._empty.__contains__):
            if together:
                entries.append(self.row(tuple(symbols)))
            else:
                entries += map(self._entry, symbols)
        return tuple(reversed(entries))

    def _entry(self, symbol: str) -> Any:
        if symbol in self._rules:
            return self.row((symbol,))
        return STEPS[symbol[1:]] if symbol[0] == "@" else symbol


def _first(body: Sequence[str]) -> Iterator[str]:
    """Yield the terminals that may begin an alternative."""
    table, nullable = sparql().table, sparql().nullable
    for symbol in body:
        if symbol[0] != "@":
            yield from table.get(symbol, (symbol,))
            if symbol not in nullable:
                break
