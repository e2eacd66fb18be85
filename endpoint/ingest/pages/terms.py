"""Terms as Linked Data pages write them: names, literals and links.

Examples are ``dcterms:language``, ``"2023"^^xsd:integer`` and ``"글"@ko``. A link to the address of a viewer
stands for the IRI that the viewer shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, quote, urljoin, urlsplit

from pyoxigraph import Literal, NamedNode

from endpoint.toml_file import alternatives, is_absolute_iri

_PREFIXED = re.compile(r"(?P<prefix>[^\W\d_][\w.-]*|):(?P<local>(?!//)[\w.\-%~/]*)")
# RFC 5646 section 2.1; longer primary subtags are reserved, and any word would match.
_LANGUAGE = r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*"
_QUOTED = re.compile(
    rf'"(?P<text>.*)"(?:\^\^(?P<datatype><[^\s<>]+>|[^\s<>"()]+)|@(?P<language>{_LANGUAGE}))', re.DOTALL
)
LANGUAGE = re.compile(_LANGUAGE)

# Parameters under which viewers take the IRI to show, as in /lod/view.do?uri=…
_PARAMETERS = ("uri", "iri", "resource", "about")
_PAGE = "/page/"
_RESOURCE = "resource/"
_FORBIDDEN = re.compile(r"[\x00-\x20<>\"{}|\\^`]")
_ABSOLUTE = re.compile(r"(?!(?:javascript|data|about|blob):)[A-Za-z][A-Za-z0-9+.-]*:[^\s]+", re.IGNORECASE)


def is_iri(text: str) -> bool:
    """Return whether ``text`` is an absolute IRI with an authority or of the scheme ``urn``."""
    return is_absolute_iri(text) and ("://" in text or text.startswith("urn:"))


def is_name(text: str) -> bool:
    """Return whether ``text`` has the form ``prefix:local``, known or not, or is an IRI."""
    return _PREFIXED.fullmatch(text) is not None or is_iri(text)


def named(text: str, prefixes: Mapping[str, str]) -> NamedNode:
    """Return the IRI that a page writes as ``prefix:local``, ``<IRI>`` or IRI.

    :raises ValueError: with a sentence, also for a prefix that is not known.
    """
    bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    if is_iri(bare):
        return NamedNode(bare)
    name = _PREFIXED.fullmatch(text)
    if name is None:
        raise ValueError(f"This is neither an IRI nor a name such as dcterms:title. Found: {text}")
    prefix = name["prefix"]
    if prefix not in prefixes:
        raise ValueError(
            f"The prefix {prefix!r} of {text} is not known; {alternatives(prefix, prefixes)} "
            "Prefixes are declared in the dataset's manifest."
        )
    return NamedNode(prefixes[prefix] + name["local"])


def shown_literal(text: str, prefixes: Mapping[str, str]) -> Literal:
    """Return the literal that a page shows as ``text``, quoted with type or language or else a plain string.

    The quoted form escapes nothing: the text between the outer quotation marks is the value.

    :raises ValueError: as :func:`named`, for the datatype.
    """
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        return Literal(text)
    if quoted["datatype"] is not None:
        return Literal(quoted["text"], datatype=named(quoted["datatype"], prefixes))
    return with_language(quoted["text"], quoted["language"])


def with_language(text: str, tag: str) -> Literal:
    """Return ``text`` in the language ``tag``; a plain string where that is no language tag (BCP 47)."""
    try:
        return Literal(text, language=tag)
    except ValueError:
        return Literal(text)


def link_target(href: str, base: str, subject: str | None = None) -> str | None:
    """Return the absolute IRI that a link means; ``None`` where it is no resource (``#``, ``javascript:``).

    ``base`` is the address of the dataset: links to its host may be viewers, and those by https have the
    scheme of ``base``. ``subject`` is the page's own IRI, which shows where Pubby's resources are.
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
    iri = next((values[name][0] for name in _PARAMETERS if name in values), None)
    if iri is None or not _ABSOLUTE.fullmatch(iri):
        return None
    return f"{iri}#{fragment}" if fragment and "#" not in iri else iri


def _unpaged(address: str, subject: str | None) -> str:
    """Return the IRI behind Pubby's ``/page/X``: ``/resource/X`` or ``/X``, as in the subject."""
    root, page, rest = address.partition(_PAGE)
    if not page or subject is None or not subject.startswith(f"{root}/") or subject.startswith(root + _PAGE):
        return address
    named = subject.startswith(f"{root}/{_RESOURCE}")
    return f"{root}/{_RESOURCE if named else ''}{rest}"


def _clean(address: str) -> str | None:
    iri = _FORBIDDEN.sub(lambda match: quote(match[0]), address)
    return iri if _ABSOLUTE.fullmatch(iri) else None
