"""A search of the catalogue written as SPARQL, for readers who want to refine it.

The query searches the same index for the words (SERVICE text:search) and matches the facets in the data
itself, so it has the hits of the search.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pyoxigraph import Literal

from endpoint.search import Facet, Request, SearchConfiguration
from endpoint.vocabulary import TEXT

_LOCAL: Final = re.compile(r"\w(?:[\w-]*\w)?", re.ASCII)


def as_sparql(request: Request, configuration: SearchConfiguration, prefixes: Mapping[str, str]) -> str:
    """Return the SELECT query whose solutions are all hits of ``request``, in its order, without a limit.

    ``prefixes`` shorten its IRIs; those that it uses are declared. SPARQL 1.1 Query Language.
    """
    names = _Names({**prefixes, "text": TEXT})
    body = [
        f"  SERVICE {names.short(TEXT + 'search')} {{",
        f"    ?resource {names.short(TEXT + 'query')} {Literal(request.query)} ;",
        f"              {names.short(TEXT + 'score')} ?score .",
        "  }",
    ]
    for facet in configuration.facets:
        if values := request.filters.get(facet.name):
            body.append(f"  {_filter(facet, values, names)}")
    title = names.path(configuration.fields[0].properties)
    body.append(f"  OPTIONAL {{ ?resource {title} ?anyTitle }}")
    for number, date in enumerate(configuration.dates):
        body.append(f"  OPTIONAL {{ ?resource {names.short(date)} ?date{number} }}")
    dates = ", ".join(f"?date{number}" for number in range(len(configuration.dates)))
    head = [
        "SELECT ?resource (MIN(STR(?anyTitle)) AS ?title)",
        *([f"       (MAX(STR(COALESCE({dates}))) AS ?date)"] if dates else []),
        "       (MAX(?score) AS ?relevance)",
        "WHERE {",
    ]
    order = _ORDERS[request.sort if dates or request.sort in ("relevance", "title") else "relevance"]
    tail = ["}", "GROUP BY ?resource", f"ORDER BY {order} ?resource"]
    return "\n".join([*names.declarations(), "", *head, *body, *tail]) + "\n"


_ORDERS: Final = {
    "relevance": "DESC(?relevance)",
    "newest": "DESC(?date)",
    # Records without a date come last in both orders.
    "oldest": "(!BOUND(?date)) ?date",
    "title": "?title",
}


def _filter(facet: Facet, values: Sequence[str], names: _Names) -> str:
    path = names.path(facet.properties)
    if facet.through:
        path = f"{names.path(facet.through)}/{path}"
    value = "STR(?value)" if not facet.characters else f"SUBSTR(STR(?value), 1, {facet.characters})"
    listed = ", ".join(str(Literal(text)) for text in values)
    return f"FILTER EXISTS {{ ?resource {path} ?value FILTER({value} IN ({listed})) }}"


class _Names:
    """A writer of prefixed names, which collects the prefixes that were used."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes
        self._used: dict[str, str] = {}

    def short(self, iri: str) -> str:
        """Return the IRI with a prefix where it has one that leaves a plain local name."""
        for prefix, namespace in self._prefixes.items():
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri.removeprefix(namespace)):
                self._used[prefix] = namespace
                return f"{prefix}:{iri.removeprefix(namespace)}"
        return f"<{iri}>"

    def path(self, properties: Sequence[str]) -> str:
        """Return a property path that follows any of the properties."""
        written = "|".join(self.short(iri) for iri in properties)
        return written if len(properties) == 1 else f"({written})"

    def declarations(self) -> list[str]:
        """Return the prologue, in the order of the names."""
        return [f"PREFIX {prefix}: <{self._used[prefix]}>" for prefix in sorted(self._used)]
