"""Files that nest too deeply are mistakes, in every format; what nests as data does is loaded."""

from __future__ import annotations

import pytest

from endpoint.errors import DataError
from endpoint.formats.nesting import MOST, MOST_JSON
from tests.ingest.rdf.rdf_files import RDF, Write, load

SUBJECT = "<http://example.org/a>\n<http://example.org/p>\n"
LINE = SUBJECT.replace("\n", " ")
ROOT = f"<rdf:RDF {RDF}>\n\n"
DEEP = {
    "bnodes.ttl": (SUBJECT, "[ <http://example.org/p> ", "1", "]", ".", 1),
    "lists.ttl": (SUBJECT, "( ", "1", ")", ".", 1),
    "terms.ttl": (SUBJECT, f"<<( {LINE}", "1", " )>>", ".", 2),
    "bnodes.trig": (SUBJECT, "[ <http://example.org/p> ", "1", "]", ".", 1),
    "bnodes.n3": (SUBJECT, "[ <http://example.org/p> ", "1", "]", ".", 1),
    "formulas.n3": (SUBJECT, f"{{ {LINE}", "1", "}", ".", 1),
    "terms.nt": (f"\n\n{LINE}", f"<<( {LINE}", "<http://example.org/b>", " )>>", " .\n", 2),
    "terms.nq": (f"\n\n{LINE}", f"<<( {LINE}", "<http://example.org/b>", " )>>", " .\n", 2),
    "nodes.rdf": (ROOT, "<e:A><e:p>", "", "</e:p></e:A>", "</rdf:RDF>", 2),
    "resources.rdf": (
        *(f"{ROOT}<e:A>", '<e:p rdf:parseType="Resource">', "", "</e:p>", "</e:A></rdf:RDF>"),
        1,
    ),
    "objects.jsonld": ('{"@id": "urn:a",\n\n"urn:p": ', '{"urn:p": ', "1", "}", "}", 1),
    "lists.jsonld": ('{"@id": "urn:a",\n\n"urn:p": ', '{"@list": [', "1", "]}", "}", 2),
}


def deep(name: str, levels: int) -> str:
    before, opening, within, closing, after, each = DEEP[name]
    times = levels // each
    return before + opening * times + within + closing * times + after


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("broken", ["", "x"], ids=["whole", "with a mistake before"])
def test_a_deep_file_is_an_error_with_its_line(write: Write, name: str, broken: str) -> None:
    """Fifty thousand levels of most of these would end the process, or take minutes."""
    with pytest.raises(DataError) as raised:
        load(write(name, broken + deep(name, 50_000)))
    assert name in str(raised.value)
    if not broken:
        assert raised.value.line == 3
        assert (
            f"more than {MOST_JSON if name.endswith('.jsonld') else f'{MOST:,}'} levels"
            in raised.value.detail
        )


@pytest.mark.parametrize("name", sorted(DEEP.keys() - {"formulas.n3"}))
def test_what_nests_as_data_does_is_loaded(write: Write, name: str) -> None:
    levels = (MOST_JSON if name.endswith(".jsonld") else MOST) - 10
    assert len(load(write(name, deep(name, levels)))) > 0
