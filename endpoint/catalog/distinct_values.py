"""Queries for the distinct values that a parameter can have: the instances of its class, or what its own
query matches when the parameter is a variable.

The second is exact, or it is refused: it lists all values that match the pattern of the query, with its other
parameters at their defaults or absent, and no others. LIMIT, OFFSET and HAVING of the query are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from endpoint.catalog import SavedQuery
from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.parameters import Parameter, term
from endpoint.formats import QueryForm
from endpoint.sparql.lexer import Kind, Token, lex
from endpoint.sparql.parameters import Value, bind
from endpoint.vocabulary import RDFS_LABEL, SKOS_PREF_LABEL, XSD
from endpoint.wording import did_you_mean

_LABELS = f"<{RDFS_LABEL}>|<{SKOS_PREF_LABEL}>"
# Before a brace or a parenthesis, these keywords determine its kind.
_OPENERS = {"FILTER": "filter", "EXISTS": "exists", "MINUS": "minus", "SERVICE": "service"}


class Unlisted(ValueError):
    """The values of a parameter cannot be listed; the message has the reason."""


class _Where(NamedTuple):
    """Offsets: where a query's form begins, of its dataset clause, of its WHERE with the braces."""

    form: int
    dataset: tuple[int, int]
    group: tuple[int, int]


def instances(parameter: Parameter, most: int) -> str:
    """Return the query for ``most`` instances of the parameter's class at most, ?value with ?label."""
    pattern = f"{{ ?value a <{parameter.class_iri}> FILTER(isIRI(?value)) }}"
    return _listing("", "", pattern, "value", most, labelled=True)


def own_values(query: SavedQuery, parameter: Parameter, most: int) -> str:
    """Return the query for at most ``most`` values of the parameter that match the pattern of ``query``.

    Its columns are ?_parameter and, for IRIs, ?label. Raises :class:`Unlisted`.
    """
    others: dict[str, Value] = {row.variable: () for row in query.parameters}
    for row in query.parameters:
        if row is not parameter and row.default is not None:
            value = term(row, row.default)
            others[row.variable] = (value,) if row.multiple else value
    text = bind(query.text, others)
    tokens = lex(text).tokens
    where = _where(tokens, query.form)
    for row in query.parameters:
        if row is not parameter and row.required and row.default is None:
            _check_free(tokens, where, row)
    _check_matched(tokens, where, parameter)
    start, end = where.group
    variable = parameter.variable
    pattern = f"{text[start : end - 1]} FILTER({_fits(parameter)}) }}"
    dataset = text[slice(*where.dataset)]
    return _listing(text[: where.form], dataset, pattern, variable, most, parameter.type == "iri")


def unlisted(queries: Mapping[str, SavedQuery], query: SavedQuery, parameter: Parameter) -> str | None:
    """Return why the values of a parameter with a declared list cannot be listed, or None."""
    if parameter.values is not None:
        return _unfit(queries, parameter.values.query)
    if not parameter.from_data:
        return None
    try:
        own_values(query, parameter, 1)
    except Unlisted as error:
        return f"{error} Name a saved query that lists them, with values:."
    return None


def _unfit(queries: Mapping[str, SavedQuery], name: str) -> str | None:
    """Return why the query ``name`` cannot list the values of a parameter; None where it can."""
    source = queries.get(name)
    if source is None:
        return f'there is no saved query "{name}"{did_you_mean(name, list(queries))}'
    if source.form is not QueryForm.SELECT:
        return f'the saved query "{name}" is {source.form}, and has no rows.'
    needed = [row.name for row in source.parameters if row.required and row.default is None]
    if needed:
        return f'the saved query "{name}" needs a value for {", ".join(needed)}.'
    return None


def _listing(prologue: str, dataset: str, pattern: str, name: str, most: int, labelled: bool) -> str:
    # The braces of a comment's line must not hide ours, so each part ends its line.
    inner = f"SELECT DISTINCT ?{name} WHERE {pattern}\nORDER BY ?{name} LIMIT {most}"
    if not labelled:
        return f"{prologue}SELECT ?{name} {dataset}\nWHERE {{ {{ {inner} }} }} ORDER BY ?{name}"
    label = "label" if name != "label" else "name"
    return (
        f"{prologue}SELECT ?{name} ?{label} {dataset}\nWHERE {{ {{ {inner} }}\n"
        f"OPTIONAL {{ ?{name} {_LABELS} ?{label} }} }} ORDER BY ?{name} ?{label}"
    )


