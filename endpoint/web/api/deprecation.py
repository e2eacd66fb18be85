"""The headers of a deprecated query: Deprecation (RFC 9745), Sunset (RFC 8594), and links to what follows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import format_datetime
from urllib.parse import quote

from endpoint.catalog import SavedQuery


def deprecation_headers(base: str, query: SavedQuery) -> tuple[tuple[bytes, bytes], ...]:
    """The headers for a query that is deprecated; ``base`` is the server's own URL.

    Where its file tells no date, the query is deprecated since the file changed last.
    """
    options = query.options
    since = query.source.modified if options.since is None else _midnight(options.since).timestamp()
    headers = [(b"deprecation", f"@{since:.0f}".encode())]
    if options.sunset is not None:
        headers.append((b"sunset", format_datetime(_midnight(options.sunset), usegmt=True).encode()))
    if options.deprecation_link is not None:
        headers.append((b"link", f'<{options.deprecation_link}>; rel="deprecation"'.encode()))
    if options.successor is not None:
        url = f"{base}/api/{quote(options.successor, safe='')}"
        headers.append((b"link", f'<{url}>; rel="successor-version"'.encode()))
    return tuple(headers)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
