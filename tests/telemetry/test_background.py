"""The thread that writes: order, bounds, failures, its end."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from endpoint.telemetry.background import Background
from tests.waiting import PATIENCE


class Disk:
    """What was written, batch by batch; it hangs until ``go`` is set, and fails while ``failing``."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.begun = threading.Event()
        self.idle = threading.Event()
        self.failing = False

    def write(self, batch: Sequence[int]) -> None:
        if not batch:
            self.idle.set()
            return
        self.begun.set()
        assert self.go.wait(PATIENCE)
        if self.failing:
            raise OSError(28, "No space left on device")
        self.batches.append(list(batch))

    @property
    def written(self) -> list[int]:
        return [item for batch in self.batches for item in batch]


def test_all_is_written_in_order_and_at_the_end() -> None:
    disk = Disk()
    background = Background("disk", disk.write)
    for number in range(2000):
        background.put(number, 1)
    disk.go.set()
    background.close(60)
    background.close(60)
    assert disk.written == list(range(2000))
    assert len(disk.batches) < 2000
    assert background.dropped == 0


def test_a_disk_that_hangs_costs_a_bounded_memory_and_no_time() -> None:
    disk = Disk()
    background = Background("disk", disk.write, most=1000)
    background.put(0, 100)
    assert disk.begun.wait(PATIENCE)
    for number in range(1, 2001):
        background.put(number, 100)
    assert background.dropped == 2000 - 10
    background.close(0.01)  # does not wait for it
    disk.go.set()
    background.close(60)
    assert disk.written == list(range(11))


def test_a_disk_that_fails_is_said_once_until_it_works(caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk()
    disk.failing = True
    disk.go.set()
    background = Background("disk", disk.write)
    for number in range(3):
        background.put(number, 1)
        # The end of a pause shows that the batch was tried.
        assert disk.idle.wait(PATIENCE)
        disk.idle.clear()
    disk.failing = False
    background.put(3, 1)
    background.close(60)
    assert disk.written == [3]
    assert background.dropped == 3
    assert [record.getMessage() for record in caplog.records] == [
        "the disk cannot be written: [Errno 28] No space left on device"
    ]
