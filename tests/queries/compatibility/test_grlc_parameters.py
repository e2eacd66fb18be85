"""Parameters are those that grlc itself reads: ``grlc-1.3.11.json`` has its description of each query.

It was recorded by giving each text to ``grlc.gquery.get_metadata`` of that release.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from endpoint.catalog.parameters import Parameter
from endpoint.catalog.reading import read_catalog

SAID = json.loads((Path(__file__).parent / "grlc-1.3.11.json").read_text())
# Where its regular expression is wrong, or its reading was never any use: what we find instead, and why.
OTHERWISE: dict[str, tuple[dict[str, str], str]] = {
    "?_x_string": ({"x": "string"}, "grlc knows no type but integer: this is the language string there"),
    "?_x_date": ({"x": "date"}, "the language date there"),
    "?_x_gYear": ({"x": "gYear"}, "the language gYear there"),
    "?__x_xsd_string": ({"x": "string"}, "xsd:string is what a plain literal is"),
    "?_x_multi_iri": ({"x": "iri*"}, "the datatype multi:iri there: no query parses then"),
    "?_x_multi": ({"x": "string*"}, "the language multi there"),
    "?_x_multi_val": ({"x": "string*"}, "the datatype multi:val there"),
    "?_u_multi_iri": ({"u": "iri*"}, "the datatype multi:iri there"),
    "?_author_name": ({"author": "string"}, "the language name there, which no data has"),
    "?_x_en_US": ({"x": "@en-US"}, "the datatype en:US there"),
    "?_title_zh_Hans": ({"title": "@zh-Hans"}, "the datatype zh:Hans there"),
    "?_저자": ({"저자": "string"}, "letters are those of ASCII there"),
    "$_x": ({"x": "string"}, "a variable begins with a question mark there"),
    "'?_y' } # ?_z": ({"x": "string"}, "strings and comments are replaced there"),
    "/?_y>": ({"x": "string"}, "IRIs are replaced there"),
}


# A header that it cannot read is none to grlc; we read its other lines.
UNREAD = "#+ summary: Cells in a place: two blocks"


def stands(text: str, query: str) -> bool:
    """Return whether a whole variable, or a piece of text, is in the query."""
    return re.search(re.escape(text) + r"(?!\w)", query) is not None


def grlc_type(found: dict[str, Any]) -> str:
    """Return the type that grlc gives to a parameter, by our name."""
    if found.get("format") == "iri":
        return "iri"
    if "lang" in found:
        return f"@{found['lang']}"
    if "datatype" in found:
        return str(found["datatype"]).removeprefix("xsd:")
    return str(found["type"]).replace("literal", "string")


def our_type(found: Parameter) -> str:
    name = {"langString": f"@{found.language}", "typed": f"ex:{(found.datatype or '').rpartition('/')[2]}"}
    return name.get(found.type, found.type) + ("*" if found.multiple else "")


@pytest.mark.parametrize("said", SAID, ids=[re.sub(r"\s+", " ", row["query"])[-60:] for row in SAID])
def test_parameters_are_those_of_grlc(tmp_path: Path, said: dict[str, Any]) -> None:
    (tmp_path / "q.rq").write_text(said["query"])
    catalog = read_catalog(tmp_path, 64)
    assert catalog.problems == ()
    found = {row.name: row for row in catalog.queries["q"].parameters}
    types = {name: our_type(row) for name, row in found.items()}
    expected = {row["name"]: grlc_type(row) for row in said["parameters"]}
    changed = [(name, instead) for name, (instead, _) in OTHERWISE.items() if stands(name, said["query"])]
    for variable, instead in changed:
        for name in re.findall(r"_{1,2}([a-z]+)", variable):
            expected.pop(name, None)
        expected |= instead
    assert types == expected
    for row in said["parameters"]:
        if row["name"] not in found:
            continue
        ours = found[row["name"]]
        assert f"?{ours.variable}" == row["original"]
        if UNREAD not in said["query"]:
            assert ours.default == row.get("default")
        assert ours.required == (row["required"] and ours.default is None)
        assert sorted(ours.offered) == sorted(map(str, row.get("enum", ())))
