"""What readers call the values of a facet, where the data has names in several languages for them.

The index holds one name of what a record is linked to; the data may have others, such as a country's
Korean and English one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from endpoint.errors import EndpointError
from endpoint.search import Facet, SearchConfiguration
from endpoint.telemetry import log
from endpoint.vocabulary import RDFS_LABEL
from endpoint.web.cache import Region
from endpoint.web.http.language import LANGUAGES
from endpoint.web.store import Bindings, OwnQueries, Snapshot

# Names that are read for one facet, and seconds that a page waits for them, at most.
_MOST: Final = 20_000
_PATIENCE: Final = 2.0

Names = Mapping[str, Mapping[str, str]]
_FACET_NAMES: Final[Region[Mapping[str, Names]]] = Region("names of facets")


async def with_names(own_queries: OwnQueries, configuration: SearchConfiguration) -> SearchConfiguration:
    """Return ``configuration`` with the names that the data has, as it is where they are not there soon."""
    if not any(facet.through for facet in configuration.facets):
        return configuration
    try:
        async with asyncio.timeout(_PATIENCE):
            read = partial(_read_names, configuration)
            names = await own_queries.snapshot().cached(_FACET_NAMES, read)
    except TimeoutError:
        return configuration
    except EndpointError as error:
        log.warning("the names of facets could not be read: %s", error.detail)
        return configuration
    facets = tuple(
        replace(facet, names={**names.get(facet.name, {}), **facet.names}) for facet in configuration.facets
    )
    return replace(configuration, facets=facets)


async def _read_names(configuration: SearchConfiguration, snapshot: Snapshot) -> Mapping[str, Names]:
    return {
        facet.name: _names(await snapshot.bindings(_query(facet), whole=True))
        for facet in configuration.facets
        if facet.through
    }


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


def _names(rows: Sequence[Bindings]) -> Names:
    names: dict[str, dict[str, str]] = {}
    for row in rows:
        # Two things of one name keep the first of their other names.
        known = names.setdefault(row["value"]["value"], {})
        known.setdefault(row["name"]["xml:lang"], row["name"]["value"])
    return names
