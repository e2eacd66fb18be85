"""Guessing tokens is slow: each client has some wrong ones, and then one now and then.

Where none is left, also a right one is refused unless the client has used it before. Otherwise who guesses
would learn as much as before, only from another status; and who holds a token goes on, whoever else guesses
from the same address.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import Final, TypeVar

from endpoint.errors import TooManyAttempts, Unauthorized
from endpoint.telemetry import log, log_field
from endpoint.tokens import Token, Tokens

# Wrong tokens of one client in a row, and the seconds after which it has one more.
BURST: Final = 20
EVERY: Final = 10.0
# Clients that are remembered, those who guessed and those who knew.
REMEMBERED: Final = 4096

_Key = TypeVar("_Key")


class _Remembered(OrderedDict[_Key, float]):
    def put(self, key: _Key, moment: float) -> None:
        """Set a moment, and forget what was set longest ago where there are too many."""
        self[key] = moment
        self.move_to_end(key)
        if len(self) > REMEMBERED:
            self.popitem(last=False)


class Attempts:
    """The clients that have sent wrong tokens, and those that sent right ones."""

    def __init__(self) -> None:
        # When a client has all its attempts again, by the monotonic clock.
        self._again = _Remembered[str]()
        # When a client last used a token.
        self._known = _Remembered[tuple[str, str]]()

    def find(self, tokens: Tokens, client: str, secret: str, refusal: Unauthorized) -> Token:
        """Return the token with this secret.

        Raises the refusal where there is none, and :class:`~endpoint.errors.TooManyAttempts` for a client
        that has no attempt left.
        """
        token, now = tokens.find(secret), time.monotonic()
        again = max(self._again.get(client, now), now)
        wait = again - now - (BURST - 1) * EVERY
        if wait > 0 and (token is None or (client, token.name) not in self._known):
            raise _too_many(client, wait)
        if token is not None:
            self._known.put((client, token.name), now)
            return token
        if wait > -EVERY:
            log.warning("tokens that are not known, one after another: %s", log_field("client", client))
        self._again.put(client, again + EVERY)
        raise refusal


def _too_many(client: str, wait: float) -> TooManyAttempts:
    seconds = math.ceil(wait)
    return TooManyAttempts(
        f"{client} has sent too many tokens that are not known here. Try another one in {seconds} "
        f"second{'s' * (seconds > 1)}; tokens that it has used before are taken all the time.",
        seconds,
    )
