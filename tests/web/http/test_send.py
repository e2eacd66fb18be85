"""The sender, answer by answer: what goes over the wire for each kind of request, and in which order."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from starlette.types import Message

from endpoint.catalog import Catalog
from endpoint.dataset import default_root, read_dataset
from endpoint.errors import DeadlineExceeded, EndpointError, MethodNotAllowed, PayloadTooLarge
from endpoint.settings import Settings
from endpoint.storage.generations import Generation
from endpoint.web import Site
from endpoint.web.http import spool
from endpoint.web.http.answer import (
    NO_STORE,
    Answer,
    Made,
    NotModified,
    Redirect,
    Streamed,
    Whole,
    document_tag,
    json_answer,
    options,
    page,
    strong_tag,
)
from endpoint.web.http.boundary import Boundary
from endpoint.web.http.encodings import WORTHWHILE
from endpoint.web.http.request import Request
from endpoint.web.http.send import Handler, send_answer
from tests.web.decoding import decoded
from tests.web.exchanges import Sent, receiving, request_for, scope_of, sent_by, sent_for

JSON = "application/json"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROW = b'{"name": "value"}\n'
LARGE = ROW * 5000
SMALL = b"x" * 1000
MODIFIED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WEAK = document_tag(Generation(7, Path(), MODIFIED, 0, ""), "text")


@pytest.fixture(scope="module")
def site() -> Site:
    """A site without an engine, whose clients may read nothing for a fifth of a second."""
    return Site(Settings(client_timeout=0.2), read_dataset(default_root()), Catalog({}, ()))


class Pieces:
    """Pieces that tell how many were taken; ``failure`` comes after them."""

    def __init__(self, pieces: list[bytes], failure: EndpointError | None = None) -> None:
        self.pieces = pieces
        self.failure = failure
        self.taken = 0
        self.closed = False

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        for piece in self.pieces:
            self.taken += 1
            yield piece
        if self.failure is not None:
            raise self.failure

    async def aclose(self) -> None:
        """Tell that nobody reads on."""
        self.closed = True


def streamed(body: bytes, content_type: str = JSON, tag: str | None = None) -> Streamed:
    """``body`` in pieces of 10,000 bytes."""
    pieces = [body[start : start + 10_000] for start in range(0, len(body), 10_000)]
    return Streamed(Pieces(pieces[1:-1]), content_type, pieces[0], b"".join(pieces[1:][-1:]), tag=tag)


def made(body: bytes, content_type: str = JSON, tag: str | None = None) -> Made:
    """``body`` as a document that is made."""

    async def make() -> bytes:
        return body

    return Made(make, content_type, tag=tag)


def whole(body: bytes, content_type: str = JSON, tag: str | None = None) -> Whole:
    """``body`` at hand."""
    return Whole(body, content_type, tag=tag)


KINDS: dict[str, Callable[..., Answer]] = {"whole": whole, "streamed": streamed, "made": made}
# Header and the coding in which a long text is sent for it.
ENCODINGS = {
    "": "",
    "identity": "",
    "gzip": "gzip",
    "br": "br",
    "zstd": "zstd",
    "gzip, deflate, br, zstd": "zstd",
    "gzip;q=1, br;q=0.2": "gzip",
    "gzip, identity;q=0": "gzip",
    "*;q=0": "",
}


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "QUERY"])
@pytest.mark.parametrize(("kind", "header"), list(product(KINDS, ENCODINGS)))
def test_a_text_in_every_way(site: Site, kind: str, header: str, method: str, version: str) -> None:
    headers = {"accept-encoding": header} if header else {}
    request = request_for(site, "/", method, headers, version)
    sent = sent_for(request, KINDS[kind](LARGE))
    coding = ENCODINGS[header]
    assert sent.status == 200
    assert sent.headers["content-type"] == JSON
    assert sent.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"
    assert sent.headers.get("content-encoding", "") == coding
    length = sent.headers.get("content-length")
    assert (length is None) is (kind == "streamed" and (method == "HEAD" or version == "1.1"))
    if method == "HEAD":
        assert sent.body == b""
    else:
        assert decoded(coding, sent.body) == LARGE
        assert length in (None, str(len(sent.body)))
    assert [message["type"] for message in sent.messages].count("http.response.start") == 1
    assert [bool(message.get("more_body")) for message in sent.messages[1:]][-1] is False


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("header", ENCODINGS)
def test_head_tells_what_get_does(site: Site, header: str, method: str) -> None:
    answers = [
        sent_for(request_for(site, "/", method, {"accept-encoding": header}), whole(LARGE, tag='"a"')).headers
        for method in ("GET", "HEAD")
    ]
    assert answers[0] == answers[1]


def test_one_message_for_the_head_and_one_for_a_whole_body(site: Site) -> None:
    assert len(sent_for(request_for(site), whole(LARGE)).messages) == 2


@pytest.mark.parametrize("kind", ["whole", "made"])
@pytest.mark.parametrize(
    ("size", "header", "coding"),
    [
        (1000, "gzip, br, zstd", ""),
        (WORTHWHILE, "gzip", ""),
        (WORTHWHILE + 1, "gzip", "gzip"),
        (0, "gzip", ""),
        # Who refuses the bare body gets a small one compressed too.
        (1000, "gzip, identity;q=0", "gzip"),
    ],
)
def test_a_small_answer_is_not_compressed(site: Site, kind: str, size: int, header: str, coding: str) -> None:
    sent = sent_for(request_for(site, headers={"accept-encoding": header}), KINDS[kind](b"x" * size))
    assert sent.headers.get("content-encoding", "") == coding
    assert sent.headers["vary"].endswith("Accept-Encoding")
    assert decoded(coding, sent.body) == b"x" * size


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("header", ["gzip, br, zstd", "gzip, identity;q=0"])
def test_a_spreadsheet_is_left_alone(site: Site, kind: str, header: str) -> None:
    sent = sent_for(request_for(site, headers={"accept-encoding": header}), KINDS[kind](LARGE, XLSX))
    assert "content-encoding" not in sent.headers
    assert sent.headers["vary"] == "Accept, Accept-Language"
    assert sent.body == LARGE


STRONG = '"abc"'
# The tag of an answer, the coding, If-None-Match, and the tag of the 304; None for a 200.
CONDITIONS = [
    (WEAK, "", WEAK, WEAK),
    (WEAK, "gzip", WEAK, WEAK),
    (WEAK, "gzip", WEAK.removeprefix("W/"), WEAK),
    (WEAK, "", f'"other", {WEAK}', WEAK),
    (WEAK, "", '"other"', None),
    (WEAK, "", "*", None),
    (STRONG, "", STRONG, STRONG),
    (STRONG, "", f"W/{STRONG}", STRONG),
    (STRONG, "", '"abc-gzip"', None),
    (STRONG, "gzip", '"abc-gzip"', '"abc-gzip"'),
    (STRONG, "br, gzip", '"abc-gzip"', None),
    (STRONG, "br, gzip", '"abc-gzip", "abc-br"', '"abc-br"'),
    # What was stored without a coding may be used by whoever takes one.
    (STRONG, "gzip", STRONG, STRONG),
    (STRONG, "gzip, identity;q=0", STRONG, None),
    (None, "", STRONG, None),
    (None, "", "*", None),
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("kind", ["whole", "made"])
@pytest.mark.parametrize(("tag", "encoding", "condition", "told"), CONDITIONS)
def test_entity_tags(
    site: Site, kind: str, method: str, tag: str | None, encoding: str, condition: str, told: str | None
) -> None:
    headers = {"accept-encoding": encoding, "if-none-match": condition}
    sent = sent_for(request_for(site, "/", method, headers), KINDS[kind](LARGE, tag=tag))
    if told is None or method == "POST":
        assert sent.status == 200
        coding = sent.headers.get("content-encoding", "")
        suffixed = f'"abc-{coding}"' if coding else STRONG
        assert sent.headers.get("etag") == (suffixed if tag == STRONG else tag)
    else:
        assert (sent.status, sent.body, sent.headers["etag"]) == (304, b"", told)
        assert sent.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"
        assert sent.headers["cache-control"] == "no-cache"
        assert "content-length" not in sent.headers
        assert "content-encoding" not in sent.headers


def test_any_tag_means_a_body_that_is_at_hand(site: Site) -> None:
    request = request_for(site, headers={"if-none-match": "*"})
    assert sent_for(request, whole(LARGE, tag=STRONG)).status == 304
    assert sent_for(request, made(LARGE, tag=WEAK)).status == 200
    assert sent_for(request, replace(made(LARGE, tag=WEAK), exists=True)).status == 304


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Fri, 02 Jan 2026 03:04:05 GMT", 304),
        ("Fri, 02 Jan 2026 03:04:06 GMT", 304),
        ("Fri, 02 Jan 2026 03:04:04 GMT", 200),
        ("Fri Jan  2 03:04:05 2026", 304),
        ("Fri Jan  2 03:04:04 2026", 200),
        ("Friday, 02-Jan-26 03:04:05 GMT", 304),
        ("yesterday", 200),
        ("Fri, 02 Jan 99999999999999999999 03:04:05 GMT", 200),
    ],
)
@pytest.mark.parametrize("kind", ["whole", "made"])
def test_dates(site: Site, kind: str, since: str, status: int) -> None:
    async def make() -> bytes:
        return LARGE

    answer: Answer = Made(make, JSON, tag=STRONG, modified=MODIFIED)
    if kind == "whole":
        answer = Whole(LARGE, JSON, tag=STRONG, modified=MODIFIED)
    sent = sent_for(request_for(site, headers={"if-modified-since": since}), answer)
    assert (sent.status, sent.headers["last-modified"]) == (status, "Fri, 02 Jan 2026 03:04:05 GMT")
    # An entity tag is more exact than a date (RFC 9110 section 13.2.2).
    headers = {"if-modified-since": since, "if-none-match": '"other"'}
    assert sent_for(request_for(site, headers=headers), answer).status == 200


def test_what_the_client_has_is_not_made(site: Site) -> None:
    async def make() -> bytes:
        raise AssertionError("made for nobody")

    request = request_for(site, headers={"if-none-match": WEAK})
    answer = Made(make, JSON, tag=WEAK, headers=((b"link", b"</a>"),))
    sent = sent_for(request, answer)
    assert (sent.status, sent.headers["link"]) == (304, "</a>")


def test_what_is_made_may_differ_from_what_was_described(site: Site) -> None:
    async def make() -> Whole:
        return Whole(b"partly", "text/plain", cache=NO_STORE)

    sent = sent_for(request_for(site), Made(make, JSON, tag=WEAK))
    assert (sent.headers["content-type"], sent.headers["cache-control"]) == ("text/plain", NO_STORE)
    assert "etag" not in sent.headers


def test_a_volatile_answer_has_no_tag_and_is_never_304(site: Site) -> None:
    for kind in (whole(LARGE), streamed(LARGE)):
        sent = sent_for(request_for(site, headers={"if-none-match": "*"}), kind)
        assert sent.status == 200
        assert "etag" not in sent.headers


def test_an_error_is_never_304(site: Site) -> None:
    request = request_for(site, headers={"if-none-match": f"*, {STRONG}", "accept-encoding": "gzip"})
    sent = sent_for(request, Whole(LARGE, "text/plain", 404, tag=STRONG))
    assert (sent.status, sent.headers["content-encoding"]) == (404, "gzip")


@pytest.mark.parametrize(
    ("answer", "status", "headers"),
    [
        (
            Redirect("https://example.org/a"),
            302,
            {"location": "https://example.org/a", "content-length": "0", "vary": "Accept, Accept-Language"},
        ),
        (Redirect("/b", 303, vary=""), 303, {"location": "/b", "content-length": "0"}),
        (options(("GET", "HEAD")), 200, {"allow": "GET, HEAD", "content-length": "0"}),
        (
            options(("QUERY",), '"text/x"'),
            200,
            {"allow": "QUERY", "accept-query": '"text/x"', "content-length": "0"},
        ),
        (Whole(b"", "", 204, cache="", vary=""), 204, {}),
        (
            NotModified(JSON, tag=WEAK),
            304,
            {
                "etag": WEAK,
                "cache-control": "no-cache",
                "vary": "Accept, Accept-Language, Accept-Encoding",
            },
        ),
        (
            page(b"<p>", "ko", status=400, cache=NO_STORE, headers=((b"a", b"b"),)),
            400,
            {
                "a": "b",
                "content-language": "ko",
                "content-type": "text/html; charset=utf-8",
                "content-length": "3",
                "cache-control": NO_STORE,
                "vary": "Accept, Accept-Language, Accept-Encoding",
            },
        ),
        (
            json_answer({"a": "é"}, "max-age=60"),
            200,
            {
                "content-type": JSON,
                "content-length": "11",
                "cache-control": "max-age=60",
                "vary": "Accept, Accept-Language, Accept-Encoding",
                "etag": strong_tag('{"a":"é"}\n'.encode()),
            },
        ),
    ],
)
def test_other_answers(site: Site, answer: Answer, status: int, headers: Mapping[str, str]) -> None:
    sent = sent_for(request_for(site, headers={"accept-encoding": "gzip"}), answer)
    assert (sent.status, sent.headers) == (status, headers)


def test_a_file_is_encoded_once(site: Site) -> None:
    body, request = LARGE + b"once", request_for(site, headers={"accept-encoding": "gzip"})
    first = sent_for(request, whole(body, tag=strong_tag(body)))
    # With the tag of other bytes it would be these that are sent.
    again = sent_for(request, whole(b"y" * len(body), tag=strong_tag(body)))
    assert again.body == first.body
    # Nothing of it is kept for another site.
    apart_site = Site(site.settings, site.dataset, site.catalog)
    other = request_for(apart_site, headers={"accept-encoding": "gzip"})
    apart = sent_for(other, whole(b"y" * len(body), tag=strong_tag(body)))
    assert decoded("gzip", apart.body) == b"y" * len(body)
    # A weak tag does not tell bytes apart.
    for wanted in (body, b"y" * len(body)):
        assert decoded("gzip", sent_for(request, whole(wanted, tag=WEAK)).body) == wanted


@pytest.mark.parametrize("encoding", ["", "gzip", "br", "zstd"])
def test_the_first_rows_leave_before_the_last_are_evaluated(site: Site, encoding: str) -> None:
    sent, seen = Sent(), asyncio.Event()

    async def rows() -> AsyncGenerator[bytes, None]:
        yield ROW
        # The client reads the first rows, and only then are the others evaluated.
        await asyncio.wait_for(seen.wait(), 30)
        yield ROW * 2

    async def send(message: Message) -> None:
        await sent.send(message)
        if decoded(encoding, sent.body, whole=False) == b"[" + ROW:
            seen.set()

    answer = Streamed(rows(), JSON, b"[", b"]")
    request = request_for(site, headers={"accept-encoding": encoding})
    asyncio.run(send_answer(request, send, answer))
    assert decoded(encoding, sent.body) == b"[" + ROW * 3 + b"]"


@pytest.mark.parametrize("encoding", ["", "gzip", "br", "zstd"])
def test_nothing_is_read_ahead_of_a_slow_client(site: Site, encoding: str) -> None:
    pieces = Pieces([LARGE] * 50)
    allowed = asyncio.Semaphore(0)
    ahead: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await allowed.acquire()
            ahead.append(pieces.taken)

    async def read() -> None:
        request = request_for(site, headers={"accept-encoding": encoding})
        sending = asyncio.create_task(send_answer(request, send, Streamed(pieces, JSON, ROW, ROW)))
        while not sending.done():
            await asyncio.sleep(0.001)
            allowed.release()
        await sending

    asyncio.run(read())
    # Each piece was taken when the one before it had left.
    assert all(taken <= number + 1 for number, taken in enumerate(ahead))
    assert pieces.taken == 50


@pytest.mark.parametrize("encoding", ["", "gzip", "br", "zstd"])
def test_a_long_answer_takes_no_more_memory_than_a_short_one(site: Site, encoding: str) -> None:
    async def rows(number: int) -> AsyncGenerator[bytes, None]:
        for place in range(number):
            yield (b"%08d" % place) * 2**13

    async def send(message: Message) -> None:
        """A client that keeps nothing."""

    def peak(number: int) -> int:
        request = request_for(site, headers={"accept-encoding": encoding})
        tracemalloc.start()
        try:
            asyncio.run(send_answer(request, send, Streamed(rows(number), JSON)))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(200) < peak(20) + 2**18


@pytest.mark.parametrize("encoding", ["", "gzip", "br", "zstd"])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_what_fails_on_its_way_is_cut_and_can_be_told_from_a_whole(
    site: Site, encoding: str, version: str
) -> None:
    late = DeadlineExceeded("too late", 1.0)
    pieces = Pieces([LARGE], late)
    sent = Sent()
    request = request_for(site, "/", "GET", {"accept-encoding": encoding}, version)
    with pytest.raises(DeadlineExceeded):
        asyncio.run(send_answer(request, sent.send, Streamed(pieces, JSON, ROW, b"end")))
    assert pieces.closed
    if version == "1.0":
        # The status is not sent yet: the client gets the problem.
        assert sent.messages == []
        return
    assert all(message.get("more_body") for message in sent.messages[1:])
    if encoding:
        with pytest.raises(EOFError):
            decoded(encoding, sent.body)


def test_an_answer_over_http_1_0_is_bounded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "LONGEST", 100_000)
    pieces = Pieces([LARGE] * 3)
    with pytest.raises(PayloadTooLarge):
        sent_for(request_for(site, version="1.0"), Streamed(pieces, JSON, ROW))
    assert pieces.closed
    # Compressed it fits.
    request = request_for(site, headers={"accept-encoding": "gzip"}, version="1.0")
    assert len(decoded("gzip", sent_for(request, Streamed(pieces, JSON, ROW)).body)) == len(ROW + LARGE * 3)


@pytest.mark.parametrize(("method", "version"), [("HEAD", "1.1"), ("GET", "1.1"), ("GET", "1.0")])
def test_what_was_begun_is_closed(site: Site, method: str, version: str) -> None:
    pieces = Pieces([LARGE])
    sent_for(request_for(site, "/", method, version=version), Streamed(pieces, JSON, ROW))
    assert pieces.closed
    assert pieces.taken == (method == "GET")


def test_a_handler_answers_options_and_refuses_other_methods(site: Site) -> None:
    async def answer(request: Request) -> Answer:
        return json_answer(request.method)

    boundary = Boundary(Handler(answer, ("GET", "QUERY", "OPTIONS"), '"text/x"'), site)
    sent = sent_by(boundary, scope_of("OPTIONS"))
    assert (sent.headers["allow"], sent.headers["accept-query"]) == ("GET, QUERY, OPTIONS", '"text/x"')
    sent = sent_by(boundary, scope_of("DELETE"))
    assert (sent.status, sent.headers["allow"]) == (405, "GET, QUERY, OPTIONS")
    assert sent_by(boundary, scope_of("QUERY")).body == b'"QUERY"\n'
    # One without methods knows better itself.
    assert sent_by(Boundary(Handler(answer, ()), site), scope_of("DELETE")).body == b'"DELETE"\n'


def test_a_problem_is_compressed_like_any_text(site: Site) -> None:
    async def answer(request: Request) -> Answer:
        raise MethodNotAllowed("x" * 2000, ("GET",))

    headers = {"accept-encoding": "br", "accept": JSON}
    sent = sent_by(Boundary(Handler(answer), site), scope_of("GET", headers=headers))
    assert (sent.status, sent.headers["content-encoding"], sent.headers["allow"]) == (405, "br", "GET")
    assert b"x" * 2000 in decoded("br", sent.body)


def test_a_client_that_leaves_ends_the_work_for_it(site: Site) -> None:
    ended: list[str] = []

    async def answer(request: Request) -> Answer:
        try:
            await asyncio.sleep(5)
        finally:
            ended.append(request.path)
        raise AssertionError("nobody left")

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    sent = Sent()

    async def run() -> None:
        await Boundary(Handler(answer), site)(scope_of("GET", "/long"), receive, sent.send)

    asyncio.run(run())
    assert (ended, sent.messages) == (["/long"], [])


def test_a_body_that_comes_slowly_is_not_taken_for_a_client_that_leaves(site: Site) -> None:
    parts = [b"first ", b"second ", b"third"]

    async def receive() -> Message:
        if not parts:
            await asyncio.Event().wait()
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def answer(request: Request) -> Answer:
        body = await request.body(100)
        # The watch for a leaving client has begun by now.
        await asyncio.sleep(0.1)
        return Whole(body, "text/plain")

    sent = Sent()

    async def run() -> None:
        await Boundary(Handler(answer, ("POST",)), site)(scope_of("POST"), receive, sent.send)

    asyncio.run(run())
    assert sent.body == b"first second third"


def test_work_that_is_cancelled_from_elsewhere_stays_cancelled(site: Site) -> None:
    async def answer(request: Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError("nothing ends it")

    async def run() -> None:
        application = Boundary(Handler(answer), site)
        task = asyncio.ensure_future(application(scope_of("GET"), receiving(), Sent().send))
        await asyncio.sleep(0.05)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(run())
