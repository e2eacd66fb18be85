"""The text index of a generation, for searches."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np

from endpoint.errors import StoreError
from endpoint.search import Answer, Hit, Request, order, ranking, schema
from endpoint.search.expression import Compiler, NoWords, Words
from endpoint.search.known_words import KnownWords
from endpoint.search.other_names import OtherNames, Table, read_table
from endpoint.search.query import All, Node, Term, parse, terms
from endpoint.search.ranking import Matches, Ranking
from endpoint.search.segment import Segment, most_frequent
from endpoint.search.snippets import Marker
from endpoint.search.suggestions import suggest


class TextIndex:
    """The text index of one generation, read-only.

    Its files are never changed: open it after a fork, in any number of processes.
    """

    def __init__(
        self, folder: Path, description: schema.Description, segments: Sequence[Segment], names: Table
    ) -> None:
        self._folder = folder
        self._meta = description["meta"]
        self._segments = segments
        self._names = self._field_names()
        self._ranking = Ranking(segments, self._meta["fields"])
        self._known = KnownWords([segment.connection for segment in segments])
        self._other_names = OtherNames(names)
        self._words = Words(self._ranking.occurs, self._known.__contains__, self._known.continuations)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the index in ``folder``.

        :raises StoreError: there is no index, or it is damaged or of another version.
        """
        description = schema.read_description(folder)
        segments: list[Segment] = []
        try:
            for name in description["segments"]:
                segments.append(Segment(folder / name, schema.read_gone(folder, name)))
            return cls(folder, description, segments, read_table(folder))
        except (OSError, ValueError, TypeError, KeyError, sqlite3.Error, StoreError) as error:
            for segment in segments:
                segment.close()
            if isinstance(error, StoreError):
                raise
            raise schema.damaged(folder, error) from error

    def close(self) -> None:
        """Close the files of the index."""
        for segment in self._segments:
            segment.close()

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the fields, the title first."""
        return tuple(self._meta["fields"])

    @property
    def facets(self) -> tuple[str, ...]:
        """Return the names of the facets."""
        return tuple(self._meta["facets"])

    def search(self, request: Request) -> Answer:
        """Return one page of hits with their summaries, and with facets over all of them.

        An empty query matches everything, a query that only excludes matches the rest, one without a word
        nothing.

        :raises StoreError: the index is damaged.
        """
        with self._reported():
            query = self._parse(request.query)
            matching = self._find(query)
            filtered = self._filtered(matching, request.filters)
            places = order.page(self._segments, filtered, request.sort, request.offset, request.limit)
            marker = self._marker(query) if request.snippets else None
            hits = tuple(self._summarized(place, marker) for place in places)
            facets = self.facets if request.facets else ()
            counts = {name: self._counts(name, matching, filtered, request) for name in facets}
            total = sum(len(found.numbers) for found in filtered)
            suggestions = () if total else self._suggest(request.query, query)
            names = tuple(filter(self._occurs, self._other_names.expand(query).names))
        return Answer(total, hits, counts, suggestions, names)

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
            found = self._find(inside)
            if only is not None:
                found = [
                    each.at(each.numbers == (segment.number(only) or -1))
                    for segment, each in zip(self._segments, found, strict=True)
                ]
            total = sum(len(each.numbers) for each in found)
            places = order.page(self._segments, found, "relevance", 0, total if limit is None else limit)
            if not snippets:
                return list(self._without_snippets(places))
            marker = self._marker(inside)
            return [self._hit(place, marker) for place in places]

    def _parse(self, query: str) -> Node:
        self._ranking.forget()
        return parse(query, self._names)

    def _field_names(self) -> dict[str, str]:
        """Return the names that may stand before a colon: of fields, and their labels of one word."""
        names = {name.casefold(): name for name in self._meta["fields"]}
        for name, labels in self._meta["labels"].items():
            for label in labels.values():
                names.setdefault(label.casefold(), name)
        return names

    def _find(self, query: Node) -> list[Matches]:
        """Return all matches in each segment, by number; those of other names come after those as written."""
        if isinstance(query, All) and not query.nodes:
            return self._everything_but(query)
        found = self._written(query)
        expanded = self._other_names.expand(query)
        if not any(map(self._occurs, expanded.names)):
            return found
        return ranking.followed(found, self._written(expanded.query))

    def _written(self, query: Node) -> list[Matches]:
        """Return the matches of the words as they are written."""
        compiler = Compiler(self._words)
        try:
            expression = compiler.node(query)
        except NoWords:
            return self._nothing()
        flags, scores = self._ranking.matching(expression), self._ranking.scores(expression)
        # Weights alone do not lift a word of the title over many in the abstract: BM25 lets the number of
        # times saturate after the weights. So a match in the title counts once more on its own.
        with suppress(NoWords):
            in_title = self._ranking.scores(compiler.in_title(query, self.fields[0]))
            scores = [score + more for score, more in zip(scores, in_title, strict=True)]
        numbers = [np.flatnonzero(each) for each in flags]
        return [Matches(found, score[found]) for found, score in zip(numbers, scores, strict=True)]

    def _occurs(self, name: str) -> bool:
        """Return whether a name is in a record."""
        expression = Compiler(self._words).term(Term(name, phrase=True))
        return any(flags.any() for flags in self._ranking.matching(expression))

    def _nothing(self) -> list[Matches]:
        return [Matches(np.empty(0, np.int64), np.empty(0)) for _ in self._segments]

    def _has_matches(self, text: str) -> bool:
        return any(len(found.numbers) for found in self._find(self._parse(text)))

    def _everything_but(self, query: All) -> list[Matches]:
        numbers = [np.flatnonzero(segment.alive) for segment in self._segments]
        for node in query.excluded:
            out = self._excluded(node)
            numbers = [
                np.setdiff1d(each, found.numbers, True) for each, found in zip(numbers, out, strict=True)
            ]
        return [Matches(each, np.zeros(len(each))) for each in numbers]

    def _excluded(self, node: Node) -> list[Matches]:
        """Return what a query excludes: of words only as they are written."""
        if isinstance(node, All) and not node.nodes:
            return self._everything_but(node)
        return self._written(node)

    def _filtered(self, found: list[Matches], filters: Mapping[str, tuple[str, ...]]) -> list[Matches]:
        for name, values in filters.items():
            if not values:
                continue
            if name not in self._meta["facets"]:
                return self._nothing()
            pairs = zip(self._segments, found, strict=True)
            found = [each.at(segment.facet(name).having(each.numbers, values)) for segment, each in pairs]
        return found

    def _hit(self, place: order.Place, marker: Marker) -> Hit:
        document = self._segments[place.segment].document(place.number)
        return Hit(document.iri, place.score, marker.snippet(document.texts))

    def _summarized(self, place: order.Place, marker: Marker | None) -> Hit:
        document = self._segments[place.segment].document(place.number)
        titles = document.texts.get(self.fields[0], ())
        values = dict(zip(self.facets, document.values, strict=True))
        summary: dict[str, str | Sequence[str]] = {"title": titles[0] if titles else document.iri, **values}
        return Hit(document.iri, place.score, marker.snippet(document.texts) if marker else "", summary)

    def _without_snippets(self, places: Sequence[order.Place]) -> Iterator[Hit]:
        iris: list[Iterator[str]] = []
        for at, segment in enumerate(self._segments):
            keys = segment.keys([place.number for place in places if place.segment == at])
            iris.append(key.iri for key in keys)
        yield from (Hit(next(iris[place.segment]), place.score) for place in places)

    def _marker(self, query: Node) -> Marker:
        compiler = Compiler(self._words)
        with suppress(NoWords):
            compiler.node(self._other_names.expand(query).query)
        return Marker(compiler.marks, self.fields, self._meta["snippet"])

    def _counts(
        self, name: str, matching: list[Matches], filtered: list[Matches], request: Request
    ) -> tuple[tuple[str, int], ...]:
        """Count without the facet's own filter: each number is that of the hits which the value adds."""
        if name in request.filters:
            others = {facet: values for facet, values in request.filters.items() if facet != name}
            filtered = self._filtered(matching, others)
        pairs = zip(self._segments, filtered, strict=True)
        parts = [segment.facet(name).count(found.numbers) for segment, found in pairs]
        return most_frequent(parts, request.facets)

    def _suggest(self, text: str, query: Node) -> tuple[str, ...]:
        written = list(dict.fromkeys(term.text for term in terms(query)))
        return tuple(islice(suggest(text, written, self._known, self._has_matches), 3))

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, zlib.error, OSError, ValueError, TypeError, IndexError) as error:
            raise schema.damaged(self._folder, error) from error


def _within(query: Node, field: str) -> Node:
    """Return ``query`` with every word that has no field of its own in ``field``."""
    if isinstance(query, Term):
        return query if query.field else Term(query.text, field, query.phrase, query.prefix)
    nodes = tuple(_within(node, field) for node in query.nodes)
    if isinstance(query, All):
        return All(nodes, tuple(_within(node, field) for node in query.excluded))
    return type(query)(nodes)
