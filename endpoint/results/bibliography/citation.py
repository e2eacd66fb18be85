"""Citations for people, formatted in three styles: APA, Chicago author-date, and the Korean academic style.

The styles are written out here because the one CSL processor for Python (citeproc-py 0.11) puts titles into
HTML unescaped, repeats the title of a work without an author, shortens given names that Chicago writes out,
and because no general Korean style exists in CSL. docs/discovery.md has the comparison.

APA requires titles in sentence case. It cannot be known which words of a title are names, so titles are
unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape

from endpoint.results.bibliography.items import ARTICLE, BOOK, DOCUMENT, Item
from endpoint.results.bibliography.names import Name

# The styles in the order in which they are offered, with their names by language tag.
STYLES: Final[Mapping[str, Mapping[str, str]]] = {
    "apa": {"ko": "APA(제7판)", "en": "APA (7th edition)"},
    "chicago": {"ko": "시카고(제18판, 저자-연도)", "en": "Chicago (18th edition, author-date)"},
    "korean": {"ko": "국내 학술지 양식", "en": "Korean academic style"},
}

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_EAST_ASIAN: Final = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)
_ENDED: Final = re.compile(r"[.?!…。][\"'”’」』]*$")
_QUOTED: Final = re.compile(r'"([^"]*)"')
# Authors that are all named: APA section 9.8, CMOS section 13.107.
_APA_AUTHORS: Final = 20
_CHICAGO_AUTHORS: Final = 6


def citations(item: Item) -> Mapping[str, Markup]:
    """Return the citation of ``item`` in each of the :data:`STYLES`, as HTML: escaped text and ``<i>``."""
    return {"apa": _apa(item), "chicago": _chicago(item), "korean": _korean(item)}


def _apa(item: Item) -> Markup:
    year = f"{item.date[0]:04d}" if item.date else "n.d."
    day = f", {_day(item.date)}" if item.kind is DOCUMENT and len(item.date) > 1 else ""
    authors = _apa_authors([_apa_name(name) for name in item.authors])
    if item.kind is ARTICLE:
        title = escape(item.title)
        source = _joined(", ", _italic(item.series), item.number and f"({item.number})")
    else:
        title = _italic(item.title)
        within = "" if item.kind is BOOK else _numbered(item, "No. ")
        title += Markup(" ({})").format(within) if within else ""
        source = escape("" if item.publisher == authors else item.publisher)
    date = escape(f"({year}{day})")
    head = [escape(authors), date, title] if authors else [title, date]
    return _sentences([*head, source], item.url)


def _apa_name(name: Name) -> str:
    if not name.given or _is_east_asian(name.family):
        return name.family + name.given
    initials = ["-".join(f"{part[0]}." for part in word.split("-") if part) for word in name.given.split()]
    return f"{name.family}, {' '.join(initials)}"


def _apa_authors(names: Sequence[str]) -> str:
    if len(names) > _APA_AUTHORS:
        return f"{', '.join(names[: _APA_AUTHORS - 1])}, … {names[-1]}"
    return ", & ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _chicago(item: Item) -> Markup:
    day = _day(item.date)
    if item.kind is ARTICLE:
        title = _quoted(item.title)
        issue = _joined(" ", item.number and f"no. {item.number}", day and f"({day})")
        source = [_joined(", ", _italic(item.series), issue)]
    elif item.kind is DOCUMENT:
        title = _quoted(item.title)
        source = [_numbered(item, "no. "), _joined(", ", item.publisher, day)]
    else:
        title = _italic(item.title)
        source = [_numbered(item, "no. "), escape(item.publisher)]
    authors = escape(_chicago_authors(item.authors))
    year = escape(f"{item.date[0]:04d}" if item.date else "n.d.")
    head = [authors, year, title] if authors else [title, year]
    citation = _sentences([*head, *source], item.url)
    return citation + "." if is_web_address(item.url) else citation


def _chicago_authors(names: Sequence[Name]) -> str:
    shown = names if len(names) <= _CHICAGO_AUTHORS else names[:3]
    written = [_inverted(name) for name in shown[:1]] + [_natural(name) for name in shown[1:]]
    if len(shown) < len(names):
        return f"{', '.join(written)}, et al."
    if len(written) < 2:
        return "".join(written)
    # Between two, only an inverted name needs a comma after it.
    comma = "," if len(written) > 2 or "," in written[0] else ""
    return f"{', '.join(written[:-1])}{comma} and {written[-1]}"


def _korean(item: Item) -> Markup:
    title = _korean_title(item.title, item.kind in (ARTICLE, DOCUMENT))
    series = _korean_title(item.series, False) if item.kind is ARTICLE else escape(item.series)
    authors = escape(_korean_authors(item.authors))
    year = escape(f"{item.date[0]:04d}" if item.date else "발행연도 미상")
    head = [authors, year, title] if authors else [title, year]
    return _sentences([*head, _joined(" ", series, item.number), escape(item.publisher)], item.url)


def _korean_authors(names: Sequence[Name]) -> str:
    if any(_is_east_asian(name.family) for name in names):
        return "·".join(map(_natural, names))
    return _chicago_authors(names)


def _korean_title(title: str, short: bool) -> Markup:
    """Put a title in corner brackets, single ones for an article; a Western title as in the West."""
    if not title:
        return Markup("")
    if not _is_east_asian(title):
        return _quoted(title) if short else _italic(title)
    return escape(f"「{title}」" if short else f"『{title}』")


def _inverted(name: Name) -> str:
    """Return a name with the family name first, and a comma; East Asian names as they are."""
    return (
        f"{name.family}, {name.given}" if name.given and not _is_east_asian(name.family) else _natural(name)
    )


def _natural(name: Name) -> str:
    return name.family + name.given if _is_east_asian(name.family) else f"{name.given} {name.family}".strip()


def _is_east_asian(text: str) -> bool:
    return _EAST_ASIAN.search(text) is not None


def _day(date: tuple[int, ...]) -> str:
    """Return month and day, or the month, in English."""
    return " ".join([*(_MONTHS[month - 1] for month in date[1:2]), *(str(day) for day in date[2:3])])


def _numbered(item: Item, sign: str) -> Markup:
    return _joined(" ", item.series, item.number and f"{sign}{item.number}")


def _italic(text: str) -> Markup:
    return Markup("<i>{}</i>").format(text) if text else Markup("")


def _quoted(title: str) -> Markup:
    """Put a title in double quotation marks, its own ones made single; the full stop goes inside."""
    within = _QUOTED.sub(r"‘\1’", title).replace("“", "‘").replace("”", "’")
    return escape(f"“{within}{'' if _ENDED.search(within) else '.'}”")


def _joined(separator: str, *texts: str) -> Markup:
    """Join the texts that are not empty, escaped where they are not marked up yet."""
    return escape(separator).join(text for text in texts if text)


def _sentences(parts: Iterable[Markup], url: str) -> Markup:
    """Join the parts, each with a full stop unless it ends with a mark, and the address behind them."""
    ended = [part if _ENDED.search(part.striptags()) else part + "." for part in parts if part]
    return _joined(" ", *ended, url if is_web_address(url) else "")


def is_web_address(url: str) -> bool:
    """Return whether the address is one of the web, which a reader can open."""
    return url.startswith(("http://", "https://"))
