"""``/.well-known/security.txt``: whom to tell of a vulnerability (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from endpoint.errors import NotFound
from endpoint.web.http.answer import Answer, Whole, document_tag
from endpoint.web.http.request import Request
from endpoint.web.http.view import LANGUAGES

PATH: Final = "/.well-known/security.txt"

# The contact is as current as the settings of the server, so the date moves on with the days; it is less
# than a year ahead (section 2.5.5).
_VALID: Final = timedelta(days=90)


async def security_contact(request: Request) -> Answer:
    """Answer with the contacts of the settings. Raises NotFound where there are none."""
    contacts = request.site.settings.security_contact
    if not contacts:
        raise NotFound(f"There is nothing at {request.path}.")
    expires = (datetime.now(UTC) + _VALID).strftime("%Y-%m-%dT00:00:00Z")
    lines = [
        *(f"Contact: {contact}" for contact in contacts),
        f"Expires: {expires}",
        f"Preferred-Languages: {', '.join(LANGUAGES)}",
        f"Canonical: {request.base}{PATH}",
    ]
    body = "".join(f"{line}\n" for line in lines).encode()
    return Whole(body, "text/plain; charset=utf-8", tag=document_tag(None, request.base, *lines), vary="")
