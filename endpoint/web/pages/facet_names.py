"""What readers call the values of a facet, where the data has names in several languages for them.

The index holds one name of what a record is linked to; the data may have others, such as a country's
Korean and English one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from endpoint.errors import EndpointError
from endpoint.formats import SPARQL_JSON, QueryForm
from endpoint.search import Facet, SearchConfiguration
from endpoint.telemetry import log
from endpoint.vocabulary import RDFS_LABEL
from endpoint.web.http.language import LANGUAGES
from endpoint.web.http.making import Shared, read_answer, whole
from endpoint.web.http.site import Site

# Names that are read for one facet, and seconds that a page waits for them, at most.
_MOST: Final = 20_000
_PATIENCE: Final = 2.0

Names = Mapping[str, Mapping[str, str]]


class FacetNames:
    """The configuration of the search with the names that the data has; asked once for a generation."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made: Shared[Mapping[str, Names]] = Shared()

    async def added(self, configuration: SearchConfiguration) -> SearchConfiguration:
        """``configuration`` with names, or as it is where they cannot be had soon."""
        if not any(facet.through for facet in configuration.facets):
            return configuration
        generation = self._site.engine.generation
        key = (generation.number, generation.created)
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self._made.get(key, lambda: self._read(configuration))
        except TimeoutError:
            return configuration
        except EndpointError as error:
            log.warning("the names of facets could not be read: %s", error.detail)
            return configuration
        facets = tuple(
            replace(facet, names={**found.get(facet.name, {}), **facet.names})
            for facet in configuration.facets
        )
        return replace(configuration, facets=facets)

    async def _read(self, configuration: SearchConfiguration) -> Mapping[str, Names]:
        found: dict[str, Names] = {}
        for facet in configuration.facets:
            if facet.through:
                operation = whole(self._site, _query(facet), QueryForm.SELECT)
                found[facet.name] = _names(await read_answer(self._site, operation, SPARQL_JSON))
        return found


def _query(facet: Facet) -> str:
    through, properties = ("|".join(f"<{iri}>" for iri in iris) for iris in (facet.through, facet.properties))
    languages = ", ".join(f'"{language}"' for language in LANGUAGES)
    return (
        "SELECT DISTINCT ?value ?name WHERE {\n"
        f"  {{ SELECT DISTINCT ?linked WHERE {{ ?record {through} ?linked }} }}\n"
        f"  ?linked {properties} ?value ;\n"
        f"          <{RDFS_LABEL}> ?name .\n"
        f"  FILTER(LANG(?name) IN ({languages}))\n"
        f"}} ORDER BY ?value ?name LIMIT {_MOST}"
    )


def _names(answer: bytes) -> Names:
    names: dict[str, dict[str, str]] = {}
    for row in json.loads(answer)["results"]["bindings"]:
        # Two things of one name keep the first of their other names.
        known = names.setdefault(row["value"]["value"], {})
        known.setdefault(row["name"]["xml:lang"], row["name"]["value"])
    return names
