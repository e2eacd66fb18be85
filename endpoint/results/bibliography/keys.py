"""Citation keys: short, ASCII, the same in every file, unique within one."""

from __future__ import annotations

import hashlib
import re
from typing import Final

# RFC 3986 appendix B: what is before the path, the path, and the rest. It fits every text.
_PARTS: Final = re.compile(r"(?:[^:/?#]+:)?(?://[^/?#]*)?([^?#]*)(.*)", re.DOTALL)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def key_of(iri: str) -> str:
    """The last two segments of the IRI's path: ``…/resource/Publication/14209`` is ``Publication-14209``.

    Where that leaves something out (other characters, a query, a fragment), a digest of the IRI follows.
    """
    found = _PARTS.fullmatch(iri)
    path, rest = found.groups() if found else (iri, "")
    plain = "-".join([segment for segment in path.split("/") if segment][-2:])
    key = _UNSAFE.sub("-", plain).strip("-.")
    if key and key == plain and not rest:
        return key
    return with_digest(key or "document", iri)


def with_digest(key: str, iri: str) -> str:
    """The key followed by eight characters that depend on the whole IRI."""
    return f"{key}-{hashlib.blake2b(iri.encode(), digest_size=4).hexdigest()}"
