"""What crawlers read first: ``/robots.txt`` (RFC 9309)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from endpoint.web.http.language import LANGUAGES, PARAMETER
from endpoint.web.http.making import Make, document_tag, send_made
from endpoint.web.http.site import Site

_ROBOTS: Final = """\
# Pages of resources, of the catalogue and of the API may be read by everybody; {root}/sitemap.xml lists them.
User-agent: *
# Queries and searches are made by people and programs, each for itself: there is no end of them.
Disallow: {root}/sparql?
Disallow: {root}/*/sparql?
Disallow: {root}/search?
Disallow: {root}/api/*?
{languages}
# The same page in another format or with another choice of filters.
Disallow: {root}/*?*format=
Disallow: {root}/*?*output=
Disallow: {root}/*?*&*&
# For the operator.
Disallow: {root}/-/live
Disallow: {root}/-/ready
Allow: {root}/

Sitemap: {base}/sitemap.xml
"""


class Robots:
    """``/robots.txt`` as an ASGI application."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        base = self._site.url(scope)
        root = urlsplit(base).path
        # The longest rule that fits wins (RFC 9309 section 2.2.2).
        languages = "\n".join(f"Allow: {root}/api/*?{PARAMETER}={language}$" for language in LANGUAGES)
        body = _ROBOTS.format(root=root, base=base, languages=languages).encode()
        tag = document_tag(None, base)
        await send_made(scope, receive, send, "text/plain; charset=utf-8", tag, _ready(body))


def _ready(body: bytes) -> Make:
    async def make() -> bytes:
        return body

    return make
