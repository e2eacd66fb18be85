"""Names for query editors: ``/-/completion/classes``, ``/-/completion/properties``, ``/-/prefixes.json``.

All are read from the statistics of the data, so that an editor can send a request with every key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from pyoxigraph import NamedNode

from endpoint.characters import folded
from endpoint.errors import BadParameter
from endpoint.vocabulary import PREFIXES
from endpoint.web.cache import Region
from endpoint.web.http.answer import Answer, json_answer
from endpoint.web.http.request import Pairs, Request
from endpoint.web.machine.statistics import Statistics, require_statistics
from endpoint.web.own_queries import OwnQueries, Snapshot
from endpoint.wording import shown

# Suggestions in one answer by default, and at most.
SUGGESTIONS: Final = 50
MOST: Final = 1000
# Characters of a search that are compared.
_LONGEST: Final = 200
# Seconds that an editor waits for the first count; it sends another request with the next key.
PATIENCE: Final = 2.0
# An editor repeats requests while its user types and deletes; the data rarely changes.
_CACHE: Final = "max-age=60"

_LOCAL: Final = re.compile(r"[^\W\d_](?:[\w.-]*[\w-])?|[\d_](?:[\w.-]*[\w-])?")
_WORD: Final = re.compile(r"\w+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class _Term:
    """A class or property for a search: its names, and the words in them, folded."""

    iri: str
    prefixed: str | None
    labels: Mapping[str, str]
    names: tuple[str, ...]
    words: tuple[str, ...]


class Vocabulary:
    """The classes and properties of one generation's statistics, ready to be searched."""

    def __init__(self, statistics: Statistics, prefixes: Mapping[str, str]) -> None:
        self.statistics = statistics
        self._terms = {
            iri: _term(iri, statistics.labels.get(iri, {}), prefixes) for iri in statistics.terms()
        }

    def suggestions(self, kind: str, typed: str, of_class: str | None = None) -> list[dict[str, object]]:
        """Return the "classes" or "properties" (``kind``) that match ``typed``, the best first.

        A name or IRI that begins with it comes before one with a word that does, and this before one that has
        it anywhere: in the local name, the prefixed name or a label. Among equals the most used comes first.
        With ``of_class`` only properties of the instances of that class are returned.
        """
        statistics = self.statistics
        numbers = statistics.classes() if kind == "classes" else statistics.properties(of_class)
        wanted = folded(typed.strip().strip("<")[:_LONGEST])
        ranked = [
            (rank, -number, iri)
            for iri, number in numbers.items()
            if iri in self._terms and (rank := _rank(wanted, self._terms[iri])) is not None
        ]
        matches = [(self._terms[iri], -number) for _, number, iri in sorted(ranked)]
        return [
            {"iri": row.iri, "prefixed": row.prefixed, "label": dict(row.labels), "count": number}
            for row, number in matches
        ]


_VOCABULARY: Final[Region[Vocabulary]] = Region("names for completion")


async def _make_vocabulary(statistics: Statistics, snapshot: Snapshot) -> Vocabulary:
    return Vocabulary(statistics, snapshot.site.dataset.prefixes)


class Completion:
    """Suggestions of "classes" or "properties" (``kind``) of the data."""

    def __init__(self, own_queries: OwnQueries, kind: str) -> None:
        self._own_queries = own_queries
        self._kind = kind

    async def answer(self, request: Request) -> Answer:
        """Answer with the suggestions. Raises BadParameter and Overloaded."""
        prefixes, pairs = request.site.dataset.prefixes, request.pairs
        typed, limit = _single(pairs, "q") or "", _limit(_single(pairs, "limit"))
        of_class = _iri(_single(pairs, "class"), prefixes)
        statistics = await require_statistics(self._own_queries, PATIENCE)
        # The numbers may be those of the previous generation.
        key, make = statistics.generation.version, partial(_make_vocabulary, statistics)
        vocabulary = await self._own_queries.snapshot().cached(_VOCABULARY, make, key)
        suggestions = vocabulary.suggestions(self._kind, typed, of_class)
        return json_answer(suggestions[:limit], _CACHE)


async def prefixes(request: Request) -> Answer:
    """Answer ``{prefix: namespace}`` of the dataset and of common vocabularies."""
    return json_answer({**PREFIXES, **request.site.dataset.prefixes}, "max-age=3600")


def prefixed_name(iri: str, prefixes: Mapping[str, str]) -> str | None:
    """Return ``prefix:local`` with the longest namespace, where SPARQL can write it so without escapes."""
    fitting = [(prefix, namespace) for prefix, namespace in prefixes.items() if iri.startswith(namespace)]
    for prefix, namespace in sorted(fitting, key=lambda pair: -len(pair[1])):
        if _LOCAL.fullmatch(iri[len(namespace) :]):
            return f"{prefix}:{iri[len(namespace) :]}"
    return None


def _term(iri: str, labels: Mapping[str, str], prefixes: Mapping[str, str]) -> _Term:
    prefixed = prefixed_name(iri, prefixes)
    local = re.split("[/#]", iri.rstrip("/#"))[-1]
    names = (local, prefixed or "", *labels.values())
    words = tuple(_words(local, *labels.values()))
    return _Term(iri, prefixed, labels, tuple(folded(name) for name in names), words)


def _rank(wanted: str, term: _Term) -> int | None:
    if any(name.startswith(wanted) for name in (*term.names, folded(term.iri))):
        return 0
    if any(word.startswith(wanted) for word in term.words):
        return 1
    return 2 if any(wanted in name for name in term.names) else None


def _words(*texts: str) -> Iterator[str]:
    for text in texts:
        for word in _WORD.findall(_CAMEL.sub(" ", text)):
            yield folded(word)


def _single(pairs: Pairs, name: str) -> str | None:
    values = [value for key, value in pairs if key.strip() == name]
    if len(values) > 1:
        raise BadParameter(name, f'The parameter "{name}" is given more than once; give it once.')
    return values[0] if values else None


def _limit(text: str | None) -> int:
    if not text:
        return SUGGESTIONS
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) <= MOST):
        raise BadParameter(
            "limit", f'The parameter "limit" is a whole number from 1 to {MOST:,}.', shown(text)
        )
    return int(text)


def _iri(text: str | None, prefixes: Mapping[str, str]) -> str | None:
    """Return the class that a parameter names, as an IRI or with a prefix of the dataset."""
    if not text:
        return None
    prefix, colon, local = text.partition(":")
    iri = prefixes[prefix] + local if colon and prefix in prefixes else text.strip("<>")
    try:
        return NamedNode(iri).value
    except ValueError:
        raise BadParameter("class", 'The parameter "class" is the IRI of a class.', shown(text)) from None
