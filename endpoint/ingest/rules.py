"""Rule files: CONSTRUCT queries of SPARQL 1.1 whose focus node is the variable ``?this``.

A file is named by its stage and its subject, ``10-series.rq``. A rule depends on the data alone: it may not
call a service, have a dataset clause, limit its solutions, make new nodes, or call a function whose value
changes from call to call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Store

from endpoint.errors import DataError, DataErrors, MalformedQuery, QueryTooComplex
from endpoint.formats import QueryForm
from endpoint.sparql.diagnosis import explain
from endpoint.sparql.lexer import Kind, Token, lex, position_of
from endpoint.sparql.operation import Operation, classify

FOCUS = "this"

_NAME = re.compile(r"([0-9]{1,4})-[\w-]+\.rq")
_MAX_NESTING = 50
_CUTS = ("LIMIT", "OFFSET")
# The tokens that make a new node in a template: [ … ], ( … ) and _:name.
_NEW_NODES = ("[", "(")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``text`` is the query, ``groups`` the offsets at which its groups about ``?this`` begin."""

    path: Path
    stage: int
    text: str
    groups: tuple[int, ...]

    def about(self, subjects: Collection[NamedNode]) -> str:
        """Return the query restricted to these focus nodes."""
        values = values_block(FOCUS, subjects)
        pieces: list[str] = []
        position = 0
        for offset in self.groups:
            pieces += [self.text[position:offset], " ", values, " "]
            position = offset
        return "".join([*pieces, self.text[position:]])


def values_block(variable: str, subjects: Collection[NamedNode]) -> str:
    """Return a VALUES block (SPARQL 1.1 Query Language, section 10.2) for ``variable``, without its ``?``."""
    return f"VALUES ?{variable} {{ {' '.join(map(str, subjects))} }}"


def read_rules(paths: Iterable[Path]) -> tuple[Rule, ...]:
    """Read and check rule files; return the rules in the order in which they are applied.

    :raises DataErrors: all mistakes, one error for each file, with line and column where known.
    """
    rules: list[Rule] = []
    errors: list[DataError] = []
    for path in paths:
        try:
            rules.append(_read_rule(path))
        except DataError as error:
            errors.append(DataError(error.detail, path, error.line, error.column))
    if errors:
        raise DataErrors(errors)
    return tuple(sorted(rules, key=lambda rule: (rule.stage, rule.path.name)))


def _read_rule(path: Path) -> Rule:
    name = _NAME.fullmatch(path.name)
    if name is None:
        raise DataError(
            "The name of a rule begins with the number of its stage, as in 10-titles.rq. Rename it."
        )
    text = _read_text(path)
    _check_query(text)
    tokens = lex(text).tokens
    template, pattern = _parts(text, tokens)
    _check_template(text, template)
    rule = Rule(path, int(name[1]), text, tuple(_groups(pattern)))
    if not rule.groups:
        raise DataError("No pattern of the rule holds ?this, the node that it derives statements about.")
    try:
        Store().query(rule.about([NamedNode("urn:x")]))
    except SyntaxError:
        raise DataError(
            "?this gets its value by AS or VALUES; a rule must find it in the data, by a triple pattern."
        ) from None
    return rule


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError("The file is not UTF-8; save it in that encoding.", None, line) from None


def _check_query(text: str) -> None:
    try:
        operation = classify(text, _MAX_NESTING)
        Store().query(text)
    except QueryTooComplex as error:
        raise DataError(error.detail) from None
    except MalformedQuery as error:
        raise DataError(error.detail, None, error.line, error.column) from None
    except SyntaxError as error:
        explained = explain(text, str(error))
        raise DataError(explained.detail, None, explained.line, explained.column) from None
    _check_form(operation)


def _check_form(operation: Operation) -> None:
    if operation.form is not QueryForm.CONSTRUCT:
        raise DataError("The file holds no CONSTRUCT query; a rule is one.")
    if operation.services:
        raise DataError(f"The rule calls SERVICE {operation.services[0]}; a rule reads this dataset alone.")
    if operation.dataset_clause:
        raise DataError("The rule has FROM; it reads all graphs, and names one with GRAPH.")
    if operation.volatile:
        raise DataError("The rule calls NOW, RAND, UUID, STRUUID or BNODE; it must always derive the same.")


def _parts(text: str, tokens: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return the tokens of the template, between its braces, and those from the brace of WHERE on."""
    for token in tokens:
        if token.kind is Kind.WORD and token.upper in _CUTS:
            raise _error(text, token, f"{token.upper} cuts the solutions off; a rule takes them all.")
    opening = next(index for index, token in enumerate(tokens) if token.text == "{")
    if tokens[opening - 1].upper != "CONSTRUCT":
        raise _error(
            text, tokens[opening - 1], "CONSTRUCT WHERE repeats what is there; write what the rule derives."
        )
    closing = next(index for index, token in enumerate(tokens) if token.text == "}")
    return tokens[opening + 1 : closing], tokens[closing + 1 :]


def _check_template(text: str, template: Sequence[Token]) -> None:
    at_subject = True
    for token in template:
        if token.kind is Kind.BLANK or token.text in _NEW_NODES:
            raise _error(text, token, "A rule makes no blank nodes; derive statements about named ones.")
        if at_subject and not _is_focus(token):
            raise _error(
                text, token, f"The subject {token.text} is not ?this, the node that the rule is about."
            )
        at_subject = token.text == "."


def _groups(pattern: Sequence[Token]) -> Iterator[int]:
    """Yield the offsets at which groups with ?this of their own begin, unless the group is a subquery."""
    offsets: set[int] = set()
    opened: list[int | None] = []
    for token, following in zip(pattern, [*pattern[1:], None], strict=True):
        if token.text == "{":
            subquery = following is not None and following.upper == "SELECT"
            opened.append(None if subquery else token.end)
        elif token.text == "}":
            opened.pop()
        elif _is_focus(token) and opened and opened[-1] is not None:
            offsets.add(opened[-1])
    yield from sorted(offsets)


def _is_focus(token: Token) -> bool:
    return token.kind is Kind.VAR and token.text[1:] == FOCUS


def _error(text: str, token: Token, sentence: str) -> DataError:
    return DataError(sentence, None, *position_of(text, token.start))
