"""Items in the three formats: pybtex writes BibTeX, rispy writes RIS, CSL-JSON is JSON."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import rispy  # type: ignore[import-untyped]
from pybtex.database import BibliographyData, Entry, Person  # type: ignore[import-untyped]
from pybtex.database.output import bibtex  # type: ignore[import-untyped]

from endpoint.results.bibliography.items import Item
from endpoint.results.bibliography.names import Name, paragraphs, single_line

# Braces come in pairs: BibTeX counts them, and a backslash before one does not hide it.
_TEX: Final = str.maketrans(
    {
        "\\": r"{\textbackslash}",
        "{": r"{\textbraceleft}",
        "}": r"{\textbraceright}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        **{character: f"\\{character}" for character in "#$%&_"},
    }
)
# Characters that would end a field of BibTeX, percent-encoded: a field url has no other escapes.
_ADDRESS: Final = str.maketrans({character: f"%{ord(character):02X}" for character in '{}\\" '})


class _BibTexWriter(bibtex.Writer):  # type: ignore[misc]
    """pybtex's writer without its own escaping, which would escape twice, and addresses too."""

    def quote(self, s: str) -> str:
        # All fields written here have braces in pairs; pybtex's own check took half of the time.
        return f"{{{s}}}"

    def _encode(self, text: str) -> str:
        return text


def write_bibtex(items: Iterable[Item]) -> Iterator[str]:
    """Yield BibTeX in UTF-8: only what TeX takes for a command is escaped; titles keep their capitals."""
    writer = _BibTexWriter(encoding="UTF-8")
    separator = ""
    for item in items:
        persons = {"author": [_person(name) for name in item.authors]} if item.authors else {}
        entry = Entry(item.kind.bibtex, fields=_bibtex_fields(item), persons=persons)
        stream = io.StringIO()
        writer.write_stream(BibliographyData({item.key: entry}), stream)
        yield separator + stream.getvalue()
        separator = "\n"


def _bibtex_fields(item: Item) -> list[tuple[str, str]]:
    fields = [
        ("title", _kept_capitals(item.title)),
        (item.kind.bibtex_series, item.series.translate(_TEX)),
        ("number", item.number.translate(_TEX)),
        (item.kind.bibtex_publisher, item.publisher.translate(_TEX)),
        # Classic styles read the year, biblatex the date.
        ("year", f"{item.date[0]:04d}" if item.date else ""),
        ("date", _iso(item.date)),
        ("language", item.language),
        ("url", item.url.translate(_ADDRESS)),
        ("keywords", _joined(item.keywords).translate(_TEX)),
        # Paragraphs stay, but no empty line: to TeX it would end the argument that the text is in.
        ("abstract", "\n".join(paragraphs(item.abstract)).translate(_TEX)),
    ]
    return [(name, value) for name, value in fields if value]


def _joined(keywords: Iterable[str]) -> str:
    # Programs that read them split them at the commas again.
    return ", ".join(single_line(keyword.replace(",", " ")) for keyword in keywords)


def _kept_capitals(title: str) -> str:
    """Put braces around words whose capitals a style would make small: all but the initial of the first."""
    words = []
    for index, word in enumerate(title.split(" ")):
        looked_at = word[1:] if index == 0 else word
        escaped = word.translate(_TEX)
        words.append(f"{{{escaped}}}" if any(map(str.isupper, looked_at)) else escaped)
    return " ".join(words)


def _person(name: Name) -> Person:
    family, given = name.family.translate(_TEX), name.given.translate(_TEX)
    if given and not re.search(r",|\band\b", f"{family} {given}", re.IGNORECASE):
        return Person(last=family, first=given)
    # In braces a name is one piece, whatever is in it.
    return Person(last=f"{{{f'{family}, {given}' if given else family}}}")


def _iso(date: tuple[int, ...]) -> str:
    return "-".join([f"{date[0]:04d}", *(f"{part:02d}" for part in date[1:])]) if date else ""


class _RisWriter(rispy.RisWriter):  # type: ignore[misc]
    """rispy's writer with CR LF at the end of lines, as the specification requires, and without numbers."""

    NEWLINE = "\r\n"

    def set_header(self, count: int) -> str:
        return ""


def write_ris(items: Iterable[Item]) -> Iterator[str]:
    """Yield RIS in UTF-8, every value on one line."""
    writer = _RisWriter()
    separator = ""
    for item in items:
        stream = io.StringIO(newline="")
        writer.format_lines(stream, [_ris_fields(item)])
        yield separator + stream.getvalue()
        separator = "\r\n"


def _ris_fields(item: Item) -> dict[str, Sequence[str]]:
    texts = {
        "type_of_reference": item.kind.ris,
        "id": item.key,
        "title": item.title,
        "secondary_title": item.series,
        item.kind.ris_number: item.number,
        "publisher": item.publisher,
        "year": f"{item.date[0]:04d}" if item.date else "",
        # Year/month/day/other information, with all slashes (RIS format specifications, date fields).
        "date": "/".join([*_iso(item.date).split("-"), "", "", ""][:4]) if item.date else "",
        "language": item.language,
        "abstract": single_line(item.abstract),
        "accession_number": item.identifier,
    }
    authors = [f"{name.family}, {name.given}" if name.given else name.family for name in item.authors]
    lists = {"authors": authors, "keywords": [*item.keywords], "urls": [item.url] if item.url else []}
    return {name: value for name, value in {**texts, **lists}.items() if value}


def write_csl_json(items: Iterable[Item]) -> Iterator[str]:
    """Yield CSL-JSON, schema 1.0.2 of csl-data.json: an array with one object for each item."""
    separator = "[\n"
    for item in items:
        yield separator + json.dumps(_csl_item(item), ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _csl_item(item: Item) -> dict[str, object]:
    members: dict[str, object] = {
        "id": item.key,
        "type": item.kind.csl,
        "title": item.title,
        "author": [
            {"family": name.family, "given": name.given} if name.given else {"literal": name.family}
            for name in item.authors
        ],
        "issued": {"date-parts": [list(item.date)]} if item.date else None,
        item.kind.csl_series: item.series,
        item.kind.csl_number: item.number,
        "publisher": item.publisher,
        "URL": item.url,
        "language": item.language,
        "keyword": _joined(item.keywords),
        "abstract": item.abstract,
    }
    return {name: value for name, value in members.items() if value}
