"""Waiting for what is to be seen, however long a busy machine takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

# Seconds after which a test gives up. A quiet machine needs a hundredth of it.
PATIENCE: Final = 120.0


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until ``true()`` is; a test whose server came to nothing fails after ``seconds``."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not seen within {seconds:g} s"
        time.sleep(0.02)


async def until_async(true: Callable[[], object]) -> None:
    """Do the same on an event loop that goes on meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)
