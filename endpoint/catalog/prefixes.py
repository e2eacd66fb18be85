"""Prefixes that a saved query need not declare: those of common vocabularies, as prefix.cc lists them.

SPARQL itself knows no default (SPARQL 1.1 Query Language, section 4.1), so what a query uses without
declaring it is written before it, and the text means the same to every tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from endpoint.errors import DataError
from endpoint.sparql.lexer import Kind, Token, lex, position_of
from endpoint.sparql.operation import read_prologue
from endpoint.wording import did_you_mean


def undeclared(text: str) -> dict[str, Token]:
    """The prefixes that a text uses without declaring them, each with the name where it first stands."""
    declared = read_prologue(text).prefixes
    return {
        prefix: token
        for token in reversed(list(_names(text)))
        if (prefix := token.text.partition(":")[0]) not in declared
    }


def declarations(text: str, known: Mapping[str, str]) -> str:
    """The PREFIX lines that ``text`` lacks, to be written before it.

    Raises :class:`DataError`, with line and column and without a file, for a prefix that is not ``known``.
    """
    used = undeclared(text)
    for prefix, token in sorted(used.items(), key=lambda row: row[1].start):
        if prefix not in known:
            near = did_you_mean(prefix, [*known, *read_prologue(text).prefixes])
            place = position_of(text, token.start)
            raise DataError(f"The prefix {prefix}: is not declared{near}", None, *place)
    return "".join(f"PREFIX {prefix}: <{known[prefix]}>\n" for prefix in sorted(used))


def _names(text: str) -> Iterator[Token]:
    before = ""
    for token in lex(text).tokens:
        if token.kind is Kind.PNAME and before != "PREFIX":
            yield token
        before = token.upper
