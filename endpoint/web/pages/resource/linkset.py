"""The links of a resource for programs: FAIR Signposting (https://signposting.org/FAIR/) and RFC 9264.

The header Link has those that need nothing of the data; the page and the linkset also have the publication's.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from endpoint.formats import BIBLIOGRAPHIES, GRAPH_FORMATS, HTML, Representation
from endpoint.results.bibliography import Item
from endpoint.results.bibliography.citation import is_web_address
from endpoint.vocabulary import SCHEMA
from endpoint.web.machine.publications import schema_type
from endpoint.web.pages.resource.rendering import Addresses

_ABOUT_PAGE: Final = f"{SCHEMA}AboutPage"
_PDF: Final = "application/pdf"


class TypedLink(NamedTuple):
    """A link with its relation, and the media type of its target where that is known."""

    href: str
    relation: str
    media_type: str = ""


def publication_links(item: Item) -> Iterator[TypedLink]:
    """Yield the links of a publication's landing page that only the data has."""
    yield TypedLink(schema_type(item), "type")
    for name in item.author_iris:
        yield TypedLink(name, "author")
    if is_web_address(item.url) and item.url != item.iri:
        yield TypedLink(item.url, "item", _PDF if item.url.partition("?")[0].lower().endswith(".pdf") else "")


def write_linkset(item: Item | None, addresses: Addresses) -> bytes:
    """Return the links of a resource's page, and of each representation back to it, as a linkset in JSON."""
    page = addresses.absolute(addresses.path)
    described = [
        (addresses.absolute(addresses.of(Representation.of(fmt))), fmt.media_type)
        for fmt in (*GRAPH_FORMATS, *(BIBLIOGRAPHIES if item is not None else ()))
    ]
    links = [TypedLink(*link) for link in addresses.own_links()]
    links += [TypedLink(href, "describedby", media_type) for href, media_type in described]
    links.append(TypedLink(_ABOUT_PAGE, "type"))
    if item is not None:
        links += publication_links(item)
    contexts: list[dict[str, object]] = [{"anchor": page, **_targets(links)}]
    back = [{"href": page, "type": HTML.media_type}]
    contexts += [{"anchor": href, "describes": back} for href, _ in described]
    return json.dumps({"linkset": contexts}, ensure_ascii=False, indent=1).encode() + b"\n"


def _targets(links: list[TypedLink]) -> dict[str, list[dict[str, str]]]:
    targets: dict[str, list[dict[str, str]]] = defaultdict(list)
    for href, relation, media_type in links:
        target = {"href": href, "type": media_type} if media_type else {"href": href}
        if relation != "linkset" and target not in targets[relation]:
            targets[relation].append(target)
    return {relation: found for relation, found in targets.items() if found}
