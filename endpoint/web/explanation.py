"""The answer to ``explain=true``: what the query did, as JSON or as a page, instead of its answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from endpoint.engine import Engine, Limits
from endpoint.engine.cache import EXPLAINED
from endpoint.engine.explanation import explain
from endpoint.formats import HTML, Format, Representation, by_name, negotiate
from endpoint.sparql.operation import Operation
from endpoint.web.http.answer import NO_STORE, Answer, Whole, note_use, page
from endpoint.web.http.html import render
from endpoint.web.http.request import Request, choose

EXPLANATION: Final = Format(
    "explanation",
    "application/vnd.endpoint.explanation+json",
    ("application/json",),
    (),
    "json",
    True,
    None,
    echo=False,
)


def wants_explanation(request: Request, explain: bool) -> bool:
    """Return whether a client wants an explanation: by the parameter, or by its media type in Accept."""
    return explain or EXPLANATION.media_type in (request.accept or "").lower()


def measured(names: Sequence[str], formats: tuple[Format, ...]) -> Representation:
    """Return the representation that is evaluated: that of ``format``, else the first; pages count for none.

    Raises NotAcceptable. The header Accept chooses the representation of the explanation.
    """
    wanted = [name for name in names if by_name(name, (HTML,)) is None]
    return choose(wanted, None, tuple(fmt for fmt in formats if fmt is not HTML))


async def explanation_answer(
    request: Request, operation: Operation, representation: Representation, limits: Limits, engine: Engine
) -> Answer:
    """Evaluate an operation and answer with what it did. Raises designed errors for what did not run."""
    site = request.site
    anew = replace(limits, anew=True)
    explanation = await explain(engine, operation, representation, anew, site.search is not None)
    note_use(request, EXPLAINED if site.cache.most else None)
    exchange, query = request.exchange, explanation.query
    exchange.generation, exchange.queue = query.generation, query.queued
    members = explanation.members(site.settings.default_graph == "union")
    chosen = negotiate(request.accept, (EXPLANATION, HTML))
    if chosen is None or chosen.format is EXPLANATION:
        body = json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"
        return Whole(body, EXPLANATION.media_type, cache=NO_STORE)
    view = request.view
    body = await render("explanation.html", view, explained=members, hints=explanation.hints)
    return page(body, view.language, cache=NO_STORE)
