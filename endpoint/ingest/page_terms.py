"""How Linked Data pages write terms: ``dcterms:language``, ``"2023"^^xsd:integer``, ``"글"@ko``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pyoxigraph import Literal, NamedNode

from endpoint.toml_file import ABSOLUTE_IRI, alternatives

_PREFIXED = re.compile(r"(?P<prefix>[^\W\d_][\w.-]*|):(?P<local>(?!//)[\w.\-%~/]*)")
# RFC 5646 section 2.1; longer primary subtags are reserved, and any word would pass for one.
_LANGUAGE = r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*"
_QUOTED = re.compile(
    rf'"(?P<text>.*)"(?:\^\^(?P<datatype><[^\s<>]+>|[^\s<>"()]+)|@(?P<language>{_LANGUAGE}))', re.DOTALL
)
LANGUAGE = re.compile(_LANGUAGE)


def is_iri(text: str) -> bool:
    """Whether ``text`` is an absolute IRI with an authority or of the scheme ``urn``."""
    return ABSOLUTE_IRI.fullmatch(text) is not None and ("://" in text or text.startswith("urn:"))


def is_name(text: str) -> bool:
    """Whether ``text`` has the form ``prefix:local``, known or not, or is an IRI."""
    return _PREFIXED.fullmatch(text) is not None or is_iri(text)


def named(text: str, prefixes: Mapping[str, str]) -> NamedNode:
    """The IRI that a page writes as ``prefix:local``, ``<IRI>`` or IRI.

    :raises ValueError: with a sentence, also for a prefix that is not known.
    """
    bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    if is_iri(bare):
        return NamedNode(bare)
    found = _PREFIXED.fullmatch(text)
    if found is None:
        raise ValueError(f"This is neither an IRI nor a name such as dcterms:title. Found: {text}")
    if found["prefix"] not in prefixes:
        hint = alternatives(found["prefix"], prefixes)
        raise ValueError(
            f"The prefix {found['prefix']!r} of {text} is not known; {hint} "
            "Prefixes are declared in the dataset's manifest."
        )
    return NamedNode(prefixes[found["prefix"]] + found["local"])


def shown_literal(text: str, prefixes: Mapping[str, str]) -> Literal:
    """The literal that a page shows as ``text``: typed or with a language where quoted, else a plain string.

    The quoted form escapes nothing: what stands between the outer quotation marks is the value.

    :raises ValueError: as :func:`named`, for the datatype.
    """
    found = _QUOTED.fullmatch(text)
    if found is None:
        return Literal(text)
    if found["datatype"] is not None:
        return Literal(found["text"], datatype=named(found["datatype"], prefixes))
    return with_language(found["text"], found["language"])


def with_language(text: str, tag: str) -> Literal:
    """``text`` in the language ``tag``; a plain string where that is no language tag (BCP 47)."""
    try:
        return Literal(text, language=tag)
    except ValueError:
        return Literal(text)
