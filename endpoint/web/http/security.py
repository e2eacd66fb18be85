"""Header fields of security: what a document may run and load, who may frame and use it.

Pages run and load only the site's own files (Content Security Policy 3), are in no frame, and share no group
of windows with others (HTML, cross-origin opener policies). Data is for everybody: other origins may read it
as far as CORS lets them, and show it (Fetch, Cross-Origin-Resource-Policy); opened as a document it runs and
loads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

POLICY_HEADER: Final = b"content-security-policy"
POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"font-src 'self'; manifest-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
# SVG and XML are documents too where somebody opens them; charts have styles in them.
DATA_POLICY: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)

NOT_MODIFIED: Final = 304
HTML_TYPE: Final = b"text/html"
_EVERYWHERE: Final = (
    (b"x-content-type-options", b"nosniff"),
    # An address may hold a query, which is nobody else's business; its host may be known.
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)
_OF_PAGES: Final = (
    # For browsers that do not know frame-ancestors.
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
)
_PAGE: Final = (*_EVERYWHERE, *_OF_PAGES, (POLICY_HEADER, POLICY))
_DATA: Final = (*_EVERYWHERE, (POLICY_HEADER, DATA_POLICY))


def security_headers(
    status: int, given: Sequence[tuple[bytes, bytes]], shared: bool
) -> list[tuple[bytes, bytes]]:
    """Return the headers that an answer with the headers ``given`` has besides them.

    ``shared``: pages of some other origins may use this server. A policy that is given stays. A 304 has none,
    because it would replace that of the answer which the browser keeps (RFC 9111 section 3.2).
    """
    named = dict(given)
    page = named.get(b"content-type", b"").startswith(HTML_TYPE)
    of_type = _EVERYWHERE if status == NOT_MODIFIED else _PAGE if page else _DATA
    written = [row for row in of_type if row[0] not in named]
    written.append((b"cross-origin-resource-policy", b"cross-origin" if shared else b"same-origin"))
    return written
