"""Explanations of texts that are not SPARQL, in words for the person who wrote them.

The engine's own message names a place that is often wrong and a list of characters. Its text is
read here only for what cannot be learnt otherwise: the broken rule about variables, and how far it came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from endpoint.errors import MalformedQuery
from endpoint.sparql.diagnosis.mistake import Mistake, excerpt, quoted, visible
from endpoint.sparql.diagnosis.projection import wrong_select
from endpoint.sparql.diagnosis.syntax import missing_brackets_of_iri, syntax_mistake
from endpoint.sparql.diagnosis.usage import (
    aggregate_in_filter,
    blank_node_of_two_groups,
    bound_twice,
    data_with_variables,
    name_with_dots,
    row_of_values,
    unknown_prefix,
    wrong_iri,
)
from endpoint.sparql.lexer import Kind, Token, lex, position_of
from endpoint.sparql.syntax.grammar import recognize

__all__ = ["explain", "malformed"]

# A longer text is not examined, which would take a second. The engine's place is given.
_EXAMINED = 30_000
# Characters of the engine's message that are read.
_MESSAGE = 5_000
_SENTENCE = 400
_PLACE = re.compile(r"error at ([0-9]{1,9}):([0-9]{1,9})")
_KEYWORD = re.compile(r"(?<![\w\"'])[A-Z][A-Z_0-9]++(?![\w\"'])")
_PROSE = re.compile(
    r"(?:expected (?:one of )?|, )((?:[A-Z][a-z]+|the) [a-zA-Z][\w '.-]{10,}?)(?=, [\"\[A-Z]|$)"
)
_UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"})

_PROLOGUE = frozenset({"BASE", "PREFIX", "VERSION"})
# The engine compares as many characters as its longest keyword in this place has.
_LOOK_AHEAD = len("CONSTRUCT")


def explain(text: str, message: str, prefixes: Mapping[str, str] | None = None) -> MalformedQuery:
    """Return the error for ``text``, which the engine refused with ``message`` (empty without an engine).

    ``prefixes`` are those that the engine knows without a declaration, or that are worth proposing for
    one. Never raises.
    """
    message = message[:_MESSAGE]
    place = _place(text, message)
    if len(text) > _EXAMINED:
        mistake = _engine(text, (), message, place)
    else:
        mistake = _examine(text, message, place, prefixes or {})
    return malformed(text, *mistake)


def malformed(text: str, offset: int, sentence: str, hint: str = "") -> MalformedQuery:
    """Return the error for one place of ``text``: position, sentence, the line with a caret, and a hint."""
    line, column = position_of(text, offset)
    sentence, hint = visible(sentence[:_SENTENCE]), visible(hint[:_SENTENCE])
    shown = f"\n\n{excerpt(text, offset)}" if text.strip() else ""
    end = f"\n{hint}" if hint else ""
    return MalformedQuery(f"Line {line}, column {column}: {sentence}{shown}{end}", line, column)


def _examine(text: str, message: str, place: int | None, prefixes: Mapping[str, str]) -> Mistake:
    rejection = recognize(text)
    if rejection is not None:
        # The engine looks ahead, so it names a place at or after the true one, never before it.
        if place is None or place >= rejection.offset or missing_brackets_of_iri(rejection):
            return syntax_mistake(rejection)
        accepted = rejection.tokens[: rejection.at]
        return _wrong_use(accepted, message, place, prefixes) or syntax_mistake(rejection)
    tokens = lex(text).tokens
    if (mistake := _other_request(tokens, place)) is not None:
        return mistake
    return _wrong_use(tokens, message, place, prefixes) or _engine(text, tokens, message, place)


def _wrong_use(
    tokens: Sequence[Token], message: str, place: int | None, prefixes: Mapping[str, str]
) -> Mistake | None:
    return (
        (wrong_select(tokens, message) if message else None)
        or unknown_prefix(tokens, message, place, prefixes)
        or wrong_iri(tokens, message)
        or row_of_values(tokens)
        or bound_twice(tokens)
        or blank_node_of_two_groups(tokens)
        or data_with_variables(tokens)
        or aggregate_in_filter(tokens)
        or name_with_dots(tokens)
        or wrong_select(tokens, "")
    )


def _other_request(tokens: Sequence[Token], place: int | None) -> Mistake | None:
    """Find a right update that was sent as a query, or a right query that was sent as an update."""
    first = next(
        (token for token in tokens if token.kind is Kind.WORD and token.upper not in _PROLOGUE), None
    )
    if first is None or place is None or place > first.start + _LOOK_AHEAD:
        return None
    if first.upper in _UPDATES:
        return Mistake(
            first.start, f"{first.upper} is an update, and this is a query.", "Send it as an update request."
        )
    return Mistake(
        first.start, f"{first.upper} is a query, and this is an update.", "Send it as a query request."
    )


def _engine(text: str, tokens: Sequence[Token], message: str, place: int | None) -> Mistake:
    """Make the message of the engine readable, at the place from which it looked ahead."""
    if place is None:
        return Mistake(0, "The query is not valid SPARQL.")
    prose = _PROSE.search(message)
    if prose is not None:
        return Mistake(min(place, len(text)), f"{prose[1].rstrip('.')}.")
    keywords = _KEYWORD.findall(message)
    offset = max(0, place - max(map(len, keywords), default=0))
    token = next((token for token in tokens if token.start >= offset), None)
    if token is None:
        return Mistake(min(offset, len(text)), "The query is not valid SPARQL here.")
    return Mistake(token.start, f"The query is not valid SPARQL at or soon after {quoted(token.text)}.")


def _place(text: str, message: str) -> int | None:
    """Return the offset of the engine's line and column: lines end with LF only, columns count characters."""
    match = _PLACE.search(message)
    if match is None:
        return None
    offset = 0
    for _ in range(min(int(match[1]), len(text) + 1) - 1):
        end = text.find("\n", offset)
        if end < 0:
            break
        offset = end + 1
    return min(offset + int(match[2]) - 1, len(text))
