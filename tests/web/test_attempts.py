"""Who guesses tokens is slowed down; who holds one goes on."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

import pytest

from endpoint.app import create_site
from endpoint.errors import TooManyAttempts, Unauthorized
from endpoint.settings import Settings
from endpoint.tokens import Token, Tokens
from endpoint.web import Site, attempts
from endpoint.web.admin.handlers import operator
from endpoint.web.attempts import BURST, EVERY, Attempts
from endpoint.web.http.answer import Answer, Whole
from endpoint.web.http.boundary import Boundary
from endpoint.web.http.request import Request
from endpoint.web.http.send import Handler
from tests.web.exchanges import Sent, scope_of, sent_by

TOKENS = Tokens(
    tuple(Token(name, sha256(name.encode()).digest(), frozenset({"admin"}), None) for name in ("one", "two"))
)
GUESSER, OTHER = "192.0.2.1", "192.0.2.2"


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(attempts, "time", clock)
    yield clock


def find(made: Attempts, client: str, secret: str) -> Token:
    return made.find(TOKENS, client, secret, Unauthorized("not known"))


def guess(made: Attempts, times: int) -> None:
    for number in range(times):
        with pytest.raises(Unauthorized):
            find(made, GUESSER, f"guess {number}")


def test_who_guesses_has_an_attempt_now_and_then(clock: Clock) -> None:
    made = Attempts()
    guess(made, BURST)
    for _ in range(3):
        with pytest.raises(TooManyAttempts) as refused:
            find(made, GUESSER, "guess")
        assert refused.value.retry_after == EVERY
        clock.now += EVERY - 0.5
        with pytest.raises(TooManyAttempts) as refused:
            find(made, GUESSER, "guess")
        assert refused.value.retry_after == 1
        clock.now += 0.5
        guess(made, 1)
    clock.now += BURST * EVERY
    guess(made, BURST)


def test_a_right_guess_looks_like_a_wrong_one(clock: Clock) -> None:
    made = Attempts()
    guess(made, BURST)
    with pytest.raises(TooManyAttempts) as right:
        find(made, GUESSER, "one")
    with pytest.raises(TooManyAttempts) as wrong:
        find(made, GUESSER, "guess")
    assert (str(right.value), right.value.fields()) == (str(wrong.value), wrong.value.fields())
    clock.now += EVERY
    assert find(made, GUESSER, "one").name == "one"


def test_who_holds_a_token_goes_on_beside_who_guesses(clock: Clock) -> None:
    made = Attempts()
    find(made, GUESSER, "one")
    guess(made, BURST)
    assert find(made, GUESSER, "one").name == "one"
    with pytest.raises(TooManyAttempts):
        find(made, GUESSER, "two")
    assert find(made, OTHER, "two").name == "two"


def test_right_tokens_cost_nothing(clock: Clock) -> None:
    made = Attempts()
    for _ in range(BURST * 3):
        find(made, GUESSER, "one")
    guess(made, BURST)


def test_memory_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "REMEMBERED", 10)
    made = Attempts()
    for number in range(100):
        with pytest.raises(Unauthorized):
            find(made, f"client {number}", "guess")
        find(made, f"client {number}", "one")
    assert (len(made._again), len(made._known)) == (10, 10)


def test_the_log_tells_of_guesses_once_for_each_burst(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    made = Attempts()
    with caplog.at_level(logging.WARNING, "endpoint"):
        guess(made, BURST - 1)
        assert caplog.messages == []
        guess(made, 1)
        for _ in range(5):
            with pytest.raises(TooManyAttempts):
                find(made, GUESSER, "guess")
    assert caplog.messages == [f"tokens that are not known, one after another: client={GUESSER}"]


@pytest.fixture(scope="module")
def site() -> Site:
    return create_site(Settings())


def sent(site: Site, authorization: str) -> Sent:
    async def answer(request: Request) -> Answer:
        operator(request)
        return Whole(b"", "text/plain")

    scope = scope_of("GET", "/", {"authorization": authorization})
    scope["client"] = (GUESSER, 1)
    return sent_by(Boundary(Handler(answer), site), scope)


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_one_too_many_is_a_designed_answer(site: Site, scheme: str) -> None:
    site.tokens, site.attempts = TOKENS, Attempts()

    def header(secret: str) -> str:
        return f"{scheme} {b64encode(f'a:{secret}'.encode()).decode() if scheme == 'Basic' else secret}"

    assert sent(site, header("one")).status == 200
    assert {sent(site, header(f"guess {number}")).status for number in range(BURST)} == {401}
    refused = sent(site, header("guess"))
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= EVERY
    assert b"too many tokens" in refused.body
    assert sent(site, header("one")).status == 200