def _fits(parameter: Parameter) -> str:
    """Return the condition that a term is a value of the parameter."""
    variable, kind = f"?{parameter.variable}", parameter.type
    if kind == "search":
        raise Unlisted("it takes words to search for, which are no values of the data.")
    if kind == "iri":
        return f"isIRI({variable})"
    if kind == "number":
        return f"isNumeric({variable})"
    if kind == "langString":
        return f"LCASE(LANG({variable})) = {Literal((parameter.language or '').lower())}"
    datatype = None if kind == "string" else NamedNode(parameter.datatype or XSD + kind)
    # The engine says how it keeps the type: nonNegativeInteger becomes integer.
    return f"DATATYPE({variable}) = DATATYPE({Literal(TYPES[kind].sample, datatype=datatype)})"


@dataclass(slots=True)
class _Bracket:
    """An open bracket: ``kind`` is group, nodes, filter, select, exists, …"""

    kind: str
    number: int


def _where(tokens: Sequence[Token], form: QueryForm) -> _Where:
    words: dict[str, int] = {}
    groups: list[tuple[int, int]] = []
    opened: list[Token] = []
    for token in tokens:
        if token.text in ("(", "{", "["):
            opened.append(token)
        elif token.text in (")", "}", "]"):
            first = opened.pop()
            if not opened and first.text == "{":
                groups.append((first.start, token.end))
        elif not opened and token.kind is Kind.WORD:
            words.setdefault(token.upper, token.start)
    if "VALUES" in words:
        raise Unlisted("its query ends with VALUES.")
    # The template of CONSTRUCT stands before WHERE, unless WHERE is the template too.
    template = form is QueryForm.CONSTRUCT and len(groups) > 1
    if form not in words or len(groups) <= template:
        raise Unlisted("its query has no WHERE.")
    group = groups[template]
    dataset = (words["FROM"], min(group[0], words.get("WHERE", group[0]))) if "FROM" in words else (0, 0)
    return _Where(words[form], dataset, group)


def _places(tokens: Sequence[Token], where: _Where, variable: str) -> list[tuple[str, int]]:
    """Return the kind and the number of the bracket around each token of the variable within WHERE.

    The kind is "group" where all brackets around it are plain groups of the query; "filter" where the
    innermost is a condition of such a group, whose number is given then; else what it stands in.
    """
    places = []
    stack: list[_Bracket] = []
    count = 0
    for number, token in enumerate(tokens):
        if not where.group[0] <= token.start < where.group[1]:
            continue
        if token.text in ("{", "(", "["):
            count += 1
            stack.append(_Bracket(_kind(tokens, number, stack), count))
        elif token.text in ("}", ")", "]"):
            stack.pop()
        elif token.upper == "SELECT" and stack:
            stack[-1].kind = "select"
        elif token.kind is Kind.VAR and token.text[1:] == variable:
            places.append(_place(stack))
    return places


def _kind(tokens: Sequence[Token], number: int, stack: Sequence[_Bracket]) -> str:
    before = tokens[number - 1]
    if tokens[number].text == "[":
        return "nodes"
    if stack and stack[-1].kind in ("filter", "exists", "select"):
        return "filter" if tokens[number].text == "(" else "exists"
    if tokens[number].text == "(":
        named = tokens[number - 2] if before.upper != "FILTER" and number > 1 else before
        return "filter" if named.upper == "FILTER" else "bracket"
    if _heads_values(tokens, number):
        return "data"
    if tokens[number - 2].upper in ("SERVICE", "SILENT"):
        return "service"
    return _OPENERS.get(before.upper, "group")


def _heads_values(tokens: Sequence[Token], number: int) -> bool:
    """Return whether the brace opens the data of a VALUES block."""
    at = number - 1
    while at > 0 and (tokens[at].kind is Kind.VAR or tokens[at].text in ("(", ")")):
        at -= 1
    return tokens[at].upper == "VALUES"


def _place(stack: Sequence[_Bracket]) -> tuple[str, int]:
    groups = [row for row in stack if row.kind != "nodes"]
    for at, row in enumerate(groups):
        if row.kind == "filter" and all(inner.kind == "filter" for inner in groups[at:]):
            return "filter", groups[at - 1].number
        if row.kind != "group":
            return row.kind, row.number
    return "group", groups[-1].number


def _check_free(tokens: Sequence[Token], where: _Where, parameter: Parameter) -> None:
    """Raise Unlisted where the query means something else while this parameter is a variable."""
    if any(kind != "group" for kind, _ in _places(tokens, where, parameter.variable)):
        raise Unlisted(f'its query needs a value for "{parameter.name}" besides.')


def _check_matched(tokens: Sequence[Token], where: _Where, parameter: Parameter) -> None:
    """Raise Unlisted where the pattern does not match the values of the parameter, or not all of them."""
    places = _places(tokens, where, parameter.variable)
    matched = {number for kind, number in places if kind == "group"}
    for kind, number in places:
        if kind != "group" and not (kind == "filter" and number in matched):
            raise Unlisted("its query does more with it than match it.")
    if not matched:
        raise Unlisted("no pattern of its query holds it.")
