"""Calls that are made after a while, with one timer."""

from __future__ import annotations

import asyncio

import uvloop

from endpoint.web.http.delayed import Delayed


def test_calls_are_made_in_order_and_not_too_soon() -> None:
    async def main() -> list[str]:
        loop, made, delayed = asyncio.get_running_loop(), [], Delayed(0.02)
        started = loop.time()
        delayed.add(lambda: made.append("one"))
        gone = delayed.add(lambda: made.append("gone"))

        def again() -> None:
            delayed.add(lambda: made.append("last"))

        delayed.add(again)
        delayed.cancel(gone)
        while "one" not in made:
            await asyncio.sleep(0)
        assert round(loop.time() - started, 3) >= 0.02
        delayed.cancel(gone)
        while "last" not in made:
            await asyncio.sleep(0)
        assert round(loop.time() - started, 3) >= 0.04
        # Nothing is done while nothing waits.
        assert delayed._timer is None
        return made

    assert uvloop.run(main()) == ["one", "last"]
