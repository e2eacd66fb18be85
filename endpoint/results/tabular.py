"""Rows as tables for people and for programs, written row by row.

Flat JSON, NDJSON, a Markdown table, an HTML table; nothing here grows with the result.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from itertools import islice
from json.encoder import encode_basestring
from typing import Final

from pyoxigraph import Literal, NamedNode

from endpoint.dataset import resource_path
from endpoint.formats import Links
from endpoint.results.rows import Rows, Term, Value, native, shown
from endpoint.vocabulary import XSD

HTML_ROWS: Final = 1000
# Characters that are shown of a web address in a cell; the link has it all.
_ADDRESS: Final = 48

_BREAKS: Final = str.maketrans({"\r": " ", "\n": " ", "\t": " "})
# Characters that would be markup in a cell (GitHub Flavored Markdown section 4.10, CommonMark section 2.4).
_MARKUP: Final = str.maketrans(
    {**{sign: "\\" + sign for sign in "\\|`*_[]~"}, "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_NOT_IN_LINK: Final = frozenset("<>|\\ ")


def flat_json(rows: Rows, language_tags: bool = False, envelope: bool = False) -> Iterator[str]:
    """Yield ``{"columns": […], "rows": [{…}]}`` with native numbers and booleans, null where unbound.

    With ``envelope`` the opening brace is left out, since other members precede.
    """
    brace = "" if envelope else "{"
    yield f'{brace}"columns": {json.dumps(rows.names, ensure_ascii=False)}, "rows": ['
    separator = "\n"
    for row in _objects(rows, language_tags):
        yield separator + row
        separator = ",\n"
    yield "\n]}\n"


def nd_json(rows: Rows, language_tags: bool = False) -> Iterator[str]:
    """Yield one JSON object on each line, values as in flat JSON."""
    for row in _objects(rows, language_tags):
        yield row + "\n"


def _objects(rows: Rows, language_tags: bool) -> Iterator[str]:
    # Written by hand: json.dumps() takes twice as long, and this is the format of most answers.
    names = [
        f"{', ' if column else '{'}{encode_basestring(name)}: " for column, name in enumerate(rows.names)
    ]
    write = _tagged_json if language_tags else _json
    for row in rows.rows:
        yield "".join([name + write(term) for name, term in zip(names, row, strict=True)]) + "}"


def _json(term: Term | None) -> str:
    value = native(term)
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _tagged_json(term: Term | None) -> str:
    value = tagged(term)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else _json(term)


def tagged(term: Term | None) -> Value | dict[str, str]:
    """Return the JSON value of a term; for a text with a language ``{"value": …, "language": …}``."""
    if isinstance(term, Literal) and term.language:
        return {"value": term.value, "language": term.language}
    return native(term)


def markdown(rows: Rows) -> Iterator[str]:
    """Yield a table of GitHub Flavored Markdown (section 4.10)."""
    yield f"| {' | '.join(name.translate(_MARKUP) for name in rows.names)} |\n"
    yield f"|{'---|' * len(rows.names)}\n"
    for row in rows.rows:
        yield f"| {' | '.join(_markdown_cell(term) for term in row)} |\n"


def _markdown_cell(term: Term | None) -> str:
    text = shown(term)
    if isinstance(term, NamedNode) and _is_web(text) and _NOT_IN_LINK.isdisjoint(text):
        return f"<{text}>"
    return text.translate(_BREAKS).translate(_MARKUP)


def html_table(
    rows: Rows, prefixes: Mapping[str, str], most: int = HTML_ROWS, links: Links | None = None
) -> Iterator[str]:
    """Yield the rows as an HTML table, at most ``most``; the page around it is the server's."""
    yield "<table>\n<thead><tr>"
    yield "".join(f'<th scope="col">{escape(name)}</th>' for name in rows.names)
    yield "</tr></thead>\n<tbody>\n"
    count = 0
    for row in islice(rows.rows, most):
        count += 1
        yield f"<tr>{''.join(f'<td>{html_term(term, prefixes, links)}</td>' for term in row)}</tr>\n"
    yield "</tbody>\n</table>\n"
    more = count == most and next(rows.rows, None) is not None
    yield f'<p class="count">{_note(count, more, links)}</p>\n'


def _note(count: int, more: bool, links: Links | None) -> str:
    if links is not None and links.language == "ko":
        return f"처음 {count:,}행입니다. 전체 결과는 파일로 내려받으십시오." if more else f"{count:,}행"
    if more:
        return f"The first {count:,} rows; download the whole result."
    return "1 row" if count == 1 else f"{count:,} rows"


def html_term(term: Term | None, prefixes: Mapping[str, str], links: Links | None = None) -> str:
    """Return one RDF term as HTML. Only http and https IRIs become links; ``prefixes`` shorten what is shown.

    A resource that has its page on this server is linked to there.
    """
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        iri, text = escape(term.value), escape(_short(term.value, prefixes))
        if links is not None and term.value.startswith(links.base):
            address = escape(links.root + resource_path(term.value, links.base))
            return f'<a href="{address}" title="{iri}">{escape(_brief(term.value, prefixes))}</a>'
        if _is_web(term.value):
            return f'<a href="{iri}" title="{iri}">{text}</a>'
        return text
    if isinstance(term, Literal):
        text = f"<span>{escape(term.value)}</span>"
        if term.datatype.value == XSD + "anyURI" and _is_web(term.value):
            address = term.value
            seen = address if len(address) <= _ADDRESS else f"{address[: _ADDRESS - 1]}…"
            return f'<a href="{escape(address)}" title="{escape(address)}">{escape(seen)}</a>'
        if term.language:
            return (
                f'<span lang="{escape(term.language)}">{text}</span> <small>@{escape(term.language)}</small>'
            )
        if term.datatype.value == XSD + "string":
            return text
        return f"{text} <small>{escape(_short(term.datatype.value, prefixes))}</small>"
    return escape(str(term))


def _is_web(iri: str) -> bool:
    return iri.lower().startswith(("http://", "https://"))


def _brief(iri: str, prefixes: Mapping[str, str]) -> str:
    """Shorten the IRI of a resource of the dataset: its path after the longest prefix that it has."""
    fitting = [row for row in prefixes.items() if iri.startswith(row[1])]
    if not fitting:
        return iri
    prefix, namespace = max(fitting, key=lambda row: len(row[1]))
    return f"{prefix}:{iri.removeprefix(namespace)}"


def _short(iri: str, prefixes: Mapping[str, str]) -> str:
    """Return the prefixed name of a vocabulary term; other IRIs, such as those of resources, stay whole."""
    for prefix, namespace in prefixes.items():
        if iri.startswith(namespace) and iri[len(namespace) :].isidentifier():
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri
