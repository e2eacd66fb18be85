"""Pages: one template tree, autoescaped, in the language of the view, rendered to bytes."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from endpoint.web.http.static_files import asset, has_asset
from endpoint.web.http.view import LANGUAGES, PARAMETER, View, gettext, ngettext

# Marks the place in a rendered page where a result is streamed in; no template or text can contain it.
SLOT: Final = "\x00result\x00"

# What crawlers read of a page that is one of endlessly many, made by choices of its reader: it belongs into
# no index, and what it links to is found elsewhere.
NOINDEX: Final = "noindex, nofollow"
NOINDEX_HEADERS: Final = ((b"x-robots-tag", NOINDEX.encode()),)

_HERE: Final = Path(__file__).parents[1]


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        partial(gettext, language), partial(ngettext, language), newstyle=True
    )
    environment.filters["number"] = "{:,}".format
    environment.globals |= {
        "languages": LANGUAGES,
        "locale_parameter": PARAMETER,
        "has_asset": has_asset,
        "robots": "",
    }
    return environment


def render(template: str, view: View, **context: object) -> bytes:
    """Render a template to a whole page, UTF-8."""
    page = _environment(view.language).get_template(template)
    return page.render(view=view, site=view.site, asset=partial(asset, view), **context).encode()


def render_around(template: str, view: View, **context: object) -> tuple[bytes, bytes]:
    """Return the page before and after the place where a result is streamed in (``{{ slot }}``)."""
    head, _, tail = render(template, view, slot=SLOT, **context).partition(SLOT.encode())
    return head, tail
