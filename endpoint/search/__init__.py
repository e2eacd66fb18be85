"""Full-text search in Korean and English: the configuration of the index, searches and their answers.

:mod:`endpoint.search.build` writes the index of a generation, :mod:`endpoint.search.index` searches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# The parameters of a search over HTTP; no facet has the name of one.
PARAMETERS = ("q", "limit", "offset", "sort", "facets", "format", "output", "timeout")
#: The version of the format of every index; an index of another version is built anew.
FORMAT = 2
SORTS = ("relevance", "newest", "oldest", "title")


@dataclass(frozen=True, slots=True)
class Field:
    """A searched field: the values of ``properties``, of the subject or of resources linked by ``through``.

    ``weight`` is the weight of a match here, against one in a field of weight 1. ``labels`` are
    by language tag. All properties are IRIs.
    """

    name: str
    properties: tuple[str, ...]
    weight: float = 1.0
    through: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet: values to count and filter by, of each only the first ``characters`` where that is not 0.

    ``names`` are the names of values for readers, by language tag, where they differ from the value.
    """

    name: str
    properties: tuple[str, ...]
    through: tuple[str, ...] = ()
    characters: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """The names that mean the same: those in ``properties`` of each resource of the ``classes``, and those in
    each of ``groups``."""

    classes: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class SearchConfiguration:
    """The fields, of which the first is the title, and the facets of the text index.

    Subjects with one of the ``classes`` are indexed; without classes, every subject that has a title, is no
    term of an ontology and has none of the types ``excluded``. ``snippet`` names the field that snippets are
    taken from first. ``dates`` are the properties by which the newest comes first; the first one with a value
    counts. A search for one of ``names`` finds the others too.
    """

    fields: tuple[Field, ...]
    facets: tuple[Facet, ...] = ()
    classes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    snippet: str = ""
    names: Names = Names()


@dataclass(frozen=True, slots=True)
class Document:
    """An indexed subject.

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


@dataclass(frozen=True, slots=True)
class Hit:
    """A match. ``snippet`` is HTML: the text escaped, with matches between ``<mark>`` and ``</mark>``.

    ``summary`` is that of the record for a list of results, where it is asked for: its ``title`` and its
    values of each facet.
    """

    iri: str
    score: float
    snippet: str = ""
    summary: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of hits, of ``total``; the most frequent values of each facet over all hits, with counts.

    ``suggestions`` are other queries with hits, offered when this one has none. ``names`` are other names of
    what the query names that occur and were searched too.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    suggestions: tuple[str, ...]
    names: tuple[str, ...] = ()
