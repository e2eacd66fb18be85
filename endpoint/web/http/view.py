"""The view of the site for one request: its language and address.

The interface is in Korean or English, by the address, the browser or the dataset. Pages are written in
English in the templates; ``locale/ko/*.po`` has the Korean of every message, one file for each part of the
site, in the format that translators' tools read (GNU gettext).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from endpoint.formats import CSV, EXCEL_CSV, HTML, Format, Links
from endpoint.web import Site

if TYPE_CHECKING:
    from babel.messages import Catalog

LANGUAGES: Final = ("ko", "en")
# The language that the templates are written in.
SOURCE: Final = "en"
# The parameter of every page that chooses the language of the interface.
PARAMETER: Final = "locale"

_LOCALE: Final = Path(__file__).parents[1] / "locale"
# Characters of Accept-Language that are read; no real header is longer.
_READ_LENGTH: Final = 500
_RANGE: Final = re.compile(
    r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)(?:\s*;\s*[qQ]\s*=\s*([01](?:\.[0-9]*)?))?"
)
# Characters that need no encoding in a path (RFC 3986 section 3.3), percent-encoded triplets included.
_PATH: Final = "/:@!$&'()*+,;=~%"
# What stands for each byte in a parameter (RFC 3986 section 2.3).
_ENCODED: Final = tuple(
    chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "-._~") else f"%{byte:02X}"
    for byte in range(256)
)
# Characters of parameters in a link, which every browser and proxy takes (RFC 9110 section 4.1).
LONGEST_LINK: Final = 8_000
# Characters of a name or value whose encoded form is kept.
_SHORT: Final = 100
# Characters of a query in the fragment of a link, which only the browser reads.
_LONGEST_FRAGMENT: Final = 2**16
# Parameters that a page repeats in its links; no sensible address has more.
_PAIRS: Final = 200


@dataclass(frozen=True, slots=True)
class View:
    """The view of the site for one request.

    ``language`` is that of the interface, ``chosen`` where the address of the page names it.
    ``base`` is the server's own URL as this client reaches it, ``path`` the page's path below it and
    ``pairs`` its decoded parameters without the one for the language.
    """

    site: Site
    language: str
    chosen: bool
    base: str
    path: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def root(self) -> str:
        """The path under which the server is mounted behind a proxy; mostly empty."""
        return urlsplit(self.base).path

    @property
    def links(self) -> Links:
        """The links that a table of results needs to lead to the pages of its resources."""
        return Links(self.site.dataset.base, self.root, self.language)

    @property
    def variant(self) -> str:
        """A key of all that determines a page besides the data: its address with parameters, its language."""
        language = self.language if self.chosen else None
        return f"{self.base} {self._address(self.path, list(self.pairs), language)} {self.language}"

    def url(self, path: str, **parameters: str) -> str:
        """Return the address of a page of this site, relative to the host, that keeps the language chosen.

        ``path`` is percent-encoded and begins with a slash.
        """
        return self._address(path, list(parameters.items()), self.language if self.chosen else None)

    def here(self, **changes: str | None) -> str:
        """Return the address of this page with some parameters changed, or left out where they are None.

        Where the others are too long for a link, they are left out too.
        """
        pairs = self._changed(changes)
        return self._address(self.path, pairs if fits(pairs) else [], self.language if self.chosen else None)

    def editor(self, query: str) -> str | None:
        """Return the address of the query page with this text in its fragment; None for a very long one."""
        if len(query) > _LONGEST_FRAGMENT:
            return None
        return f"{self.url('/query')}#query={percent_encoded(query)}"

    def address(self, path: str, pairs: Iterable[tuple[str, str]]) -> str:
        """Return the address of a page of this site with parameters, some of which may be repeated."""
        return self._address(path, list(pairs), self.language if self.chosen else None)

    def absolute(self, path: str, pairs: Sequence[tuple[str, str]] = ()) -> str:
        """Return the whole address of a page of this site, the same in every language."""
        return self.base + path + (f"?{query_string(pairs)}" if pairs else "")

    def switched(self, language: str) -> str:
        """Return the address of this page in another language, without parameters too long for a link."""
        return self._address(self.path, list(self.pairs) if fits(self.pairs) else [], language)

    def text(self, by_language: Mapping[str, str]) -> str:
        """Return the text in the reader's language, else in the other one, in none, or in any."""
        for language in (self.language, *LANGUAGES, ""):
            if language in by_language:
                return by_language[language]
        return next(iter(by_language.values()), "")

    def tag(self, by_language: Mapping[str, str]) -> str | None:
        """Return the language tag of the result of :meth:`text` for ``lang``, where it is not the page's."""
        text = self.text(by_language)
        tag = next((language for language, row in by_language.items() if row == text and language), None)
        return None if tag == self.language else tag

    def tag_name(self, tag: str) -> str:
        """Return the name of a tag of saved queries in the reader's language."""
        return self.text(self.site.dataset.tags.get(tag, {"": tag}))

    def gettext(self, message: str) -> str:
        """Return a message of the interface in the reader's language."""
        return gettext(self.language, message)

    def format_name(self, fmt: Format) -> str:
        """Return the name of a format for a reader."""
        # It stands beside the one for spreadsheets, which finds no formulas in it.
        return self.gettext("CSV for programs") if fmt is CSV else fmt.title

    def downloads(
        self, path: str, pairs: Iterable[tuple[str, str]], formats: Sequence[Format]
    ) -> list[tuple[str, str]]:
        """Return name and address of the answer at ``path`` in every format that is no page.

        There are none where the parameters are too long for a link. The table for spreadsheets is the first:
        what people open first must hold no formulas.
        """
        kept = [pair for pair in pairs if pair[0] not in ("format", "output", "download")]
        if not fits(kept):
            return []
        rows = sorted(formats, key=lambda fmt: fmt is not EXCEL_CSV)
        address = f"{self._address(path, kept, None)}{'&' if kept else '?'}"
        return [
            (self.format_name(fmt), address + query_string([("format", fmt.name), ("download", "1")]))
            for fmt in rows
            if fmt is not HTML
        ]

    def _changed(self, changes: Mapping[str, str | None]) -> list[tuple[str, str]]:
        kept = [pair for pair in self.pairs if pair[0] not in changes]
        return kept + [(name, value) for name, value in changes.items() if value is not None]

    def _address(self, path: str, pairs: list[tuple[str, str]], language: str | None) -> str:
        named = [*pairs, (PARAMETER, language)] if language is not None else pairs
        return self.root + path + (f"?{query_string(named)}" if named else "")


