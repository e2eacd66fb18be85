"""Bodies for HTTP/1.0: in memory, on the disk, and refused where there is no room."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from endpoint.catalog import Catalog
from endpoint.dataset import default_root, read_dataset
from endpoint.errors import Overloaded, PayloadTooLarge
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.http import spool
from endpoint.web.http.spool import IN_MEMORY, Spool


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(Settings(data=tmp_path, max_spool=10_000_000), read_dataset(default_root()), Catalog({}, ()))


@pytest.mark.parametrize("sizes", [[], [1], [IN_MEMORY], [IN_MEMORY, 1], [1_000_000, 3, 2_000_000]])
def test_what_was_written_is_read(site: Site, sizes: list[int]) -> None:
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
    with Spool(site) as one:
        for piece in pieces:
            asyncio.run(one.write(piece))
        assert site.spooled == one.size == sum(sizes)
        assert b"".join(one.pieces()) == b"".join(pieces)
        assert list(site.settings.data.iterdir()) == []
    assert site.spooled == 0


def test_all_together_have_a_limit(site: Site) -> None:
    with Spool(site) as one, Spool(site) as two:
        asyncio.run(one.write(b"x" * 6_000_000))
        asyncio.run(two.write(b"x" * 3_000_000))
        with pytest.raises(Overloaded, match=r"HTTP/1\.1") as refused:
            asyncio.run(two.write(b"x" * 1_000_001))
        assert refused.value.retry_after > 0
    assert site.spooled == 0
    with Spool(site) as one:
        asyncio.run(one.write(b"x" * 9_000_000))


def test_one_has_a_limit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "LONGEST", 1_000_000)
    with Spool(site) as one, pytest.raises(PayloadTooLarge):
        asyncio.run(one.write(b"x" * 1_000_001))
    assert site.spooled == 0


def test_a_full_disk_is_a_designed_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            """Close."""

    monkeypatch.setattr(spool, "TemporaryFile", lambda **_: Full())
    with Spool(site) as one:
        asyncio.run(one.write(b"x" * IN_MEMORY))
        with pytest.raises(Overloaded, match="no room to hold"):
            asyncio.run(one.write(b"x"))
    assert site.spooled == 0
