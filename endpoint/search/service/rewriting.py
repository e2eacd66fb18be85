"""``SERVICE text:search { … }`` answered without a network, before an engine sees the query.

A block has the meaning of SERVICE (SPARQL 1.1 Federated Query, section 2): the solutions that the
service returns, joined with the rest. Here they are written into the query as inline data (SPARQL 1.1
Query Language, section 10.2), so that the engine joins them like any other data, by its indexes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NoReturn, Protocol

from pyoxigraph import Literal, NamedNode

from endpoint.errors import MalformedQuery, QueryTooComplex
from endpoint.search import Hit
from endpoint.search.service.body import EXAMPLE, Body, Names, Search
from endpoint.sparql.diagnosis import explain, malformed
from endpoint.sparql.lexer import Kind, Token, lex
from endpoint.sparql.operation import TEXT_SEARCH, classify
from endpoint.sparql.syntax.grammar import recognize
from endpoint.vocabulary import RDF

# Searches that one query may make.
MOST_SEARCHES: Final = 20
# Memory (bytes) that the engine and this module use for one character of inline data.
PER_CHARACTER: Final = 32
# The engine's planner takes a class for 10,000 subjects and looks up a longer list of hits for each of
# them, however many there are. A list longer than this is joined with a constant, which makes the
# planner take it for a thousandth of its length, and so begin with it.
LONG: Final = 1000

_HTML: Final = NamedNode(f"{RDF}HTML")
_PLACE: Final = re.compile(r"error at ([0-9]{1,9}):([0-9]{1,9})")
# Around each group: it changes no solution, and the engine refuses it where it refuses SERVICE, but not a
# group, such as after UNION or OPTIONAL.
_UNIT: Final = "VALUES () { () }"


@dataclass(frozen=True, slots=True)
class Block:
    """A block: the offset of ``SERVICE``, the offset after the closing brace, and its searches."""

    start: int
    end: int
    searches: tuple[Search, ...]


class Index(Protocol):
    """The part of :class:`endpoint.search.index.TextIndex` that answers these searches."""

    @property
    def fields(self) -> tuple[str, ...]: ...

    def matches(
        self,
        query: str,
        field: str | None = None,
        limit: int | None = None,
        snippets: bool = False,
        only: str | None = None,
    ) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query with other text in the place of its blocks."""

    text: str
    original: str
    blocks: tuple[Block, ...]
    groups: tuple[str, ...]

    def located(self, message: str) -> str:
        """Return the engine's ``message`` about :attr:`text` with its place in the original instead."""
        return _PLACE.sub(lambda place: self._moved(int(place[1]), int(place[2])), message, count=1)

    def _moved(self, line: int, column: int) -> str:
        start = 0
        for _ in range(line - 1):
            start = self.text.find("\n", start) + 1
        offset = start + column - 1
        for block, group in zip(self.blocks, self.groups, strict=True):
            if offset < block.start:
                break
            offset = max(block.start, offset - len(group) + block.end - block.start)
            if offset < block.end:
                offset = block.start
                break
        before = self.original[:offset]
        return f"error at {before.count(chr(10)) + 1}:{offset - before.rfind(chr(10))}"


@dataclass(frozen=True, slots=True)
class FederatedQuery:
    """A query that calls the text search: :attr:`outline` is the query as if no search had a hit."""

    outline: Rewritten
    blocks: tuple[Block, ...]

    def answered(self, index: Index, memory: int) -> Rewritten:
        """Return the query with the hits in ``index`` in the place of its blocks.

        Raises :class:`MalformedQuery` for a field that the index does not have, and
        :class:`QueryTooComplex` where the hits would take more than ``memory`` bytes.
        """
        left = memory // PER_CHARACTER
        groups = []
        for block in self.blocks:
            data = []
            for search in block.searches:
                _check_field(search, index, self.outline.original)
                data.append(_data(search, _rows(search, index, left)))
                left -= len(data[-1])
            groups.append(_group(data))
        return _replaced(self.outline.original, self.blocks, groups)


def read_federated(text: str, base: str | None, prefixes: Mapping[str, str]) -> FederatedQuery | None:
    """Read the text searches of a query; None where it makes none.

    ``base`` and ``prefixes`` apply where the query declares none. Raises
    :class:`~endpoint.errors.MalformedQuery` and :class:`~endpoint.errors.QueryTooComplex`. The query that
    is returned has no SERVICE in any reading of its characters.
    """
    if "service" not in text.lower():
        return None
    blocks = read_blocks(text, base, prefixes)
    groups = [_group([_data(search, []) for search in block.searches]) for block in blocks]
    outline = _replaced(text, blocks, groups)
    if classify(outline.text, sys.maxsize).services:
        refuse_unread(text, blocks)
    return FederatedQuery(outline, tuple(blocks)) if blocks else None


