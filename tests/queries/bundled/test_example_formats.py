"""The example of every saved query in every format that it offers, on the project's seed."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from urllib.parse import urlencode

import pytest
from lxml import etree, html  # type: ignore[import-untyped]
from pyoxigraph import RdfFormat, parse

from endpoint.formats import QueryForm
from tests.live import Answer, Server
from tests.queries.bundled.fixture_catalogue import catalog

GRAPHS = {
    "turtle": RdfFormat.TURTLE,
    "n-triples": RdfFormat.N_TRIPLES,
    "n-quads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdf-xml": RdfFormat.RDF_XML,
    "json-ld": RdfFormat.JSON_LD,
}


def number_of_rows(name: str, answer: Answer) -> int | None:
    """Return the number of rows or statements in an answer; None for a format that shows them differently."""
    if name in GRAPHS:
        return len(set(parse(answer.body, GRAPHS[name])))
    match name:
        case "flat-json":
            return len(answer.json()["rows"])
        case "sparql-json":
            return len(answer.json()["results"]["bindings"])
        case "sparql-xml":
            return len(etree.fromstring(answer.body).findall(".//{*}result"))
        case "csv" | "excel-csv":
            text = answer.body.decode("utf-8-sig")
            return len(list(csv.reader(io.StringIO(text, newline="")))) - 1
        case "tsv":
            return answer.text.count("\n") - 1
        case "ndjson":
            return len([json.loads(line) for line in answer.body.split(b"\n") if line])
        case "markdown":
            return len(answer.text.splitlines()) - 2
        case "html":
            return len(html.fromstring(answer.text).xpath("//div[contains(@class, 'rows')]//tbody/tr"))
    return None


@pytest.mark.parametrize("name", sorted(catalog().queries))
def test_every_format_holds_the_same_rows(server: Server, name: str) -> None:
    query = catalog().queries[name]
    (listed,) = [row for row in server.get("/api").json()["queries"] if row["name"] == name]
    values = query.example_values()
    whole = server.get(f"/api/{name}.json?{urlencode(values)}").json()["rows"]
    counted = []
    for offer in listed["formats"]:
        path = f"/api/{name}?{urlencode({**values, 'format': offer['name']})}"
        answer = server.get(path)
        if offer["name"] == "geojson" and whole:
            assert (answer.status, answer.json()["code"]) == (406, "not-expressible")
            continue
        assert (answer.status, answer.type) == (200, offer["mediaType"]), path
        if offer["name"] == "xlsx":
            assert zipfile.ZipFile(io.BytesIO(answer.body)).testzip() is None
        if (found := number_of_rows(offer["name"], answer)) is None or offer["name"] == "json-ld":
            continue
        # A page for people begins with a hundred rows.
        assert found == (min(len(whole), 100) if offer["name"] == "html" else len(whole)), path
        counted.append(offer["name"])
    assert len(counted) >= (8 if query.form is QueryForm.SELECT else 6)
