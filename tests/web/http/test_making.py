"""What is made once for everybody who asks for it at a time."""

from __future__ import annotations

import asyncio

import pytest

from endpoint.errors import Overloaded
from endpoint.web.http.making import Shared


class Maker:
    """Counts how often something was made; ``fail`` makes it fail."""

    def __init__(self) -> None:
        self.made = 0
        self.fail = False

    async def __call__(self) -> int:
        self.made += 1
        await asyncio.sleep(0.01)
        if self.fail:
            raise Overloaded("busy", 1)
        return self.made


def test_all_who_ask_at_a_time_get_one() -> None:
    async def work() -> None:
        shared, make = Shared[int](), Maker()
        assert await asyncio.gather(*(shared.get("a", make) for _ in range(60))) == [1] * 60
        assert await shared.get("a", make) == 1
        assert await shared.get("b", make) == 2

    asyncio.run(work())


def test_who_leaves_takes_it_from_nobody() -> None:
    async def work() -> None:
        shared, make = Shared[int](), Maker()
        first = asyncio.create_task(shared.get("a", make))
        other = asyncio.create_task(shared.get("a", make))
        await asyncio.sleep(0)
        first.cancel()
        assert await other == 1

    asyncio.run(work())


def test_a_failure_is_not_kept() -> None:
    async def work() -> None:
        shared, make = Shared[int](), Maker()
        make.fail = True
        answers = await asyncio.gather(*(shared.get("a", make) for _ in range(3)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [Overloaded] * 3
        make.fail = False
        assert await shared.get("a", make) == 2

    asyncio.run(work())


@pytest.mark.parametrize(("asked", "made"), [("abab", 2), ("abcabc", 6)])
def test_only_the_last_are_kept(asked: str, made: int) -> None:
    async def work() -> None:
        shared, make = Shared[int](kept=2), Maker()
        for key in asked:
            await shared.get(key, make)
        assert make.made == made

    asyncio.run(work())