def without_index(query: FederatedQuery) -> MalformedQuery:
    """Return the error for a dataset without a text index."""
    return malformed(
        query.outline.original,
        query.blocks[0].start,
        "This endpoint has no text index, so it cannot answer SERVICE text:search.",
        'Look for words with FILTER(CONTAINS(LCASE(STR(?title)), "word")) instead.',
    )


def _check_field(search: Search, index: Index, text: str) -> None:
    if search.field is None or search.field in index.fields:
        return
    near = get_close_matches(search.field, index.fields, 1)
    raise malformed(
        text,
        search.field_at,
        f'The text index has no field "{search.field}".',
        f'Did you mean "{near[0]}"?' if near else f"Its fields are {', '.join(index.fields)}.",
    )


def _rows(search: Search, index: Index, most: int) -> list[str]:
    """Return a row of inline data for each hit, of at most ``most`` characters altogether."""
    hits = index.matches(search.query, search.field, search.limit, search.snippet is not None, search.iri)
    rows = []
    for hit in hits:
        try:
            subject = str(NamedNode(hit.iri))
        except ValueError:  # it was loaded leniently: SPARQL cannot express it, so no query can match it
            continue
        row = _row(search, hit, subject)
        most -= len(row) + 1
        if most < 0:
            raise QueryTooComplex(
                f'The text search "{search.query[:80]}" has {len(hits):,} hits, more than the memory of '
                "one query can hold. Search for more words, add text:limit, or leave out text:snippet."
            )
        rows.append(row)
    return rows


def _row(search: Search, hit: Hit, subject: str) -> str:
    terms = [] if search.variable is None else [subject]
    if search.score is not None:
        written = repr(hit.score)
        terms.append(written if "e" in written else f"{written}e0")
    if search.snippet is not None:
        terms.append(str(Literal(hit.snippet, datatype=_HTML)))
    return f"({' '.join(terms)})"


def _data(search: Search, rows: Sequence[str]) -> str:
    """Return a sub-SELECT, which the engine joins by a hash table instead of a scan for each row."""
    names = search.variables
    listed = " ".join(f"?{name}" for name in names)
    values = f"VALUES ({listed}) {{ {' '.join(rows)} }}"
    if not names:
        return f"{{ {values} }}"
    if len(rows) <= LONG:
        return f"{{ SELECT {listed} {{ {values} }} }}"
    # A name longer than each of the others, so it differs from all of them.
    key = f"?{max(names, key=len)}_"
    one = f"{{ SELECT {key} {{ VALUES {key} {{ 1 }} }} }}"
    return f"{{ SELECT {listed} {{ {one} {{ SELECT {listed} (1 AS {key}) {{ {values} }} }} }} }}"


def _group(data: Sequence[str]) -> str:
    return f"{_UNIT} {' '.join(data)} {_UNIT}"


def _replaced(text: str, blocks: Sequence[Block], groups: Sequence[str]) -> Rewritten:
    pieces = []
    position = 0
    for block, group in zip(blocks, groups, strict=True):
        pieces += [text[position : block.start], group]
        position = block.end
    return Rewritten("".join([*pieces, text[position:]]), text, tuple(blocks), tuple(groups))


def read_blocks(text: str, base: str | None, prefixes: Mapping[str, str]) -> list[Block]:
    """Return the blocks of ``text`` in their order, found without parsing the query.

    ``base`` and ``prefixes`` apply where the text declares none. Raises
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
    """Refuse a text that has, besides ``blocks``, a SERVICE in some reading of its characters."""
    suspects = [
        token
        for token in lex(text).tokens
        if token.kind in (Kind.WORD, Kind.PNAME)
        and "SERVICE" in token.upper
        and not any(block.start <= token.start < block.end for block in blocks)
    ]
    if not suspects:
        _refuse_doubt(text, 0)
    # The word alone, or at the beginning of a name, is a more likely keyword than inside a name.
    token = min(suspects, key=lambda token: "SERVICE" not in token.upper.partition(":")[0])
    raise malformed(
        text,
        token.start,
        "This SERVICE cannot be told from the words around it.",
        f"Write {EXAMPLE}, with blanks between the words.",
    )


def _refuse_doubt(text: str, offset: int) -> NoReturn:
    if recognize(text) is not None:
        raise explain(text, "")
    raise malformed(
        text,
        offset,
        "A query with SERVICE text:search has to be readable in one way only, and this one is not.",
        "Close every string, and put blanks around the signs < and > of comparisons.",
    )


def _opening(tokens: Sequence[Token], index: int, names: Names) -> int | None:
    """Return the index of the opening brace where a block begins at ``index``."""
    if tokens[index].kind is not Kind.WORD or tokens[index].upper != "SERVICE":
        return None
    target = index + 1
    if target < len(tokens) and tokens[target].upper == "SILENT":
        target += 1
    if target + 1 >= len(tokens) or tokens[target + 1].text != "{":
        return None
    return target + 1 if names.absolute(tokens[target]) == TEXT_SEARCH else None
