"""Rows as GeoJSON (RFC 7946), where they have coordinates.

Coordinates are WKT literals (GeoSPARQL 1.1 section 8.5), or two columns of WGS 84 degrees that are named
after latitude and longitude.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import Final, TypeVar

from pyoxigraph import Literal

from endpoint.results.rows import Inexpressible, Row, Rows, Term, native
from endpoint.results.tabular import tagged
from endpoint.vocabulary import GEOSPARQL

T = TypeVar("T")

Geometry = dict[str, object]
Position = list[float]

_WKT: Final = f"{GEOSPARQL}wktLiteral"
_LATITUDE: Final = ("lat", "latitude")
_LONGITUDE: Final = ("long", "lon", "lng", "longitude")
# Rows that are searched for a column of WKT.
_LOOKED_AT: Final = 100

# GeoJSON is in CRS84, longitude first, which is also WKT's default; EPSG:4326 has latitude first.
_LONGITUDE_FIRST: Final = frozenset(
    ("", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/OGC/0/CRS84")
)
_LATITUDE_FIRST: Final = frozenset(
    (
        "http://www.opengis.net/def/crs/EPSG/0/4326",
        "http://www.opengis.net/def/crs/EPSG/9.9.1/4326",
        "http://www.opengis.net/def/crs/EPSG/0/EPSG:4326",
    )
)
_TYPES: Final = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
    "GEOMETRYCOLLECTION": "GeometryCollection",
}
_SYSTEM: Final = re.compile(r"\s*(?:<([^>]*)>)?\s*")
_WORD: Final = re.compile(r"\s*([A-Za-z]+)(?:\s+(ZM|Z|M))?\s*", re.IGNORECASE | re.ASCII)
_TOKEN: Final = re.compile(r"\s*([(),]|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)
_DEEPEST: Final = 8


def geo_json(rows: Rows, language_tags: bool = False) -> Iterator[str]:
    """Yield a FeatureCollection, one feature for each row, its other columns as properties.

    A row without coordinates, or with an empty geometry, has the geometry null (section 3.2). So has one
    whose WKT GeoJSON cannot express; it keeps the text as a property.

    Raises :class:`Inexpressible` where no column has coordinates, and where none of the first geometries can
    be expressed.
    """
    seen = list(islice(rows.rows, _LOOKED_AT))
    columns = _columns(rows.names, seen)
    _check_first(rows.names, columns, seen)
    value = tagged if language_tags else native
    yield '{"type": "FeatureCollection", "features": ['
    separator = "\n"
    for row in chain(seen, rows.rows):
        terms = dict(zip(rows.names, row, strict=True))
        kept = set(rows.names).difference(columns)
        try:
            geometry = _geometry([terms[name] for name in columns])
        except Inexpressible:
            geometry, kept = None, set(rows.names)
        feature = {
            "type": "Feature",
            "geometry": geometry,
            "properties": {name: value(term) for name, term in terms.items() if name in kept},
        }
        yield separator + json.dumps(feature, ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"


def _check_first(names: list[str], columns: tuple[str, ...], seen: list[Row]) -> None:
    """Raise the first :class:`Inexpressible` of the rows where they have no geometry that is not."""
    refused: Inexpressible | None = None
    for row in seen:
        terms = dict(zip(names, row, strict=True))
        try:
            if _geometry([terms[name] for name in columns]) is not None:
                return
        except Inexpressible as error:
            refused = refused or error
    if refused is not None:
        raise refused


def _columns(names: list[str], seen: list[Row]) -> tuple[str, ...]:
    """Return the columns of the coordinates: one of WKT, or latitude and longitude."""
    for row in seen:
        for name, term in zip(names, row, strict=True):
            if isinstance(term, Literal) and term.datatype.value == _WKT:
                return (name,)
    latitude, longitude = _named(names, _LATITUDE), _named(names, _LONGITUDE)
    if latitude and longitude:
        return latitude, longitude
    if not seen:
        return ()
    raise Inexpressible(
        "The result has no coordinates: GeoJSON needs a column of geo:wktLiteral, or two columns named "
        f"lat and long. Its columns are {', '.join(names)}. Ask for another format, such as format=json."
    )


def _named(names: list[str], wanted: Iterable[str]) -> str:
    return next((name for name in names if name.lower() in wanted), "")


def _geometry(terms: list[Term | None]) -> Geometry | None:
    if len(terms) == 2:
        latitude, longitude = _degrees(terms[0], 90), _degrees(terms[1], 180)
        if latitude is None or longitude is None:
            return None
        return {"type": "Point", "coordinates": [longitude, latitude]}
    term = terms[0] if terms else None
    return read_wkt(term.value) if isinstance(term, Literal) else None


def _degrees(term: Term | None, most: int) -> float | None:
    if not isinstance(term, Literal):
        return None
    try:
        value = float(term.value)
    except ValueError:
        return None
    return value if -most <= value <= most else None


def read_wkt(text: str) -> Geometry | None:
    """Return the geometry of a WKT literal, None for an empty one. Raises :class:`Inexpressible`."""
    match = _SYSTEM.match(text)
    system = (match[1] or "") if match else ""
    system = re.sub("^https:", "http:", system)
    if system not in _LONGITUDE_FIRST | _LATITUDE_FIRST:
        raise Inexpressible(
            f"A geometry is in the coordinate system {system[:80]}, and GeoJSON has only WGS 84. "
            "Ask for another format, such as JSON (format=json)."
        )
    reader = _WktReader(text, match.end() if match else 0, system in _LATITUDE_FIRST)
    try:
        geometry = reader.geometry(0)
        reader.end()
    except (ValueError, RecursionError):
        raise Inexpressible(
            f"This is no WKT geometry: {text[:60]}. Ask for another format, such as JSON (format=json)."
        ) from None
    return geometry


def _area(ring: Sequence[Position]) -> float:
    """Return twice the area of a ring, negative where it goes clockwise."""
    return sum(first[0] * second[1] - second[0] * first[1] for first, second in pairwise(ring))


class _WktReader:
    """A reader of one WKT text (OGC 06-103r4 section 7). Every method raises ValueError.

    Also for a geometry that RFC 7946 does not allow: a line of one position, a ring that is not closed,
    degrees that no place on the Earth has.
    """

    def __init__(self, text: str, position: int, swapped: bool) -> None:
        self._text = text
        self._position = position
        self._swapped = swapped
        self._measured = False

    def geometry(self, depth: int) -> Geometry | None:
        word = _WORD.match(self._text, self._position)
        if word is None or depth > _DEEPEST:
            raise ValueError
        self._position = word.end()
        kind = _TYPES.get(word[1].upper())
        if kind is None:
            raise ValueError
        self._measured = (word[2] or "").upper() == "M"
        if self._empty():
            return None
        if kind == "GeometryCollection":
            members = self._list(lambda: self.geometry(depth + 1))
            return {"type": kind, "geometries": [member for member in members if member is not None]}
        return {"type": kind, "coordinates": self._coordinates(kind)}

    def _empty(self) -> bool:
        word = _WORD.match(self._text, self._position)
        if word is None or word[1].upper() != "EMPTY":
            return False
        self._position = word.end()
        return True

    def _coordinates(self, kind: str) -> Sequence[object]:
        match kind:
            case "Point":
                (point,) = self._list(self._position_of)
                return point
            case "LineString":
                return self._line()
            case "MultiPoint":
                return self._list(self._wrapped_position)
            case "MultiLineString":
                return self._list(self._line)
            case "Polygon":
                return self._rings()
            case _:
                return self._list(self._rings)

    def _line(self) -> list[Position]:
        positions = self._list(self._position_of)
        if len(positions) < 2:
            raise ValueError
        return positions

    def _rings(self) -> list[list[Position]]:
        """Return the rings of a polygon, by the right-hand rule (section 3.1.6)."""
        rings = self._list(self._line)
        if any(len(ring) < 4 or ring[0] != ring[-1] for ring in rings):
            raise ValueError
        # The first ring is the outer one, counterclockwise; holes are clockwise.
        return [
            ring[::-1] if (_area(ring) < 0) == (number == 0) else ring for number, ring in enumerate(rings)
        ]

    def _wrapped_position(self) -> Position:
        if self._peek() != "(":
            return self._position_of()
        (point,) = self._list(self._position_of)
        return point

    def _position_of(self) -> Position:
        numbers = [float(self._next())]
        while self._peek() not in ("(", ")", ",", ""):
            numbers.append(float(self._next()))
        if not 2 <= len(numbers) <= 4:
            raise ValueError
        if self._swapped:
            numbers[0], numbers[1] = numbers[1], numbers[0]
        if not (-180 <= numbers[0] <= 180 and -90 <= numbers[1] <= 90):
            raise ValueError
        # A measure, which GeoJSON does not have, is the fourth number, or in "M" the third.
        return numbers[: 2 if self._measured else 3]

    def _list(self, item: Callable[[], T]) -> list[T]:
        self._expect("(")
        items = [item()]
        while self._peek() == ",":
            self._next()
            items.append(item())
        self._expect(")")
        return items

    def end(self) -> None:
        if self._text[self._position :].strip():
            raise ValueError

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise ValueError

    def _peek(self) -> str:
        token = _TOKEN.match(self._text, self._position)
        return token[1] if token else ""

    def _next(self) -> str:
        token = _TOKEN.match(self._text, self._position)
        if token is None:
            raise ValueError
        self._position = token.end()
        return token[1]
