"""The blocks ``SERVICE text:search { … }`` of a query, found without parsing the query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from endpoint.errors import QueryTooComplex
from endpoint.search.service.body import EXAMPLE, Body, Names, Search
from endpoint.sparql.diagnosis import explain, malformed
from endpoint.sparql.diagnosis.grammar import recognize
from endpoint.sparql.lexer import Kind, Token, lex
from endpoint.sparql.operation import TEXT_SEARCH

# Searches that one query may make.
MOST_SEARCHES: Final = 20


@dataclass(frozen=True, slots=True)
class Block:
    """One block: the offset of ``SERVICE``, the offset after the closing brace, and its searches."""

    start: int
    end: int
    searches: tuple[Search, ...]


def read_blocks(text: str, base: str | None, prefixes: Mapping[str, str]) -> list[Block]:
    """The blocks of ``text`` in their order.

    ``base`` and ``prefixes`` hold where the text declares none. Raises
    :class:`~endpoint.errors.MalformedQuery` with the place of the first mistake in a block, and
    :class:`~endpoint.errors.QueryTooComplex` for more than :data:`MOST_SEARCHES` searches.
    """
    lexed = lex(text)
    names = Names(text, base, prefixes)
    blocks: list[Block] = []
    searches = index = 0
    while index < len(lexed.tokens):
        opening = _opening(lexed.tokens, index, names)
        if opening is None:
            index += 1
            continue
        start = lexed.tokens[index].start
        if lexed.doubtful:
            _refuse_doubt(text, start)
        body = Body(text, lexed.tokens, opening, names)
        blocks.append(Block(start, *body.read()))
        index = body.index
        searches += len(blocks[-1].searches)
        if searches > MOST_SEARCHES:
            raise QueryTooComplex(
                f"The query makes more than {MOST_SEARCHES} text searches. Put alternatives into one "
                'search: text:query "one OR other".'
            )
    return blocks


def refuse_unread(text: str, blocks: list[Block]) -> NoReturn:
    """Refuse a text that holds, besides ``blocks``, a SERVICE in some reading of its characters."""
    found = [
        token
        for token in lex(text).tokens
        if token.kind in (Kind.WORD, Kind.PNAME)
        and "SERVICE" in token.upper
        and not any(block.start <= token.start < block.end for block in blocks)
    ]
    if not found:
        _refuse_doubt(text, 0)
    # The word alone, or at the beginning of a name, is more likely to be meant than inside a name.
    token = min(found, key=lambda token: "SERVICE" not in token.upper.partition(":")[0])
    raise malformed(
        text,
        token.start,
        "This SERVICE cannot be told from the words around it.",
        f"Write {EXAMPLE}, with blanks between the words.",
    )


def _refuse_doubt(text: str, offset: int) -> NoReturn:
    if recognize(lex(text).tokens) is not None:
        raise explain(text, "")
    raise malformed(
        text,
        offset,
        "A query with SERVICE text:search has to be readable in one way only, and this one is not.",
        "Close every string, and put blanks around the signs < and > of comparisons.",
    )


def _opening(tokens: list[Token], index: int, names: Names) -> int | None:
    """The index of the opening brace where a block begins at ``index``."""
    if tokens[index].kind is not Kind.WORD or tokens[index].upper != "SERVICE":
        return None
    target = index + 1
    if target < len(tokens) and tokens[target].upper == "SILENT":
        target += 1
    if target + 1 >= len(tokens) or tokens[target + 1].text != "{":
        return None
    return target + 1 if names.absolute(tokens[target]) == TEXT_SEARCH else None
