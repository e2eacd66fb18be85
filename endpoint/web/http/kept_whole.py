"""Pages and other answers that are kept whole, for readers of one language.

Such an answer depends on the target of its request, its media type, the language of its reader and the URL at
which they reach the server, on settings and saved queries, and on the version of the data.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Final

from endpoint.catalog import Catalog
from endpoint.engine.cache import HIT, STORED, Entry
from endpoint.settings import Settings
from endpoint.web.http.answer import NO_STORE, Made, Whole, note_use
from endpoint.web.http.repeats import bare, reader_of, remember_for_reader, target_of
from endpoint.web.http.request import Request

# Bytes of an answer besides its body: header fields and objects.
_BESIDES: Final = 2000


@dataclass(slots=True, eq=False)
class KeptWhole:
    """A whole answer: its ``body``, and the rest of it as ``answer``; with what it was made.

    ``coded`` are its bytes in the content codings in which it was sent more than once.
    """

    body: bytes
    answer: Whole
    settings: Settings
    catalog: Catalog
    coded: dict[str, bytes] = field(default_factory=dict)


def find_kept(request: Request, answer: Made) -> Whole | None:
    """Return an answer that was made and kept before, None where it is to be made."""
    if not answer.version or not _takes(request):
        return None
    entry = _find(request, answer.version, _key(request, answer.content_type))
    if entry is None:
        return None
    request.site.cache.uses[HIT.result] += 1
    note_use(request, HIT)
    found: KeptWhole = entry.value
    whole = replace(found.answer, body=found.body, kept=entry)
    remember_for_reader(request, whole, entry)
    return whole


def keep(request: Request, answer: Whole) -> Whole:
    """Keep an answer where it may be, so that equal requests find it; return it with where it is kept."""
    site, version = request.site, answer.version
    if not version or answer.status != 200 or answer.cache == NO_STORE or not _takes(request):
        return answer
    if version != site.engine.generation.version:
        return answer
    if answer.kept is not None:
        if request.exchange.cache == HIT.result:
            remember_for_reader(request, answer, answer.kept)
        return answer
    key = _key(request, answer.content_type)
    entry = _find(request, version, key) or _put(request, version, key, answer)
    if entry is None:
        return answer
    if not request.exchange.cache:
        note_use(request, STORED)
    remember_for_reader(request, answer, entry)
    return replace(answer, kept=entry)


def _takes(request: Request) -> bool:
    """Return whether a request may be answered with what is kept, and what answers it may be kept."""
    site = request.site
    current = request.settings is site.settings and request.catalog is site.catalog
    return (
        current and request.method in ("GET", "HEAD") and site.running is not None and not request.wants_anew
    )


def _key(request: Request, content_type: str) -> Hashable:
    return KeptWhole, target_of(request.scope), reader_of(request.site, request.scope), content_type


def _find(request: Request, version: str, key: Hashable) -> Entry | None:
    entry = request.site.cache.find(version, key)
    if entry is None:
        return None
    kept: KeptWhole = entry.value
    return entry if kept.settings is request.settings and kept.catalog is request.catalog else None


def _put(request: Request, version: str, key: Hashable, answer: Whole) -> Entry | None:
    kept = KeptWhole(answer.body, bare(answer), request.settings, request.catalog)
    size = len(answer.body) + len(request.scope["query_string"]) + _BESIDES
    return request.site.cache.put(version, key, kept, size, time.monotonic() - request.began)
