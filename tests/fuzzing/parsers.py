"""The table of parsers.

Each takes any bytes; what it raises besides its designed errors is a finding."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from starlette.types import Scope

from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.paths import match_path, split_extension
from endpoint.catalog.readers import grlc, shacl, transformer
from endpoint.errors import EndpointError
from endpoint.formats import GRAPH_FORMATS, HTML, RESULT_FORMATS, by_extension, by_name, negotiate
from endpoint.ingest.pages import read_page
from endpoint.ingest.pages.html import read_page_html
from endpoint.ingest.pages.terms import link_target, named, shown_literal
from endpoint.ingest.sources.archives import archive_type
from endpoint.ingest.sources.byte_streams import open_stream
from endpoint.ingest.sources.text_encoding import open_text
from endpoint.ingest.tables import read_table
from endpoint.ingest.tables.mapping import read_mappings
from endpoint.ingest.tables.spreadsheet import read_grids
from endpoint.ingest.tables.templates import parse_template
from endpoint.search import query as search_query
from endpoint.search.service.rewriting import read_federated
from endpoint.settings import values
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.diagnosis import explain
from endpoint.sparql.lexer import lex
from endpoint.sparql.operation import admit, classify
from endpoint.sparql.parameter_sites import parameter_sites
from endpoint.sparql.parameters import bind_marked, misplaced_parameters, variables
from endpoint.sparql.syntax import parser as syntax
from endpoint.tokens import Token, Tokens
from endpoint.web.api.markup import highlight, leads_somewhere, prose
from endpoint.web.attempts import Attempts
from endpoint.web.http import encodings
from endpoint.web.http.access import client_key, read_password, read_token
from endpoint.web.http.forwarded import proxies
from endpoint.web.http.request import decode_pairs, read_formats, read_timeout
from tests.ingest.sources.packed_files import COMPRESS, tar_of, zip_of

_MAPPING_FILE: Final = Path(__file__).parent.parent / "ingest" / "tables" / "plain.toml"
PREFIXES: Final = {"ex": "http://example.org/", "rdfs": "http://www.w3.org/2000/01/rdf-schema#"}


@dataclass(frozen=True)
class Parser:
    """One parser: its name, the function that feeds it, texts that it can read, and what it may raise."""

    name: str
    feed: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    raises: tuple[type[Exception], ...] = (EndpointError,)

    def check(self, data: bytes) -> None:
        """Feed it. Raises what the parser should not have raised."""
        with suppress(*self.raises):
            self.feed(data)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _of_text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(_text(data))


def _of_file(name: str, parse: Callable[[Path], object]) -> Callable[[bytes], object]:
    def feed(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(data)
            parse(file)

    return feed


def _each_type(text: str) -> None:
    for row in TYPES.values():
        with suppress(ValueError):
            read = row.read(text)
            if row.order is not None:
                row.order(read)


def _classified(text: str) -> None:
    admit(classify(text, 500))


def _translated(text: str) -> None:
    translate(syntax.parse(text), PREFIXES, "http://example.org/")


def _bound(text: str) -> None:
    found = parameter_sites(text, variables(text))
    tuple(misplaced_parameters(text, [site.name for site in found]))
    bind_marked(text, {})


def _negotiated(text: str) -> None:
    for offered in (RESULT_FORMATS, GRAPH_FORMATS, (HTML,)):
        negotiate(text, offered)
        by_name(text, offered)
        by_extension(text, offered)


def _pairs(data: bytes) -> None:
    pairs = decode_pairs(data)
    read_formats(pairs)
    read_timeout(pairs)


def _forwarded(text: str) -> None:
    value = text.encode("latin-1", "replace")
    scope: Scope = {"client": ("10.0.0.1", 1), "scheme": "http", "headers": [(b"forwarded", value)]}
    proxies(("10.0.0.0/8",)).apply(scope)
    scope["headers"] = [(b"x-forwarded-for", value), (b"x-forwarded-proto", value)]
    proxies(("10.0.0.0/8",)).apply(scope)


def _authorized(text: str) -> None:
    tokens = Tokens((Token("a", sha256(b"secret").digest(), frozenset(), None),))
    read_token(text, tokens, Attempts(), "192.0.2.1")
    read_password(text, tokens, Attempts(), "192.0.2.1")


def _read_all(data: bytes) -> None:
    open_text(io.BytesIO(data), "file.csv", []).read()


def _named(text: str) -> None:
    with suppress(EndpointError, ValueError):
        named(text, PREFIXES)
    shown_literal(text, PREFIXES)
    link_target(text, "http://example.org/a/b")


def _rows(name: str) -> Callable[[bytes], None]:
    """Return a reader of tables of this name, by the mapping of the tests."""
    mappings = read_mappings([_MAPPING_FILE], PREFIXES)

    def feed(data: bytes) -> None:
        for _ in read_table(io.BytesIO(data), name, mappings, []):
            pass

    return feed


def _members(name: str) -> Callable[[bytes], None]:
    """Return a reader of all that is in an archive of this name."""

    def feed(data: bytes) -> None:
        found = archive_type(name)
        assert found is not None
        archive = found[0](lambda stack: stack.enter_context(io.BytesIO(data)), name, found[1])
        with archive:
            for member in archive.members():
                with open_stream(partial(archive.open, member), name) as stream:
                    stream.read()

    return feed


def _decompressed(compression: str) -> Callable[[bytes], None]:
    def feed(data: bytes) -> None:
        with open_stream(lambda stack: stack.enter_context(io.BytesIO(data)), "a", compression) as stream:
            stream.read()

    return feed


def _sized(text: str) -> None:
    for parse in (
        values.size,
        values.seconds,
        values.url,
        values.address,
        values.switch,
        values.networks,
        values.hosts,
    ):
        with suppress(ValueError):
            parse(text)


def _grids(data: bytes) -> None:
    for grid in read_grids(io.BytesIO(data), "a.xlsx"):
        tuple(grid.rows)


def _book() -> bytes:
    book = Workbook()
    sheet = book.active
    if sheet is not None:
        sheet.append(["번호", "제목"])
        sheet.append([1, "외교"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SPARQL: Final = (
    b"PREFIX ex: <http://example.org/>\nSELECT ?a (COUNT(*) AS ?n) FROM <urn:g> { "
    b"?a ex:b 'x'@ko, 1.5e3 ; a ex:C . "
    b"OPTIONAL { ?a ^ex:p/ex:q* ?c } FILTER(?c IN (1, 2) && !BOUND(?d)) } GROUP BY ?a ORDER BY ?a LIMIT 5",
    b"CONSTRUCT { ?s ?p ?o } WHERE { SERVICE text:search { ?s text:query 'seoul' } ?s ?p ?o } # end",
    "ASK { ?s ?p '''여러\n줄''' . << ?a ?b ?c >> ?d [] . VALUES (?x) { (UNDEF) } }".encode(),
    b'INSERT DATA { GRAPH <urn:g> { <a> <b> "c\\u00e9" } } ; LOAD <http://example.org/> INTO GRAPH <urn:h>',
)
GRLC: Final = (
    b"#+ summary: Publications\n#+ params:\n#+   - author:\n#+       description: A name\n"
    b"#+ tags:\n#+   - a\nSELECT * { ?s ?p ?_author_iri }",
)
TRANSFORMER: Final = (
    b'{"proto": {"id": "?id", "name": "$rdfs:label$required$lang:ko"}, "$where": ["?id a ex:C"], '
    b'"$limit": 10, "$prefixes": {"ex": "http://example.org/"}}',
)
SHACL: Final = (
    b"@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .\n"
    b'ex:q a sh:SPARQLSelectExecutable ; sh:select "SELECT * { ?s ?p ?o }" ; '
    b'<http://www.w3.org/2000/01/rdf-schema#comment> "All" .',
)
PAGE: Final = (
    b"<html><head></head><h1>T ( http://example.org/a )</h1><table><tr><th>Property<th>Value</tr>"
    b"<tr><td><a href='http://example.org/p'>ex:p</a></td><td><ul><li>value @ko</li></ul></td></tr></table>",
)
MAPPING: Final = (_MAPPING_FILE.read_bytes(),)
TEXT: Final = (
    "Title ( http://example.org/a ) at Linked Data\n\nProperty Value\nrdfs:label\n  • text (xsd:string)\n"
    "    and more\n  • 외교 (ko)\nis ex:p of\n  • http://example.org/b\n".encode(),
)
TABLES: Final = {
    "a.csv": ('id,text\n1,외교\n2,"a\nb"\n'.encode(), "id,text\n1,외교\n".encode("cp949")),
    "a.tsv": ("id\ttext\n1\t외교\n".encode(),),
    "a.json": ('{"items": [{"id": 1, "text": ["외교", "b"]}]}'.encode(),),
    "a.jsonl": ('{"id": 1, "text": "외교"}\n\n'.encode(),),
}
TOKENS: Final = (f'[a]\nsha256 = "{"0" * 64}"\nscopes = ["admin"]\nbudget = 60\n'.encode(),)

PARSERS: Final = (
    Parser("SPARQL tokens", _of_text(lex), SPARQL),
    Parser("SPARQL syntax", _of_text(syntax.parse), SPARQL[:3], (syntax.Unsupported,)),
    Parser("SPARQL algebra", _of_text(_translated), SPARQL[:1], (syntax.Unsupported,)),
    Parser("SPARQL operation and gate", _of_text(_classified), SPARQL[:3]),
    Parser("SPARQL parameters", _of_text(_bound), SPARQL),
    Parser("SPARQL diagnosis", _of_text(lambda text: explain(text, "", PREFIXES)), SPARQL, ()),
    Parser("text search in SPARQL", _of_text(lambda text: read_federated(text, None, PREFIXES)), SPARQL),
    Parser("search query", _of_text(search_query.parse), (b'"korea us" -title:north OR (a b*)',), ()),
    Parser("grlc", lambda data: grlc.read(data, "a.rq"), GRLC),
    Parser("SPARQL Transformer", lambda data: transformer.read(data, "a.json"), TRANSFORMER),
    Parser("SHACL queries", lambda data: shacl.read(data, "a.ttl"), SHACL),
    Parser("values of parameters", _of_text(_each_type), (b"2024-02-29", b"-1.5E3"), ()),
    Parser(
        "path of a saved query",
        _of_text(lambda text: (match_path(["/a/{b}", "/a/c"], text.split("/"), True), split_extension(text))),
        (b"a/c.csv",),
        (),
    ),
    Parser("Accept", _of_text(_negotiated), (b"text/csv;q=0.5, application/*;q=1, */*;q=0",), ()),
    Parser("Accept-Encoding", _of_text(encodings.negotiate), (b"gzip;q=0.5, br, *;q=0, identity",), ()),
    Parser("form", _pairs, (b"query=ASK%20%7B%7D&format=csv&timeout=5&x=%EA%B0%80+1",)),
    Parser("address of a client", _of_text(client_key), (b"2001:db8::1%eth0", b"[::1]:80"), ()),
    Parser("Forwarded", _of_text(_forwarded), (b'for="[2001:db8::1]:80";proto=https, for=192.0.2.1',), ()),
    Parser("Authorization", _of_text(_authorized), (b"Bearer secret", b"Basic YTpzZWNyZXQ=")),
    Parser("file of tokens", _of_file("tokens.toml", Tokens.read), TOKENS),
    Parser("settings", _of_text(_sized), (b"512MB", b"2.5 s"), ()),
    Parser("page", _of_text(lambda text: read_page_html(text, "a.html", PREFIXES, "http://a/", [])), PAGE),
    Parser("names on a page", _of_text(_named), (b"ex:a", b'"x"@ko', b"1 (ex:integer)"), ()),
    Parser(
        "page as text", lambda data: read_page(io.BytesIO(data), "a.txt", PREFIXES, "http://a/", []), TEXT
    ),
    *(Parser(f"table {name}", _rows(name), seeds) for name, seeds in TABLES.items()),
    *(
        Parser(f"archive {name}", _members(name), (pack({"a.ttl": b"<a:> <a:> 1 .", "b/c.nt": b""}),))
        for name, pack in (("a.zip", zip_of), ("a.tar", tar_of))
    ),
    *(
        Parser(f"compressed {name}", _decompressed(name), (pack(b"text" * 9),))
        for name, pack in COMPRESS.items()
    ),
    Parser("encoding", _read_all, ("번호,제목".encode("cp949"), "번호".encode("utf-16"), b"\xef\xbb\xbfa")),
    Parser("mapping", _of_file("a.toml", lambda file: read_mappings([file], PREFIXES)), MAPPING),
    Parser("template", _of_text(parse_template), (b"ex:{id|lower}", b"{a} {b}"), (ValueError, EndpointError)),
    Parser(
        "XLSX", lambda data: [list(grid.rows) for grid in read_grids(io.BytesIO(data), "a.xlsx")], (_book(),)
    ),
    Parser("Markdown", _of_text(prose), (b"A **b** [c](http://d) `e`\n\n* f",), ()),
    Parser("SPARQL in colour", _of_text(lambda text: (highlight(text), leads_somewhere(text))), SPARQL, ()),
)
