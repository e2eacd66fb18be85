"""What the links of a Linked Data page mean: a viewer's address stands for the IRI that it shows."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urljoin, urlsplit

# Parameters under which viewers take the IRI to show, as in /lod/view.do?uri=…
_PARAMETERS = ("uri", "iri", "resource", "about")
_PAGE = "/page/"
_RESOURCE = "resource/"
_FORBIDDEN = re.compile(r"[\x00-\x20<>\"{}|\\^`]")
_ABSOLUTE = re.compile(r"(?!(?:javascript|data|about|blob):)[A-Za-z][A-Za-z0-9+.-]*:[^\s]+", re.IGNORECASE)


def link_target(href: str, base: str, subject: str | None = None) -> str | None:
    """The IRI that a link means, absolute; ``None`` where it leads to no resource (``#``, ``javascript:``).

    ``base`` is the address of the dataset: links to its host may be viewers, and those by https have the
    scheme of ``base``. ``subject``, the page's own IRI, tells where Pubby's resources are.
    """
    href = href.strip()
    if not href or href.startswith("#"):
        return None
    own = urlsplit(base)
    try:
        address = urljoin(base, href)
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.netloc == own.netloc:
        shown = _shown(parts.query, parts.fragment)
        if shown is not None:
            return _clean(shown)
        address = parts._replace(scheme=own.scheme).geturl()
    return _clean(_unpaged(address, subject))


def _shown(query: str, fragment: str) -> str | None:
    values = parse_qs(query)
    found = next((values[name][0] for name in _PARAMETERS if name in values), None)
    if found is None or not _ABSOLUTE.fullmatch(found):
        return None
    return f"{found}#{fragment}" if fragment and "#" not in found else found


def _unpaged(address: str, subject: str | None) -> str:
    """Pubby shows ``/resource/X`` (or ``/X``) at ``/page/X``; the subject tells which of both."""
    root, page, rest = address.partition(_PAGE)
    if not page or subject is None or not subject.startswith(f"{root}/") or subject.startswith(root + _PAGE):
        return address
    named = subject.startswith(f"{root}/{_RESOURCE}")
    return f"{root}/{_RESOURCE if named else ''}{rest}"


def _clean(address: str) -> str | None:
    iri = _FORBIDDEN.sub(lambda found: quote(found[0]), address)
    return iri if _ABSOLUTE.fullmatch(iri) else None
