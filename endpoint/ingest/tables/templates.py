"""Values made from a row of a table: ``http://example.org/{idx_no}``, ``{title|remove-space|lower}``.

A placeholder names a column of the mapping, then any filters, applied from left to right. A doubled brace
stands for itself. The filters are a closed set (:data:`FILTERS`): a mapping file is data, not a program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from endpoint.toml_file import alternatives

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<inside>[^{}]*)\}|[^{}]+|[{}]")
_DAY = re.compile(
    r"(?P<y>\d{4})(?:(?P<m>\d\d)(?P<d>\d\d)"
    r"|\s*[-./년]\s*(?P<month>\d\d?)\s*[-./월]\s*(?P<day>\d\d?)\s*[.일]?)"
    r"(?:[T ]\s*\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_YEAR = re.compile(r"(\d{4})(?:\d\d)?(?:\d\d)?(?:년|\s*[-./년].*)?", re.ASCII | re.DOTALL)
# RFC 3987 section 2.2: characters of a path segment beside ASCII letters and digits.
_IN_SEGMENT = "-._~!$&'()*+,;=:@"


class UnreadableValue(ValueError):
    """Raised by a filter that cannot read a cell; the text is the expected form."""


def _day(text: str) -> date:
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise UnreadableValue("is no date such as 2023-05-22, 2023.5.22, 2023년 5월 22일 or 20230522")
    try:
        return date(int(match["y"]), int(match["m"] or match["month"]), int(match["d"] or match["day"]))
    except ValueError:
        raise UnreadableValue("is not a day of the calendar") from None


def _year(text: str) -> str:
    match = _YEAR.fullmatch(text.strip())
    if match is None:
        raise UnreadableValue("does not begin with a year such as 2023")
    return match[1]


FILTERS: Mapping[str, Callable[[str], str]] = {
    "trim": str.strip,
    "collapse-space": lambda text: " ".join(text.split()),
    "remove-space": lambda text: "".join(text.split()),
    "lower": str.lower,
    "upper": str.upper,
    "date": lambda text: _day(text).isoformat(),
    "date-to-integer": lambda text: f"{_day(text):%Y%m%d}".zfill(8),
    "year": _year,
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A column of the mapping and the names of the filters its value passes."""

    column: str
    filters: tuple[str, ...] = ()

    def apply(self, text: str) -> str:
        """Return ``text`` after all filters. Raises :class:`UnreadableValue`."""
        for name in self.filters:
            text = FILTERS[name](text)
        return text


@dataclass(frozen=True, slots=True)
class Template:
    """Literal texts and placeholders in their order."""

    pieces: tuple[str | Placeholder, ...]

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """The placeholders, repeated ones too."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Placeholder))

    @property
    def is_one_cell(self) -> bool:
        """Return whether the whole value is one placeholder."""
        return len(self.pieces) == 1 and isinstance(self.pieces[0], Placeholder)

    def fill(self, cells: Mapping[str, tuple[str, ...]], encode: bool = False) -> list[str]:
        """Return every value; none where a column has none. A column with several gives several.

        ``encode`` percent-encodes the texts of cells, except a value that is one whole cell.
        Raises :class:`UnreadableValue`, with the column (``args[1]``) and its text (``args[2]``).
        """
        encode = encode and not self.is_one_cell
        values = [""]
        for piece in self.pieces:
            texts = [piece] if isinstance(piece, str) else _choices(piece, cells, encode)
            values = [value + text for value in values for text in texts]
        return values


def _choices(placeholder: Placeholder, cells: Mapping[str, tuple[str, ...]], encode: bool) -> list[str]:
    made = [_filtered(placeholder, text) for text in cells.get(placeholder.column, ())]
    return [_segment(text) if encode else text for text in made if text.strip()]


def _filtered(placeholder: Placeholder, text: str) -> str:
    try:
        return placeholder.apply(text)
    except UnreadableValue as error:
        raise UnreadableValue(error.args[0], placeholder.column, text) from None


def _segment(text: str) -> str:
    """Percent-encode for an IRI; letters of any script stay readable."""
    if text.isascii() and text.isalnum():
        return text
    return "".join(
        character if not character.isascii() and character.isalnum() else quote(character, safe=_IN_SEGMENT)
        for character in text
    )


def parse_template(text: str) -> Template:
    """Read a template. Raises ValueError with a sentence about its first mistake."""
    pieces: list[str | Placeholder] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if match["inside"] is not None:
            pieces.append(_placeholder(match["inside"]))
            continue
        if piece in ("{", "}"):
            raise ValueError(f"has a single {piece!r} in {text!r}; write {piece * 2!r} for the character")
        plain = piece[0] if piece in ("{{", "}}") else piece
        if pieces and isinstance(pieces[-1], str):
            pieces[-1] += plain
        else:
            pieces.append(plain)
    return Template(tuple(pieces))


def _placeholder(inside: str) -> Placeholder:
    column, *filters = (part.strip() for part in inside.split("|"))
    if not column:
        raise ValueError("has a placeholder without a column's name")
    for name in filters:
        if name not in FILTERS:
            hint = alternatives(name, FILTERS)
            raise ValueError(f"uses the filter {name!r}, which does not exist; {hint}")
    return Placeholder(column, tuple(filters))
