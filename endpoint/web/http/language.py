"""The language of the interface: Korean or English, by the address, the browser or the dataset.

Pages are written in English in the templates; ``locale/ko/*.po`` has the Korean of every message, one
file for each part of the site, in the format that translators' tools read (GNU gettext).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

LANGUAGES: Final = ("ko", "en")
# The language that the templates are written in.
SOURCE: Final = "en"
# The parameter of every page that chooses the language of the interface.
PARAMETER: Final = "locale"

_LOCALE: Final = Path(__file__).parents[1] / "locale"
# Nobody prefers more languages than fit into this; the rest of a longer header is not read.
_READ_LENGTH: Final = 500
_RANGE: Final = re.compile(
    r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)(?:\s*;\s*[qQ]\s*=\s*([01](?:\.[0-9]*)?))?"
)


def choose_language(told: str | None, accept_language: str | None, default: str) -> str:
    """The language of a page: the one ``told`` in its address, else what the browser prefers.

    ``accept_language`` is as in RFC 9110 section 12.5.4; a reader who names languages and none of ours
    gets English, one who names none gets ``default``. An unknown ``told`` counts as none.
    """
    if told in LANGUAGES:
        return told
    if not accept_language:
        return default
    return next((default if primary == "*" else primary for primary in _preferred(accept_language)), SOURCE)


def _preferred(header: str) -> list[str]:
    """The languages of ours and "*" that the header names, best first."""
    ranked: list[tuple[float, str]] = []
    for part in header[:_READ_LENGTH].split(","):
        found = _RANGE.fullmatch(part.strip())
        if found is None:
            continue
        primary, quality = found[1].partition("-")[0].lower(), float(found[2] or 1)
        if quality > 0 and primary in (*LANGUAGES, "*"):
            ranked.append((-quality, primary))
    # The sort is stable: of equal ones the first named counts.
    return [primary for _, primary in sorted(ranked, key=lambda row: row[0])]


@lru_cache(maxsize=len(LANGUAGES))
def messages(language: str) -> Mapping[str, str]:
    """What to write instead of each message of the templates; empty for the language they are in."""
    found: dict[str, str] = {}
    for file in sorted((_LOCALE / language).glob("*.po")):
        with file.open("rb") as stream:
            for message in read_po(stream, locale=language, abort_invalid=True):
                # Korean has one form for any number.
                singular = message.id[0] if isinstance(message.id, tuple) else message.id
                written = message.string[0] if isinstance(message.string, tuple) else message.string
                if singular and isinstance(written, str) and written:
                    found[str(singular)] = written
    return found


def gettext(language: str, message: str) -> str:
    """``message`` in ``language``; as it is where there is no translation."""
    return messages(language).get(message, message)


def ngettext(language: str, singular: str, plural: str, number: int) -> str:
    """The form of a message for ``number`` things in ``language``."""
    known = messages(language)
    if singular in known:
        return known[singular]
    return singular if number == 1 else plural
