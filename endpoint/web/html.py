"""Pages: one template tree, autoescaped, rendered to bytes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

# Stands in a rendered page where a result is streamed in; no template or text can hold it.
SLOT: Final = "\x00result\x00"

# Pages run no script and load nothing but their own style sheet.
POLICY: Final = (
    b"default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)

_HERE: Final = Path(__file__).parent


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **context: object) -> bytes:
    """The template as a whole page, UTF-8."""
    return _environment().get_template(template).render(**context).encode()


def render_around(template: str, **context: object) -> tuple[bytes, bytes]:
    """The page before and after the place where a result is streamed in (``{{ slot }}``)."""
    head, _, tail = render(template, slot=SLOT, **context).partition(SLOT.encode())
    return head, tail


@lru_cache(maxsize=1)
def style_sheet() -> bytes:
    """The one style sheet."""
    return (_HERE / "static" / "endpoint.css").read_bytes()
