"""WKT as GeoJSON geometries."""

from __future__ import annotations

import json
from contextlib import suppress

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
    ("POINT EMPTY", "Point", []),
    (f"<{CRS}OGC/1.3/CRS84> POINT(127 37.5)", "Point", [127, 37.5]),
    (f"<{CRS}EPSG/0/4326> POINT(37.5 127)", "Point", [127, 37.5]),
    (f"<{CRS}EPSG/0/4326>LINESTRING(1 2,3 4)".replace("http:", "https:"), "LineString", [[2, 1], [4, 3]]),
    ("POLYGON((0 0, 1 0, 1 1, 0 0))", "Polygon", SQUARE),
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
            {"type": "GeometryCollection", "geometries": []},
        ],
    }


NONE = [
    "",
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


def features(names: list[str], rows: list[Row]) -> list[dict[str, object]]:
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
    wkt = Literal("POINT(1 2)", datatype=NamedNode("http://www.opengis.net/ont/geosparql#wktLiteral"))
    found = features(["a", "b"], [[Literal("x"), None], [Literal("y"), wkt]])
    assert [feature["geometry"] for feature in found] == [None, {"type": "Point", "coordinates": [1, 2]}]
