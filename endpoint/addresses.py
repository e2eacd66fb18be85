"""Where a resource is on this server: its IRI's path below the dataset's base, percent-encoded.

An IRI becomes a URI as in RFC 3987 section 3.1: what is no ASCII as percent-encoded UTF-8, and what is
percent-encoded already stays so.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

# The page of a resource whose IRI cannot be a path here.
VIEW: Final = "/lod/view.do"

# What may stand in a path as it is (RFC 3986 section 3.3), percent-encoded triplets included.
_IN_PATH: Final = "/:@!$&'()*+,;=~%"
_LONE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOTS: Final = frozenset({".", ".."})


def path_of(iri: str, base: str) -> str:
    """The address of the page of ``iri`` below the server's own, where resource IRIs begin with ``base``.

    An IRI of another base, one with a query or a fragment, which no path can hold, one with segments
    that clients would resolve away, and one whose path they would take for a host, is given to the page
    of any IRI as a parameter.
    """
    rest = iri.removeprefix(base)
    no_path = not rest or rest == iri or rest.startswith("/") or "?" in rest or "#" in rest
    if no_path or not _DOTS.isdisjoint(rest.split("/")):
        return f"{VIEW}?uri={quote(iri, safe='')}"
    return "/" + quote(_LONE_PERCENT.sub("%25", rest), safe=_IN_PATH)
