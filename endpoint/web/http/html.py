"""Pages: one template tree, autoescaped, in the language of the view, rendered to bytes.

A page is rendered in several steps on the event loop, so that it delays others by one of them only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from functools import cache, lru_cache, partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from types import CodeType
from typing import Final

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from jinja2.runtime import Macro
from markupsafe import Markup

from endpoint.sparql.remembered import Remembered
from endpoint.telemetry.watchdog import LONG
from endpoint.web.http.static_files import asset, has_asset
from endpoint.web.http.view import LANGUAGES, PARAMETER, SOURCE, View, gettext, ngettext

# Marks the place in a rendered page where a result is streamed in; no template or text can contain it.
SLOT: Final = "\x00result\x00"

# What crawlers read of a page that is one of endlessly many, made by choices of its reader: it belongs into
# no index, and what it links to is found elsewhere.
NOINDEX: Final = "noindex, nofollow"
NOINDEX_HEADERS: Final = ((b"x-robots-tag", NOINDEX.encode()),)

# Seconds of one step of rendering, about: what takes longer is charged to the client.
SLICE: Final = LONG
# Pieces of a page between two looks at the clock: a tenth of a millisecond, where none has a long text.
_PIECES: Final = 50

# Characters of pieces of pages that are kept for other pages, in each language.
_KEPT: Final = 2**20

_HERE: Final = Path(__file__).parents[1]


class _Compiled(BytecodeCache):
    """The code of the templates, which is the same in every language."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED: Final = _Compiled()


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_COMPILED,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        partial(gettext, language), partial(ngettext, language), newstyle=True
    )
    environment.globals["gettext"] = environment.globals["_"] = _translator(language)
    environment.filters["number"] = "{:,}".format
    environment.globals |= {
        "languages": LANGUAGES,
        "locale_parameter": PARAMETER,
        "has_asset": has_asset,
        "kept": _keeper(),
        "robots": "",
    }
    return environment


def _keeper() -> Callable[..., Markup]:
    """Return what renders a macro by its arguments alone, and keeps that for other pages."""
    pieces: Remembered[Hashable, Markup] = Remembered(_KEPT)

    def kept(macro: Macro, *arguments: Hashable) -> Markup:
        key = macro.name, arguments
        piece = pieces.get(key)
        if piece is None:
            piece = Markup(macro(*arguments))  # noqa: S704 - a macro escapes its arguments
            pieces.put(key, piece, len(piece))
        return piece

    return kept


def _translator(language: str) -> Callable[..., Markup]:
    """Return Jinja's function of the same name, which formats those messages anew that never change."""

    @cache
    def constant(message: str) -> Markup:
        return Markup(gettext(language, message)) % {}  # noqa: S704 - a message of a template or its translation

    def translate(message: str, /, **variables: object) -> Markup:
        if not variables:
            return constant(message)
        return Markup(gettext(language, message)) % variables  # noqa: S704 - the values are escaped

    return translate


async def compile_templates() -> None:
    """Compile the templates beside the event loop: on it, the largest would hold everybody for 30 ms."""
    environment = _environment(SOURCE)
    for name in environment.list_templates(extensions=["html"]):
        await asyncio.to_thread(environment.get_template, name)


async def render(template: str, view: View, **context: object) -> bytes:
    """Render a template to a whole page, UTF-8."""
    page = _environment(view.language).get_template(template)
    pieces: list[str] = []
    # To collect the context was a step.
    await asyncio.sleep(0)
    end = perf_counter() + SLICE
    generated = page.generate(view=view, site=view.site, asset=partial(asset, view), **context)
    while some := [*islice(generated, _PIECES)]:
        pieces += some
        if perf_counter() > end:
            await asyncio.sleep(0)
            end = perf_counter() + SLICE
    return "".join(pieces).encode()


async def render_around(template: str, view: View, **context: object) -> tuple[bytes, bytes]:
    """Return the page before and after the place where a result is streamed in (``{{ slot }}``)."""
    head, _, tail = (await render(template, view, slot=SLOT, **context)).partition(SLOT.encode())
    return head, tail
