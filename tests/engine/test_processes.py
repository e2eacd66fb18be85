"""What is done to worker processes, on real ones."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from endpoint.engine import processes
from tests.waiting import until

BURN = "import threading\ndef burn():\n    while True: pass\nthreading.Thread(target=burn).start()\nburn()"


@contextmanager
def burning() -> Iterator[int]:
    """A process with two threads that use all the time they get."""
    with subprocess.Popen([sys.executable, "-c", BURN]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def state(pid: int) -> str:
    """Return the letter of the state of a process; of one that has ended, nothing."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def used(pid: int) -> float:
    return processes.processor_time(pid) or 0.0


def test_processor_time_is_that_of_all_threads_also_after_the_end() -> None:
    with burning() as pid:
        until(lambda: used(pid) > 0.3)
        os.kill(pid, 9)
        until(lambda: state(pid) == "Z")
        assert used(pid) > 0.3
    assert processes.processor_time(pid) is None


def test_every_thread_gives_way() -> None:
    with burning() as pid:
        until(lambda: used(pid) > 0.3)
        threads = [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
        assert len(threads) == 2
        processes.lower(pid)
        assert [os.getpriority(os.PRIO_PROCESS, thread) for thread in threads] == [processes.NICENESS] * 2


def test_a_paused_process_uses_nothing_until_it_goes_on() -> None:
    with burning() as pid:
        until(lambda: used(pid) > 0.1)
        processes.pause(pid)
        until(lambda: state(pid) == "T")
        before = used(pid)
        time.sleep(0.1)
        # Its second thread may have stopped a moment after the first; two that go on use 0.1 s and more.
        assert used(pid) - before < 0.01
        processes.proceed(pid)
        until(lambda: used(pid) > before)


def test_a_process_that_is_gone_is_nothing_to_worry_about() -> None:
    with burning() as pid:
        pass
    processes.lower(pid)
    processes.pause(pid)
    processes.proceed(pid)


def test_the_memory_of_the_machine_is_known() -> None:
    assert 2**26 < processes.usable_memory() < 2**50
