"""The text index of a generation, for searches."""

from __future__ import annotations

import heapq
import json
import sqlite3
import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Self, cast

from endpoint.errors import StoreError
from endpoint.search import Answer, Hit, Request, schema
from endpoint.search.expression import Compiler, NoWords, Words
from endpoint.search.query import All, Node, Term, parse, terms
from endpoint.search.snippets import Marker
from endpoint.search.suggestions import suggest

_REMEMBERED = 10_000
# Hits on a page whose IRIs are looked up one by one.
_MANY = 5_000
Scored = tuple[int, float]


class TextIndex:
    """The text index of one generation, read-only.

    It is one SQLite file that is never changed: open it after a fork, in any number of processes.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        with self._reported():
            (text,) = connection.execute("SELECT value FROM meta WHERE name = 'meta'").fetchone()
        self._meta = cast("schema.Meta", json.loads(text))
        self._names = self._field_names()
        self._arrays: dict[str, array[int]] = {}
        self._combinations: dict[str, list[list[str]]] = {}
        self._occurring: dict[str, bool] = {}
        columns = {name: schema.column(at) for at, name in enumerate(self._meta["fields"])}
        self._words = Words(columns, self._occurs, self._is_word, self._continuations)
        weights = ", ".join(str(weight) for weight in self._meta["fields"].values())
        self._select = f"SELECT rowid, -bm25(inverted, {weights}) FROM inverted WHERE inverted MATCH ?"  # noqa: S608

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the index in ``folder``.

        :raises StoreError: there is no index, or it is damaged or of another version.
        """
        connection = schema.open_for_reading(folder)
        try:
            return cls(connection, folder)
        except StoreError:
            connection.close()
            raise

    def close(self) -> None:
        """Close the file of the index."""
        self._connection.close()

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the fields, the title first."""
        return tuple(self._meta["fields"])

    @property
    def facets(self) -> tuple[str, ...]:
        """Return the names of the facets."""
        return tuple(self._meta["facets"])

    def search(self, request: Request) -> Answer:
        """Return one page of hits, with facets over all of them.

        An empty query matches everything, a query that only excludes matches the rest, one without a word
        nothing.

        :raises StoreError: the index is damaged.
        """
        with self._reported():
            query = self._parse(request.query)
            matching = self._find(query)
            filtered = self._filtered(matching, request.filters)
            page = self._page(filtered, request.sort, request.offset, request.limit)
            hits = tuple(self._hits(page, query if request.snippets else None))
            names = self.facets if request.facets else ()
            counts = {name: self._counts(name, matching, filtered, request) for name in names}
            suggestions = () if filtered else self._suggest(request.query, query)
        return Answer(len(filtered), hits, counts, suggestions)

    def matches(
        self,
        query: str,
        field: str | None = None,
        limit: int | None = None,
        snippets: bool = False,
        only: str | None = None,
    ) -> list[Hit]:
        """Return every match, best first; at most ``limit``, in ``field``, and the one with the IRI ``only``.

        :raises StoreError: the index is damaged.
        """
        if field is not None and field not in self._meta["fields"]:
            return []
        with self._reported():
            parsed = self._parse(query)
            inside = _within(parsed, field) if field else parsed
            scored = self._find(inside, None if only is None else self._number(only))
            page = self._page(scored, "relevance", 0, len(scored) if limit is None else limit)
            return list(self._hits(page, inside if snippets else None))

    def summary(self, iri: str) -> dict[str, str | list[str]]:
        """Return the summary of a record for a list of results: its ``title`` and its values of each facet.

        :raises StoreError: the index is damaged.
        """
        with self._reported():
            query = "SELECT fields, facets FROM document WHERE iri = ?"
            packed, facets = self._connection.execute(query, (iri,)).fetchone()
            titles = schema.unpack(packed)[self.fields[0]]
            values = dict(zip(self.facets, json.loads(facets), strict=True))
        return {"title": titles[0] if titles else iri, **values}

    def _parse(self, query: str) -> Node:
        return parse(query, self._names)

    def _field_names(self) -> dict[str, str]:
        """Return the names that may stand before a colon: of fields, and their labels of one word."""
        names = {name.casefold(): name for name in self._meta["fields"]}
        for name, labels in self._meta["labels"].items():
            for label in labels.values():
                names.setdefault(label.casefold(), name)
        return names

    def _find(self, query: Node, only: int | None = None) -> list[Scored]:
        """Return the numbers and scores of all matches, in no order."""
        if isinstance(query, All) and not query.nodes:
            return self._everything_but(query, only)
        compiler = Compiler(self._words)
        try:
            scored = self._scored(compiler.node(query), only)
        except NoWords:
            return []
        # Weights alone do not lift a word of the title over many in the abstract: FTS5 lets the number of
        # times saturate after the weights. So a match in the title counts once more on its own.
        with suppress(NoWords):
            in_title = dict(self._scored(compiler.in_title(query, self.fields[0]), only))
            scored = [(number, score + in_title.get(number, 0.0)) for number, score in scored]
        return scored

    def _scored(self, expression: str, only: int | None) -> list[Scored]:
        one = "" if only is None else " AND rowid = ?"
        arguments = (expression,) if only is None else (expression, only)
        return self._connection.execute(self._select + one, arguments).fetchall()

    def _has_matches(self, text: str) -> bool:
        query = self._parse(text)
        try:
            expression = Compiler(self._words).node(query)
        except NoWords:
            return bool(self._find(query))
        row = self._connection.execute("SELECT 1 FROM inverted WHERE inverted MATCH ? LIMIT 1", (expression,))
        return row.fetchone() is not None

    def _everything_but(self, query: All, only: int | None) -> list[Scored]:
        out = {number for node in query.excluded for number, _ in self._find(node)}
        numbers = (number for number, place in enumerate(self._array("iri")) if place)
        return [(number, 0.0) for number in numbers if number not in out and only in (None, number)]

    def _number(self, iri: str) -> int:
        row = self._connection.execute("SELECT id FROM document WHERE iri = ?", (iri,)).fetchone()
        return row[0] if row else 0

    def _filtered(self, scored: list[Scored], filters: Mapping[str, tuple[str, ...]]) -> list[Scored]:
        for name, values in filters.items():
            if not values:
                continue
            if name not in self._meta["facets"]:
                return []
            wanted = set(values)
            numbers = self._array(f"facet {name}")
            fitting = {at for at, texts in enumerate(self._combinations[name]) if wanted.intersection(texts)}
            scored = [hit for hit in scored if numbers[hit[0]] in fitting]
        return scored

    def _page(self, scored: list[Scored], sort: str, offset: int, limit: int) -> list[Scored]:
        ordered = heapq.nsmallest(offset + limit, scored, key=self._order(sort))
        return ordered[offset:]

    def _order(self, sort: str) -> Callable[[Scored], tuple[float, int]]:
        iri = self._array("iri")
        if sort == "title":
            title = self._array("title")
            return lambda hit: (title[hit[0]] or len(title), iri[hit[0]])
        if sort in ("newest", "oldest"):
            date = self._array("date")
            # Documents without a date are last in both orders.
            sign, undated = (-1, 0) if sort == "newest" else (1, len(date))
            return lambda hit: (sign * date[hit[0]] or undated, iri[hit[0]])
        return lambda hit: (-hit[1], iri[hit[0]])

    def _hits(self, page: Sequence[Scored], query: Node | None) -> Iterator[Hit]:
        if query is None:
            iris = self._iris(page)
            yield from (Hit(iris[number], score, "") for number, score in page)
            return
        marker = self._marker(query)
        for number, score in page:
            row = self._connection.execute("SELECT iri, fields FROM document WHERE id = ?", (number,))
            iri, packed = row.fetchone()
            yield Hit(iri, score, marker.snippet(schema.unpack(packed)))

    def _iris(self, page: Sequence[Scored]) -> dict[int, str]:
        if len(page) > _MANY:
            # SQLite reads them all from the index of IRIs, which is faster than to look up each.
            return dict(self._connection.execute("SELECT id, iri FROM document"))
        query = "SELECT iri FROM document WHERE id = ?"
        return {number: self._connection.execute(query, (number,)).fetchone()[0] for number, _ in page}

    def _marker(self, query: Node) -> Marker:
        compiler = Compiler(self._words)
        with suppress(NoWords):
            compiler.node(query)
        return Marker(compiler.marks, self.fields, self._meta["snippet"])

    def _counts(
        self, name: str, matching: list[Scored], filtered: list[Scored], request: Request
    ) -> tuple[tuple[str, int], ...]:
        """Count without the facet's own filter: each number is that of the hits which the value adds."""
        if name in request.filters:
            others = {facet: values for facet, values in request.filters.items() if facet != name}
            filtered = self._filtered(matching, others)
        return self._count(name, filtered, request.facets)

    def _count(self, name: str, scored: Sequence[Scored], limit: int) -> tuple[tuple[str, int], ...]:
        numbers = self._array(f"facet {name}")
        combinations = Counter(numbers[number] for number, _ in scored)
        values: Counter[str] = Counter()
        for combination, count in combinations.items():
            for value in self._combinations[name][combination]:
                values[value] += count
        return tuple(sorted(values.items(), key=lambda item: (-item[1], item[0]))[:limit])

    def _array(self, name: str) -> array[int]:
        if name not in self._arrays:
            query = "SELECT numbers, texts FROM arrays WHERE name = ?"
            data, texts = self._connection.execute(query, (name,)).fetchone()
            numbers = array("I", data)
            if sys.byteorder == "big":
                numbers.byteswap()
            self._arrays[name] = numbers
            self._combinations[name.removeprefix("facet ")] = json.loads(texts)
        return self._arrays[name]

    def _suggest(self, text: str, query: Node) -> tuple[str, ...]:
        written = list(dict.fromkeys(term.text for term in terms(query)))
        candidates = suggest(text, written, self._connection, self._has_matches)
        return tuple(islice(candidates, 3))

    def _occurs(self, tokens: Sequence[str]) -> bool:
        phrase = f'"{" ".join(tokens)}"'
        if phrase not in self._occurring:
            if len(self._occurring) > _REMEMBERED:
                self._occurring.clear()
            query = "SELECT 1 FROM inverted WHERE inverted MATCH ? LIMIT 1"
            self._occurring[phrase] = self._connection.execute(query, (phrase,)).fetchone() is not None
        return self._occurring[phrase]

    def _is_word(self, word: str) -> bool:
        query = "SELECT 1 FROM word WHERE text = ?"
        return self._connection.execute(query, (word,)).fetchone() is not None

    def _continuations(self, beginning: str) -> list[str]:
        """Return the continuations of ``beginning`` in the words of short fields, of two letters and more."""
        query = "SELECT substr(text, ?) FROM word WHERE text > ? AND text < ? AND length(text) > ?"
        length = len(beginning)
        arguments = (length + 1, beginning, beginning + chr(sys.maxunicode), length + 1)
        return [rest for (rest,) in self._connection.execute(query, arguments)]

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, zlib.error, ValueError, TypeError) as error:
            raise StoreError(
                f"The text index in {self._folder} cannot be read ({error}); load the data again."
            ) from error


def _within(query: Node, field: str) -> Node:
    """Return ``query`` with every word that has no field of its own in ``field``."""
    if isinstance(query, Term):
        return query if query.field else Term(query.text, field, query.phrase, query.prefix)
    nodes = tuple(_within(node, field) for node in query.nodes)
    if isinstance(query, All):
        return All(nodes, tuple(_within(node, field) for node in query.excluded))
    return type(query)(nodes)
