"""The IRI that a request means, read from its path and parameters by pure functions.

An IRI may stand in the store with Korean or other characters as they are, or percent-encoded, wholly or in
part; a client sends it as a URI (RFC 3987 section 3.1). So a path stands for each IRI that becomes the same
URI, the one that was sent first. A path that ends with the extension of a format stands for that format of
the resource without it, where there is no resource of the whole name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from pyoxigraph import NamedNode

from endpoint.errors import BadParameter, NotFound, shown
from endpoint.formats import (
    BIBTEX,
    CSL_JSON,
    HTML,
    JSON_LD,
    N_QUADS,
    N_TRIPLES,
    RDF_XML,
    RIS,
    TRIG,
    TURTLE,
    Representation,
)
from endpoint.web.http.request import Pairs

# The representations by the extension of the path, longer ones first. Existing clients ask for
# ".json.data" and read any JSON.
EXTENSIONS: Final[Mapping[str, Representation]] = {
    "json.data": Representation(JSON_LD, "application/json"),
    "csl.json": Representation(CSL_JSON, CSL_JSON.content_type()),
    "json": Representation(JSON_LD, "application/json"),
    **{
        fmt.extension: Representation(fmt, fmt.content_type())
        for fmt in (TURTLE, N_TRIPLES, RDF_XML, JSON_LD, TRIG, N_QUADS, HTML, BIBTEX, RIS)
    },
}
# Parameters that name the IRI, in the order in which they count.
PARAMETERS: Final = ("uri", "iri")

# Longer ones are no IRIs that anybody has (characters, as sent).
_LONGEST: Final = 4000
# First segments of paths that are the server's own.
_OWN: Final = ("-", "api", ".well-known", "browse")
_NOT_ASCII: Final = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
# How a byte that is no UTF-8 is decoded (PEP 383).
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
_ENCODED: Final = re.compile(r"%[0-9A-F]{2}")
# What a URI may have in a path, and in the whole, besides letters, digits and "-._~" (RFC 3986).
_IN_PATH: Final = "/:@!$&'()*+,;="
_IN_URI: Final = _IN_PATH + "?#[]"


class Candidate(NamedTuple):
    """An IRI that may be meant, and the extension taken off for it, empty for none."""

    iri: str
    extension: str


class Address(NamedTuple):
    """The IRIs that a request may mean, best first; ``wanted`` is the one to name where none is known.

    With ``people`` the address is one that browsers go to: a request without a preference gets the page.
    """

    wanted: str
    candidates: tuple[Candidate, ...]
    people: bool = False


def of_path(path: str, base: str) -> Address:
    """Return the address of a resource's own path, as it was sent, below ``base``. Raises NotFound."""
    rest = path.removeprefix("/")
    if not rest or len(rest) > _LONGEST or rest.partition("/")[0] in _OWN:
        raise NotFound(f"There is nothing at {path[:200]}.")
    candidates = [Candidate(base + form, "") for form in _forms(rest, _IN_PATH)]
    extension = next((name for name in EXTENSIONS if rest.lower().endswith(f".{name}")), "")
    stem = rest[: -len(extension) - 1] if extension else ""
    if stem and not stem.endswith("/"):
        candidates += [Candidate(base + form, extension) for form in _forms(stem, _IN_PATH)]
    valid = _valid(candidates)
    if not valid:
        raise NotFound(f"There is nothing at {path[:200]}.")
    return Address(valid[0].iri, valid)


def of_parameter(pairs: Pairs, prefixes: Mapping[str, str], people: bool) -> Address:
    """Return the address of any IRI, named by one of :data:`PARAMETERS`. Raises BadParameter.

    A name with one of the ``prefixes`` stands for its IRI.
    """
    given = [(name, value.strip()) for name, value in pairs if name in PARAMETERS and value.strip()]
    if not given:
        raise BadParameter(
            PARAMETERS[0], "The parameter uri is missing: it takes the IRI of a resource.", rule="required"
        )
    name, text = given[0]
    if len({value for _, value in given}) > 1:
        raise BadParameter(name, f"The parameter {name} is given more than once; give it once.")
    text = text.removeprefix("<").removesuffix(">")
    forms = [*_forms(text, _IN_URI)] if len(text) <= _LONGEST else []
    prefix, _, local = text.partition(":")
    if prefix in prefixes and not local.startswith("//"):
        forms.insert(0, prefixes[prefix] + local)
    candidates = _valid([Candidate(form, "") for form in forms])
    if not candidates or candidates[0].iri != forms[0]:
        raise BadParameter(name, f"The parameter {name} is not an absolute IRI.", shown(text), "type")
    return Address(candidates[0].iri, candidates, people)


def _valid(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    return tuple(row for row in dict.fromkeys(candidates) if is_iri(row.iri))


def is_iri(text: str) -> bool:
    """Tell whether this is an absolute IRI (RFC 3987)."""
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _forms(sent: str, safe: str) -> Iterator[str]:
    """Yield the IRIs that become the URI ``sent``: as it is first, then the more it is decoded."""
    yield sent
    yield _NOT_ASCII.sub(_characters, sent)
    # Some clients send every triplet in upper case.
    yield _ENCODED.sub(lambda triplet: triplet[0].lower(), sent)
    try:
        whole = unquote_to_bytes(sent).decode()
    except UnicodeDecodeError:
        return
    yield whole
    yield quote(whole, safe=safe)
    yield _NOT_ASCII.sub(_characters, quote(whole, safe=safe))
    # As encodeURIComponent of JavaScript and quote_plus of Python encode a segment.
    for kept in ("/:!'()*", "/:"):
        encoded = quote(whole, safe=kept + ("?#" if "?" in safe else ""))
        yield encoded
        yield _ENCODED.sub(lambda triplet: triplet[0].lower(), encoded)


def _characters(triplets: re.Match[str]) -> str:
    """Decode percent-encoded UTF-8; bytes that are no UTF-8 stay as they were sent."""
    sent = triplets[0]
    kept = "%{:02x}" if sent == sent.lower() else "%{:02X}"
    read = unquote_to_bytes(sent).decode(errors="surrogateescape")
    return _NOT_UTF8.sub(lambda byte: kept.format(ord(byte[0]) - 0xDC00), read)