def percent_encoded(text: str) -> str:
    """Percent-encode all but the unreserved characters, in a tenth of the time of :mod:`urllib.parse`."""
    if text.isascii() and text.isalnum():
        return text
    return _encoded_again(text) if len(text) <= _SHORT else _encoded(text)


def _encoded(text: str) -> str:
    return "".join(map(_ENCODED.__getitem__, text.encode()))


# What stands in the links of a page stands in those of others too.
_encoded_again = lru_cache(maxsize=2048)(_encoded)


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """Return parameters as they stand in an address."""
    return "&".join([f"{percent_encoded(name)}={percent_encoded(value)}" for name, value in pairs])


def fits(pairs: Iterable[tuple[str, str]]) -> bool:
    """Return whether these parameters may stand in a link: a page with long ones must not repeat them."""
    return sum(len(name) + len(value) for name, value in pairs) <= LONGEST_LINK


def link(address: str, pairs: Sequence[tuple[str, str]]) -> str | None:
    """Return the address with parameters; None where they are too long for a link."""
    if not pairs:
        return address
    return f"{address}?{query_string(pairs)}" if fits(pairs) else None


def view_of(scope: Scope, site: Site, pairs: Sequence[tuple[str, str]] = ()) -> View:
    """Return the view of the request with this scope and the decoded parameters ``pairs``.

    Raises :class:`~endpoint.errors.MalformedRequest`.
    """
    named = next((value for name, value in pairs if name == PARAMETER), None)
    accepted = ", ".join(Headers(scope=scope).getlist("accept-language"))
    return View(
        site=site,
        language=choose_language(named, accepted, default_language(site)),
        chosen=named in LANGUAGES,
        base=site.url(scope),
        # A path that begins with two slashes would be the address of another host.
        path="/" + quote(scope.get("raw_path") or scope["path"].encode(), safe=_PATH).lstrip("/"),
        pairs=tuple(pair for pair in pairs[:_PAIRS] if pair[0] != PARAMETER),
    )


def default_language(site: Site) -> str:
    """Return the language of readers whose browser names none."""
    return next((language for language in site.dataset.title if language in LANGUAGES), LANGUAGES[0])


def choose_language(named: str | None, accept_language: str | None, default: str) -> str:
    """Choose the language of a page: that ``named`` in its address, else what the browser prefers.

    ``accept_language`` is as in RFC 9110 section 12.5.4; a reader who names languages and none of ours
    gets English, one who names none gets ``default``. An unknown ``named`` counts as none.
    """
    if named in LANGUAGES:
        return named
    if not accept_language:
        return default
    return next((default if primary == "*" else primary for primary in _preferred(accept_language)), SOURCE)


def _preferred(header: str) -> list[str]:
    """Return our languages and "*" among those in the header, best first."""
    ranked: list[tuple[float, str]] = []
    for part in header[:_READ_LENGTH].split(","):
        matched = _RANGE.fullmatch(part.strip())
        if matched is None:
            continue
        primary, quality = matched[1].partition("-")[0].lower(), float(matched[2] or 1)
        if quality > 0 and primary in (*LANGUAGES, "*"):
            ranked.append((-quality, primary))
    # The sort is stable: of equal ones the first named counts.
    return [primary for _, primary in sorted(ranked, key=lambda row: row[0])]


@lru_cache(maxsize=len(LANGUAGES))
def messages(language: str) -> Mapping[str, str]:
    """Return the translation of each message of the templates; empty for the language they are in."""
    read_po: Callable[..., Catalog] = import_module("babel.messages.pofile").read_po
    translations: dict[str, str] = {}
    for file in sorted((_LOCALE / language).glob("*.po")):
        with file.open("rb") as stream:
            for message in read_po(stream, locale=language, abort_invalid=True):
                # Korean has one form for any number.
                singular = message.id[0] if isinstance(message.id, tuple) else message.id
                written = message.string[0] if isinstance(message.string, tuple) else message.string
                if singular and isinstance(written, str) and written:
                    translations[str(singular)] = written
    return translations


def gettext(language: str, message: str) -> str:
    """Return ``message`` in ``language``, unchanged where there is no translation."""
    return messages(language).get(message, message)


def ngettext(language: str, singular: str, plural: str, number: int) -> str:
    """Return the form of a message for ``number`` things in ``language``."""
    known = messages(language)
    if singular in known:
        return known[singular]
    return singular if number == 1 else plural
