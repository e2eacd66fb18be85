"""WKT as GeoJSON geometries."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from endpoint.results.geojson import geo_json, read_wkt
from endpoint.results.rows import Inexpressible, Row, Rows

CRS = "http://www.opengis.net/def/crs/"
SQUARE = [[[0, 0], [1, 0], [1, 1], [0, 0]]]

SHAPES: list[tuple[str, str, object]] = [
    ("POINT(127 37.5)", "Point", [127, 37.5]),
    (" point ( 127   37.5 ) ", "Point", [127, 37.5]),
    ("POINT(-1.5e1 +.5)", "Point", [-15, 0.5]),
    ("POINT Z (1 2 3)", "Point", [1, 2, 3]),
    ("POINT ZM (1 2 3 4)", "Point", [1, 2, 3]),
    ("POINT M (126.97 37.56 1999)", "Point", [126.97, 37.56]),
    ("LINESTRING m(1 2 9, 3 4 9)", "LineString", [[1, 2], [3, 4]]),
    (f"<{CRS}OGC/1.3/CRS84> POINT(127 37.5)", "Point", [127, 37.5]),
    (f"<{CRS}EPSG/0/4326> POINT(37.5 127)", "Point", [127, 37.5]),
    (f"<{CRS}EPSG/0/4326>LINESTRING(1 2,3 4)".replace("http:", "https:"), "LineString", [[2, 1], [4, 3]]),
    ("POLYGON((0 0, 1 0, 1 1, 0 0))", "Polygon", SQUARE),
    ("POLYGON((0 0, 1 1, 1 0, 0 0))", "Polygon", [SQUARE[0]]),
    (f"<{CRS}EPSG/0/4326> POLYGON((0 0, 0 1, 1 1, 0 0))", "Polygon", SQUARE),
    (
        "POLYGON((0 0, 9 0, 9 9, 0 0), (1 0.5, 2 0.5, 2 1, 1 0.5))",
        "Polygon",
        [[[0, 0], [9, 0], [9, 9], [0, 0]], [[1, 0.5], [2, 1], [2, 0.5], [1, 0.5]]],
    ),
    ("MULTIPOINT((1 2), (3 4))", "MultiPoint", [[1, 2], [3, 4]]),
    ("MULTIPOINT(1 2, 3 4)", "MultiPoint", [[1, 2], [3, 4]]),
    ("MULTILINESTRING((1 2, 3 4), (5 6, 7 8))", "MultiLineString", [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
    ("MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))", "MultiPolygon", [SQUARE]),
]


@pytest.mark.parametrize(("text", "kind", "coordinates"), SHAPES)
def test_a_geometry(text: str, kind: str, coordinates: object) -> None:
    assert read_wkt(text) == {"type": kind, "coordinates": coordinates}


def test_a_collection() -> None:
    assert read_wkt("GEOMETRYCOLLECTION(POINT(1 2), GEOMETRYCOLLECTION EMPTY)") == {
        "type": "GeometryCollection",
        "geometries": [
            {"type": "Point", "coordinates": [1, 2]},
        ],
    }


@pytest.mark.parametrize("text", ["POINT EMPTY", "POLYGON Z EMPTY", "GEOMETRYCOLLECTION EMPTY"])
def test_an_empty_geometry_is_none(text: str) -> None:
    assert read_wkt(text) is None


NONE = [
    "",
    "LINESTRING(1 1)",
    "POLYGON((0 0, 1 0, 1 1, 0 1))",
    "POLYGON((0 0, 1 0, 0 0))",
    "POINT(2000 1000)",
    "POINT(10 91)",
    "POINT",
    "POINT(1)",
    "POINT(1 2",
    "POINT(1 2))",
    "POINT(1 2, 3 4)",
    "POINT(a b)",
    "POINT(1 2) x",
    "CIRCLE(1 2)",
    "POLYGON(0 0, 1 1)",
    "GEOMETRYCOLLECTION(" * 50 + "POINT(1 2)" + ")" * 50,
    "POINT(" + "(" * 100_000,
    f"<{CRS}EPSG/0/5179> POINT(1 2)",
]


@pytest.mark.parametrize("text", NONE, ids=[text[:30] for text in NONE])
def test_what_is_no_geometry_is_told(text: str) -> None:
    with pytest.raises(Inexpressible, match=r"WKT|coordinate system"):
        read_wkt(text)


@given(st.text("POINTGEMRYCLSUZ(), 0.5-+e<>", max_size=40))
def test_any_text_is_a_geometry_or_is_refused(text: str) -> None:
    with suppress(Inexpressible):
        json.dumps(read_wkt(text), allow_nan=False)


def features(names: list[str], rows: list[Row]) -> list[dict[str, Any]]:
    found = json.loads("".join(geo_json(Rows(names, iter(rows)))))
    assert found["type"] == "FeatureCollection"
    return list(found["features"])


@pytest.mark.parametrize(
    "names", [["lat", "long"], ["latitude", "longitude"], ["Lat", "Lng"], ["lat", "lon"]]
)
def test_columns_named_after_coordinates(names: list[str]) -> None:
    (feature,) = features([*names, "x"], [[Literal(37.5), Literal("127"), NamedNode("urn:x")]])
    assert feature["geometry"] == {"type": "Point", "coordinates": [127.0, 37.5]}
    assert feature["properties"] == {"x": "urn:x"}


@pytest.mark.parametrize("latitude", [None, Literal("north"), Literal("nan"), NamedNode("urn:1")])
def test_what_is_no_number_gives_no_geometry(latitude: Literal | NamedNode | None) -> None:
    (feature,) = features(["lat", "long"], [[latitude, Literal(1)]])
    assert feature["geometry"] is None


def test_a_column_of_wkt_is_found_behind_empty_cells() -> None:
    found = features(["a", "b"], [[Literal("x"), None], [Literal("y"), wkt("POINT(1 2)")]])
    assert [feature["geometry"] for feature in found] == [None, {"type": "Point", "coordinates": [1, 2]}]


def wkt(text: str) -> Literal:
    return Literal(text, datatype=NamedNode("http://www.opengis.net/ont/geosparql#wktLiteral"))


def test_one_geometry_that_cannot_be_expressed_leaves_the_others() -> None:
    elsewhere = f"<{CRS}EPSG/0/5179> POINT(1 2)"
    texts = [elsewhere, "POINT(1 2)", "POINT(2000 1000)", "POINT EMPTY"]
    found = features(["where", "n"], [[wkt(text), Literal(1)] for text in texts])
    assert [feature["geometry"] for feature in found] == [
        None,
        {"type": "Point", "coordinates": [1, 2]},
        None,
        None,
    ]
    # What is not on the map is told as it was written.
    assert [feature["properties"].get("where") for feature in found] == [elsewhere, None, texts[2], None]
    with pytest.raises(Inexpressible, match="coordinate system"):
        features(["where"], [[wkt(elsewhere)], [wkt(texts[2])]])


def test_no_latitude_is_beyond_the_poles() -> None:
    (feature,) = features(["lat", "long"], [[Literal(91), Literal(1)]])
    assert feature["geometry"] is None
