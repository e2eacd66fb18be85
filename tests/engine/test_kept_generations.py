"""Older generations: who may still ask for them, which folders that takes, and when it ends."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from endpoint.errors import GenerationGone, StoreError
from endpoint.formats import SPARQL_JSON, Representation
from endpoint.storage import generations
from endpoint.storage.retention import Retention, tidy
from tests.children import templates
from tests.engine.replaced_generations import (
    LARGE,
    count,
    folders,
    load,
    numbers,
    opened,
    replaced,
    shorten,
)
from tests.engine.test_embedded import ENDLESS, LONG, operation
from tests.storage.publishing import publish
from tests.waiting import until_async

pytestmark = pytest.mark.usefixtures("few_quads_are_many", "forked_templates")

# Triples of the first generation, whether each is in two graphs, the setting image, where it answers from.
PLACES = [
    (300, True, 2**31, "memory"),
    (300, False, 2**31, "memory"),
    (300, True, 1, "disk"),
    (LARGE, False, 2**31, "disk"),
    (LARGE, False, 1, "disk"),
]


@pytest.mark.parametrize(("triples", "twice", "image", "place"), PLACES)
def test_an_older_generation_answers_beside_the_current_one(
    tmp_path: Path, triples: int, twice: bool, image: int, place: str
) -> None:
    publish(tmp_path, triples, twice)

    async def main() -> None:
        async with opened(tmp_path, image=image) as engine:
            before = await count(engine)
            await load(engine, tmp_path, 10)
            assert (await count(engine, 1), await count(engine)) == (before, await count(engine, 2))
            old = engine._supervisor.kept._kept[1].pool
            assert old is not None
            assert old.order["in_memory"] is (place == "memory")
            held = [engine.answerable(number) for number in (0, 1, 2, 3)]
            assert [made and made.number for made in held] == [None, 1, 2, None]

    asyncio.run(main())


def test_a_large_image_with_a_copied_union_is_not_kept_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(tmp_path, LARGE)

    async def main() -> None:
        async with opened(tmp_path) as engine:
            await load(engine, tmp_path, 10)
            assert engine.answerable(1) is None
            with pytest.raises(GenerationGone) as refused:
                await count(engine, 1)
            assert refused.value.fields() == {"generation": 1, "current": 2}

    with caplog.at_level("INFO", "endpoint"):
        asyncio.run(main())
    assert "generation 1 cannot be kept: a triple is in" in caplog.text


def test_after_its_time_it_is_gone(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path, keep=0.2) as engine:
            await until_async(lambda: numbers(engine) == set())
            assert engine.answerable(1) is None
            with pytest.raises(GenerationGone, match="Generation 1 of the data is not kept"):
                await count(engine, 1)
            assert await count(engine, 2) == await count(engine) == 20
            await until_async(lambda: len(templates()) == 1)

    asyncio.run(main())


def test_a_query_keeps_it_for_longer(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            await count(engine, 1)
            pool = engine._supervisor.kept._kept[1].pool
            assert pool is not None
            long = dataclasses.replace(operation(ENDLESS), generation=1)
            asked = asyncio.create_task(engine.query(long, Representation.of(SPARQL_JSON), LONG))
            await until_async(lambda: pool.busy)
            engine._supervisor.kept.expire()
            shorten(engine, 0.1)
            for _ in range(10):
                await asyncio.sleep(0.05)
                engine._supervisor.kept.expire()
            assert numbers(engine) == {1}
            asked.cancel()
            await until_async(lambda: numbers(engine) == set())

    asyncio.run(main())


def test_its_folder_stays_as_long_as_it_is_kept(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            assert await count(engine, 1) == 300
            await load(engine, tmp_path, 30)
            assert folders(tmp_path) == [1, 2, 3]
            assert (await count(engine, 1), await count(engine, 2)) == (300, 20)
            shorten(engine, 0.1)
            await until_async(lambda: folders(tmp_path) == [2, 3])
            await until_async(lambda: len(templates()) == 1)

    asyncio.run(main())


def test_few_are_kept_and_those_that_are_asked_for_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            for more in range(3, 7):
                assert await count(engine, 1) == 300
                await load(engine, tmp_path, more * 10)
            assert numbers(engine) == {1, 4, 5}
            await until_async(lambda: folders(tmp_path) == [1, 4, 5, 6])
            assert [await count(engine, number) for number in (1, 4, 5, 6)] == [300, 40, 50, 60]

    asyncio.run(main())


def test_a_generation_that_is_current_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            (tmp_path / "current").write_text("1\n")
            await until_async(lambda: engine.generation.number == 1)
            assert numbers(engine) == {2}
            assert (await count(engine), await count(engine, 1), await count(engine, 2)) == (300, 300, 20)

    asyncio.run(main())


def test_a_data_directory_made_anew_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            shutil.rmtree(tmp_path / "generations")
            for name in ("current", "primary.generation"):
                (tmp_path / name).unlink()
            for more in (30, 40):  # at once: the engine sees only the second
                publish(tmp_path, more)
            await until_async(lambda: engine.generation.quads == 80)
            with pytest.raises(GenerationGone):
                await count(engine, 1)
            assert await count(engine) == 40

    asyncio.run(main())


def test_a_damaged_store_is_a_sentence_and_costs_the_current_one_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with replaced(tmp_path) as engine:
            for file in (tmp_path / "generations" / "000001" / "store").glob("MANIFEST*"):
                file.unlink()
                file.write_bytes(b"nonsense")
            with pytest.raises(StoreError, match="generation 1"):
                await count(engine, 1)
            assert await count(engine) == 20

    asyncio.run(main())


def test_one_that_is_gone_already_cannot_be_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gone = publish(tmp_path, 10)
    for more in (20, 30):
        publish(tmp_path, more)

    async def main() -> None:
        async with opened(tmp_path) as engine:
            engine._supervisor.kept.keep(gone, in_memory=False)
            assert engine.answerable(1) is None

    asyncio.run(main())
    assert "generation 1 cannot be kept" in caplog.text


def test_the_start_removes_what_a_killed_server_left(tmp_path: Path) -> None:
    with ExitStack() as killed:
        for more in (10, 20, 30, 40):
            killed.enter_context(generations.hold(publish(tmp_path, more)))
        assert folders(tmp_path) == [1, 2, 3, 4]

    async def main() -> None:
        async with opened(tmp_path):
            await until_async(lambda: folders(tmp_path) == [3, 4])

    asyncio.run(main())


def test_without_a_current_generation_nothing_is_removed(tmp_path: Path) -> None:
    with ExitStack() as held:
        for more in (10, 20, 30):
            held.enter_context(generations.hold(publish(tmp_path, more)))
    for text in ("nonsense", None):
        (tmp_path / "current").unlink() if text is None else (tmp_path / "current").write_text(text)
        tidy(tmp_path, Retention(1))
        assert folders(tmp_path) == [1, 2, 3]
