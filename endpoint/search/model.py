"""What goes into the text index and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """One indexed subject.

    ``fields`` maps the names of fields to their texts, ``facets`` the names of facets to their values;
    the names are those of ``seed/search.toml``. ``date`` orders newest and oldest first, as text.
    """

    iri: str
    fields: Mapping[str, tuple[str, ...]]
    facets: Mapping[str, tuple[str, ...]]
    date: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A search: ``query`` in the query language, ``filters`` by facet (any of its values).

    ``limit`` and ``offset`` page through the hits; ``facets`` is the number of values to count for each
    facet, 0 for none; ``sort`` is one of :data:`SORTS`.
    """

    query: str
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limit: int = 20
    offset: int = 0
    facets: int = 20
    snippets: bool = True
    sort: str = "relevance"


# The parameters of a search over HTTP; no facet has the name of one.
PARAMETERS = ("q", "limit", "offset", "sort", "facets", "format", "output", "timeout")
SORTS = ("relevance", "newest", "oldest", "title")


@dataclass(frozen=True, slots=True)
class Hit:
    """One match. ``snippet`` is HTML: the text escaped, what matched between ``<mark>`` and ``</mark>``."""

    iri: str
    score: float
    snippet: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of hits, of ``total``; the most frequent values of each facet over all hits, with counts.

    ``suggestions`` are other queries that have hits, offered when this one has none.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    suggestions: tuple[str, ...]
