"""Pages of a saved query's rows, and the links between them (RFC 8288).

A page is a number of rows after an offset of the result on one generation, which never changes, so pages
fit together without gap or overlap. Links carry the generation; the link next is a cursor that also carries
a digest of the rows before it, so that a sequence other than the one the client has seen is refused instead
of mixed with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from endpoint.engine import Engine
from endpoint.errors import BadParameter, GenerationGone
from endpoint.formats import Facts
from endpoint.storage.generations import Generation
from endpoint.web.http.request import Pairs
from endpoint.web.http.view import fits
from endpoint.wording import shown

# Rows of a page where neither the request nor the query gives a number, and at most.
PAGE_SIZE: Final = 100
LARGEST_PAGE: Final = 10_000
# Bytes of the header of links: proxies commonly take 4 to 8 kB of all headers together.
LONGEST_HEADER: Final = 3_000
# Stands in a cursor in place of the digest where a query may have a different result each time.
UNMARKED: Final = "-"
# The value of "page" for the whole answer.
ALL: Final = "all"

PARAMETERS: Final = frozenset(("page", "pageSize", "after", "count", "generation"))

_CURSOR: Final = re.compile(r"([1-9]\d{0,8})\.(\d{1,12})\.([0-9a-f]{12}|-)", re.ASCII)
_WHOLE: Final = re.compile(r"([1-9]\d{0,9})(?:\.0{1,18})?", re.ASCII)
_YES: Final = {"true": True, "1": True, "": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Paging:
    """The page of a request: ``size`` rows after ``offset``.

    ``generation`` is the one that the page is of, None for the current one; ``mark`` is the digest of the
    rows before the page where the request names it; with ``count`` all rows are counted.
    """

    size: int
    offset: int = 0
    generation: int | None = None
    mark: str = ""
    count: bool = False

    @property
    def number(self) -> int | None:
        """The number of the page from 1; None where it does not begin where a page of this size does."""
        return None if self.offset % self.size else self.offset // self.size + 1


def read_paging(pairs: Pairs, default: int | None) -> Paging | None:
    """Return the page that the parameters request; None where the answer is not paged.

    ``default`` is the size of a page that the saved query declares; with it every answer is paged, except
    for ``page=all``. Raises :class:`BadParameter`.
    """
    given = _single(pairs)
    if given.get("page") == ALL:
        return None
    if default is None and not given.keys() & {"page", "pageSize", "after", "count"}:
        return None
    size = _number(given, "pageSize", default or PAGE_SIZE)
    if size > LARGEST_PAGE:
        raise BadParameter(
            "pageSize",
            f'A page has at most {LARGEST_PAGE:,} rows; "pageSize" is {size}. Follow "next" for more.',
            str(size),
            rule="maximum",
        )
    count = _YES.get(given.get("count", "").lower())
    if count is None:
        raise BadParameter("count", 'The parameter "count" is true or false.', shown(given["count"]), "type")
    generation = read_generation(pairs)
    if "after" not in given:
        number = _number(given, "page", 1)
        return Paging(size, (number - 1) * size, generation, count=count)
    if "page" in given:
        sentence = 'The parameters "page" and "after" both choose a page; give one of them.'
        raise BadParameter("after", sentence, rule="exclusive")
    if not given["after"]:
        return Paging(size, 0, generation, count=count)
    return _after(given["after"], size, generation, count)


def read_generation(pairs: Pairs) -> int | None:
    """Return the generation that a request names, None for the current one. Raises BadParameter."""
    given = _single(pairs)
    return _number(given, "generation", 0) or None


def _after(cursor: str, size: int, generation: int | None, count: bool) -> Paging:
    matched = _CURSOR.fullmatch(cursor)
    if matched is None:
        raise BadParameter(
            "after",
            'The parameter "after" is no cursor of this server. Take it from the link "next" of an answer, '
            "or leave it empty for the first page.",
            shown(cursor),
            rule="type",
        )
    if generation not in (None, int(matched[1])):
        raise BadParameter(
            "generation",
            f'The parameter "after" is of generation {matched[1]}, not {generation}. Leave one out.',
            rule="exclusive",
        )
    mark = "" if matched[3] == UNMARKED else matched[3]
    return Paging(size, int(matched[2]), int(matched[1]), mark, count)


def _single(pairs: Pairs) -> Mapping[str, str]:
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise BadParameter(
                name, f'The parameter "{name}" is given more than once; give it once.', rule="repeated"
            )
        if name in PARAMETERS:
            given[name] = value.strip()
    return given


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name) or ""
    if not text:
        return default
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        raise BadParameter(name, f'The parameter "{name}" is a whole number from 1.', shown(text), "type")
    return int(whole[1])


def check_generation(number: int | None, engine: Engine) -> None:
    """Raise :class:`GenerationGone` where the engine does not keep generation ``number``."""
    if number is None or engine.answerable(number) is not None:
        return
    current = engine.generation.number
    raise GenerationGone(
        f"These pages are of generation {number} of the data, which is not kept; {current} is served now. "
        'Begin again at the first page, without "generation" and "after".',
        number,
        current,
    )


def check_sequence(facts: Facts, paging: Paging, current: Generation) -> None:
    """Raise :class:`GenerationGone` where other rows precede the page than the client has seen."""
    if facts.moved:
        raise GenerationGone(
            "The rows before this page are not those that its cursor was made for: the query has no order "
            "that holds, or the data was built anew. Begin again at the first page.",
            paging.generation or current.number,
            current.number,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a page: its facts, the URLs of the others by relation, the cursor of the next one."""

    facts: Facts
    links: Mapping[str, str]
    cursor: str | None

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers with the links and the total; no Link header is longer than proxies accept."""
        headers: list[tuple[bytes, bytes]] = []
        written = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in self.links.items()).encode()
        if 0 < len(written) <= LONGEST_HEADER:
            headers.append((b"link", written))
        if self.facts.total is not None:
            headers.append((b"x-total-count", str(self.facts.total).encode()))
        return tuple(headers)


def place(
    address: str, pairs: Pairs, paging: Paging, facts: Facts, generation: Generation, volatile: bool
) -> Place:
    """Return the place of a page with these facts among those of the same call at ``address``.

    The cursor of the next page is None on the last one.
    """
    cursor = None
    if facts.more:
        mark = UNMARKED if volatile else facts.mark
        cursor = f"{generation.number}.{paging.offset + facts.rows}.{mark}"
    return Place(facts, _links(address, pairs, paging, facts, generation, cursor), cursor)


def _links(
    address: str, pairs: Pairs, paging: Paging, facts: Facts, generation: Generation, cursor: str | None
) -> dict[str, str]:
    """Return the links first, prev, next and last, each where the page exists and is known.

    Where the parameters are too long to repeat them in several links there is only next, by which a program
    goes on.
    """
    kept = [pair for pair in pairs if pair[0] not in ("page", "pageSize", "after", "generation")]
    short = fits(kept)
    kept.append(("pageSize", str(paging.size)))
    following = {} if cursor is None else {"next": f"{address}?{urlencode([*kept, ('after', cursor)])}"}
    if not short:
        return following

    def page(number: int) -> str:
        own = [("page", str(number)), ("generation", str(generation.number))]
        return f"{address}?{urlencode([*kept, *own])}"

    links = {"first": page(1)}
    total = facts.total
    last = None if total is None else max(-(-total // paging.size), 1)
    number = paging.number
    if number is not None and number > 1:
        links["prev"] = page(number - 1 if last is None else min(number - 1, last))
    links |= following
    if last is not None:
        links["last"] = page(last)
    return links
