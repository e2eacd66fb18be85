"""Requests to the saved queries of the bands: the rules of grlc, SPARQL Transformer, SHACL executables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final
from urllib.parse import quote

from tests.datasets.grlc_bands import BAND, FILES, NS
from tests.recording.corpus.shorthand import JSON, get, page, post, spelled
from tests.recording.exchange import Request

# Run until a limit ends them.
_HOSTILE: Final = frozenset({"endless", "greedy", "many"})
_VALUES: Final[dict[str, object]] = {
    "genre": f"{NS}rock",
    "band": f"{BAND}1",
    "word": "ab",
    "nick": "ab",
    "motto": "물결",
    "name": "One",
    "year": 1999,
    "n": 2,
    "start": 1,
    "founded": 2010,
}
# Names that no file has: those within a file of several.
_INSIDE: Final = ("jazz-bands", "any-band", "examples", "names", "urls")


def requests() -> Iterator[Request]:
    """Each query without values, with values, as a page, in other formats."""
    names = {PurePath(file).name.partition(".")[0]: text for file, text in FILES.items()}
    for name, text in {**names, **dict.fromkeys(_INSIDE, "")}.items():
        if name not in _HOSTILE:
            yield from _of_query(name, text)
    yield get("bands/list", "/api")
    yield from page("bands/list-page", "/api")
    yield get("bands/openapi", "/api/openapi.json", accept_language="en")
    yield get("bands/description", "/sparql")
    for value in ("1", "x", "1999-01-01", "true", "http://example.org/x", "", "1.5", "a\nb"):
        for kind in ("iri", "number", "integer", "date", "boolean", "code", "korean", "name", "xsd-string"):
            yield get(f"bands/typed/{kind}-{spelled(value)}", f"/api/as-{kind}", {"x": value})


def _of_query(name: str, text: str) -> Iterator[Request]:
    path = f"/api/{quote(name)}"
    file = f"bands/{spelled(name)}"
    found = dict.fromkeys(re.findall(r"[?$]_+([a-z]+)", text))
    values = {key: _VALUES.get(key, "x") for key in found}
    yield get(f"{file}/plain", path)
    if values:
        yield get(f"{file}/values", path, values)
    for fmt in ("csv", "sparql-json", "turtle", "json-ld"):
        yield get(f"{file}/format-{fmt}", path, {**values, "format": fmt})
    yield from page(f"{file}/page", path, values)
    yield get(f"{file}/paged", path, {**values, "pageSize": 2, "count": "true"})
    yield get(f"{file}/explain", f"{path}/explain", values)
    yield get(f"{file}/source", f"{path}.rq")
    yield post(f"{file}/posted", path, "{}", JSON)
    yield get(f"{file}/values-of-genre", f"{path}/values/genre")
