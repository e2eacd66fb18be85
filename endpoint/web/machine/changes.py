"""The changes of the data as an Atom feed (RFC 4287) at ``/feed/changes``: the generations that are kept."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from endpoint.errors import StoreError
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.web.http.answer import Answer, Made, document_tag
from endpoint.web.http.request import Request
from endpoint.web.http.view import View
from endpoint.web.machine.atom import CONTENT_TYPE, add_link, add_text, begin, moment, written

PATH: Final = "/feed/changes"
# Entries of the feed, at most.
ENTRIES: Final = 50


async def changes(request: Request) -> Answer:
    """Answer with the feed of the generations on the disk, the newest first."""
    view, served = request.view, request.site.engine.generation
    request.exchange.generation = served.number
    make = partial(_make, view, request.site.settings.data, served)
    tag = document_tag(served, PATH, view.base, view.language)
    return Made(make, CONTENT_TYPE, tag=tag, vary="Accept-Language")


async def _make(view: View, data: Path, served: Generation) -> bytes:
    kept = await asyncio.to_thread(_kept, data, served)
    subject = view.gettext("Changes of the data")
    title = f"{view.text(view.site.dataset.title)}: {subject}"
    feed = begin(view, PATH, title, view.text(view.site.dataset.description), served.created)
    for generation in kept:
        _entry(feed, view, generation)
    return written(feed)


def _kept(data: Path, served: Generation) -> list[Generation]:
    """Return the generations up to the one that is served, the newest first."""
    kept = [served]
    for number in reversed(generations.numbers(data)):
        if number < served.number and len(kept) < ENTRIES:
            # Another process may just remove it.
            with suppress(StoreError):
                kept.append(generations.read(data, number))
    return kept


def _entry(feed: ElementTree.Element, view: View, generation: Generation) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    title = view.gettext("generation %(number)s") % {"number": f"{generation.number}"}
    add_text(entry, "title", title[:1].upper() + title[1:])
    # A data directory that is made anew counts from 1 again.
    add_text(entry, "id", f"{view.site.dataset.base}#generation-{generation.version}")
    add_text(entry, "updated", moment(generation.created))
    add_link(entry, "alternate", f"{view.base}/", "text/html")
    size = view.gettext("%(quads)s statements") % {"quads": f"{generation.quads:,}"}
    change = "" if generation.change is None else f" ({generation.change:+,})"
    add_text(entry, "summary", size + change)
