"""Waiting for what is to be seen, however long a busy machine takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

# Seconds after which a test gives up. A quiet machine needs a hundredth of it.
PATIENCE: Final = 120.0
# Seconds between two looks, at what may come at once and at what takes long. A look may be a request, which
# takes processors from what is waited for.
_SOON: Final = 0.005
_LATE: Final = 0.1


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until ``true()`` is; a test whose server came to nothing fails after ``seconds``."""
    begun = time.monotonic()
    while not true():
        waited = time.monotonic() - begun
        assert waited < seconds, f"not seen within {seconds:g} s"
        time.sleep(min(max(_SOON, waited / 10), _LATE))


async def until_async(true: Callable[[], object]) -> None:
    """Do the same on an event loop that goes on meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)
