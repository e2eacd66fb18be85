"""The functions that the engine knows beside those of SPARQL 1.1."""

from __future__ import annotations

from typing import Final

from endpoint.vocabulary import XSD

_GEOSPARQL: Final = "http://www.opengis.net/def/function/geosparql/"

# GeoSPARQL 1.1, as far as the engine has it, and casts beside those of SPARQL 1.1 section 17.5.
EXTENSION_FUNCTIONS: Final = (
    *(
        _GEOSPARQL + name
        for name in (
            *(
                "area",
                "asGeoJSON",
                "centroid",
                "convexHull",
                "coordinateDimension",
                "difference",
                "dimension",
            ),
            *("distance", "ehContains", "ehCoveredBy", "ehCovers", "ehDisjoint", "ehEquals", "ehInside"),
            *("ehMeet", "ehOverlap", "envelope", "getSRID", "intersection", "isEmpty", "isSimple", "length"),
            *("perimeter", "rcc8dc", "rcc8ec", "rcc8eq", "rcc8ntpp", "rcc8ntppi", "rcc8po", "rcc8tpp"),
            *("rcc8tppi", "relate", "sfContains", "sfCrosses", "sfDisjoint", "sfEquals", "sfIntersects"),
            *("sfOverlaps", "sfTouches", "sfWithin", "spatialDimension", "symDifference", "union"),
        )
    ),
    *(
        XSD + name
        for name in (
            *("date", "time", "duration", "dayTimeDuration", "yearMonthDuration"),
            *("gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay"),
        )
    ),
)
